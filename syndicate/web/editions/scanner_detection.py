"""Distinguishes clicks of people from those of mail filters, which open every link of a mail.

Filters are recognised by their User-Agent, by HEAD, by a link that no person sees, and by a
burst of clicks. What gives one away counts for its other visits of the same minute, too. All of
it is in memory, and forgotten after that minute.
"""

import hashlib
import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from syndicate.model.editions import CANARY

WINDOW = timedelta(minutes=1)
"""How long a visitor is remembered, and how long it stays classified as a machine."""
BURST_INTERVAL = timedelta(seconds=10)
BURST_LINKS = 5
"""Different links of an edition within `BURST_INTERVAL` that only a machine follows."""
MAX_AGENT_LENGTH = 300
"""Characters of a User-Agent that are matched, and kept."""
_MAX_VISITORS = 10_000
_MAX_VISITS = 200
"""Per visitor."""
_AGENT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|scan|slurp|prefetch|preview|proxy|validator|monitor|headless|phantom"
    r"|curl|wget|python|java/|okhttp|go-http|libwww-perl|http-?client|axios|node|perl|ruby|php"
    r"|barracuda|proofpoint|mimecast|safelinks|symantec|fireeye|trellix|trend ?micro|fortinet"
    r"|fortiguard|sophos|zscaler|cisco|ironport|messagelabs|mailguard|avanan|checkpoint|virustotal"
    r"|facebookexternalhit|whatsapp|telegram|skypeuripreview|microsoft office",
    re.IGNORECASE,
)
"""The User-Agents of programs that open links."""


@dataclass(slots=True, kw_only=True)
class LinkVisit:
    """One click; it may be reclassified as a machine's in the minute after."""

    edition: int
    link: int
    subscriber: int | None
    at: datetime
    agent: str
    machine: bool
    key: int | None = None
    """Its key in the store, once written."""


@dataclass(slots=True)
class _Visitor:
    visits: deque[LinkVisit] = field(default_factory=lambda: deque(maxlen=_MAX_VISITS))
    detected_at: datetime | None = None


class ScannerDetector:
    """Remembers the visitors of the last minute, and classifies their clicks."""

    def __init__(self) -> None:
        self._visitors: OrderedDict[Hashable, _Visitor] = OrderedDict()
        self._salt = secrets.token_bytes(16)
        self._day: date | None = None

    def pseudonym(self, network: str, agent: str, at: datetime) -> bytes:
        """Return the pseudonym of an anonymous visitor; it changes every day."""
        if self._day != at.date():
            self._day, self._salt = at.date(), secrets.token_bytes(16)
        text = f"{network}\n{agent[:MAX_AGENT_LENGTH]}".encode()
        return hashlib.blake2b(text, key=self._salt).digest()

    def classify(self, identity: Hashable, visit: LinkVisit) -> list[LinkVisit]:
        """Set `visit.machine`; return earlier visits that turn out to be the same machine's.

        `is_machine` has set it already by the request alone.
        """
        visitor = self._load(identity, visit.at)
        before = [earlier for earlier in visitor.visits if visit.at - earlier.at <= WINDOW]
        visitor.visits.append(visit)
        recent = visitor.detected_at is not None and visit.at - visitor.detected_at <= WINDOW
        if visit.link == CANARY or _is_burst([*before, visit]):
            visitor.detected_at = visit.at
        elif not recent:
            return []
        visit.machine = True
        reclassified = [earlier for earlier in before if not earlier.machine]
        for earlier in reclassified:
            earlier.machine = True
        return reclassified

    def _load(self, identity: Hashable, at: datetime) -> _Visitor:
        """Return a visitor, after forgetting those that are too old or too many."""
        while self._visitors:
            oldest = next(iter(self._visitors.values()))
            if len(self._visitors) < _MAX_VISITORS and at - oldest.visits[-1].at <= WINDOW:
                break
            self._visitors.popitem(last=False)
        visitor = self._visitors.setdefault(identity, _Visitor())
        self._visitors.move_to_end(identity)
        return visitor


def is_machine(method: str, agent: str, purpose: str) -> bool:
    """Classify one request by itself; `purpose` is its Sec-Purpose or Purpose header."""
    prefetch = "prefetch" in purpose.lower() or "preview" in purpose.lower()
    agent = agent[:MAX_AGENT_LENGTH]
    return method == "HEAD" or prefetch or not agent or bool(_AGENT.search(agent))


def _is_burst(visits: list[LinkVisit]) -> bool:
    newest = visits[-1]
    links = {
        visit.link
        for visit in visits
        if visit.edition == newest.edition and newest.at - visit.at <= BURST_INTERVAL
    }
    return len(links) >= BURST_LINKS
