"""People and machines: who follows links as nobody reads.

Mail filters open every link of a mail to look behind it. They are known by what
they call themselves, by HEAD, by a link that no person sees, and by their haste;
what gave one away counts for its other visits of the same minute, too. All of it
is in memory, and forgotten after that minute.
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
"""How long a visitor is remembered, and how long one that was found out stays a machine."""
BURST_INTERVAL = timedelta(seconds=10)
BURST_LINKS = 5
"""So many different links of an edition nobody reads within `BURST_INTERVAL`."""
MAX_AGENT_LENGTH = 300
"""Characters of a User-Agent that are looked at, and kept: whoever sends more means no good."""
_MAX_VISITORS = 10_000
"""How many are remembered at most."""
_MAX_VISITS = 200
"""… and how many visits of each."""
_AGENT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|scan|slurp|prefetch|preview|proxy|validator|monitor|headless|phantom"
    r"|curl|wget|python|java/|okhttp|go-http|libwww-perl|http-?client|axios|node|perl|ruby|php"
    r"|barracuda|proofpoint|mimecast|safelinks|symantec|fireeye|trellix|trend ?micro|fortinet"
    r"|fortiguard|sophos|zscaler|cisco|ironport|messagelabs|mailguard|avanan|checkpoint|virustotal"
    r"|facebookexternalhit|whatsapp|telegram|skypeuripreview|microsoft office",
    re.IGNORECASE,
)
"""What programs call themselves that open links for others, or by themselves."""


@dataclass(slots=True, kw_only=True)
class LinkVisit:
    """One link followed; what it is taken for may change in the minute after."""

    edition: int
    link: int
    subscriber: int | None
    at: datetime
    agent: str
    machine: bool
    key: int | None = None
    """Its number in the store, once it is there."""


@dataclass(slots=True)
class _Visitor:
    visits: deque[LinkVisit] = field(default_factory=lambda: deque(maxlen=_MAX_VISITS))
    found_out: datetime | None = None


class ScannerDetector:
    """The visitors of the last minute."""

    def __init__(self) -> None:
        self._visitors: OrderedDict[Hashable, _Visitor] = OrderedDict()
        self._salt = secrets.token_bytes(16)
        self._day: date | None = None

    def visitor(self, network: str, agent: str, at: datetime) -> bytes:
        """Return what stands for somebody of whom nothing is known; no two days the same."""
        if self._day != at.date():
            self._day, self._salt = at.date(), secrets.token_bytes(16)
        return hashlib.blake2b(
            f"{network}\n{agent[:MAX_AGENT_LENGTH]}".encode(), key=self._salt
        ).digest()

    def judge(self, who: Hashable, visit: LinkVisit) -> list[LinkVisit]:
        """Decide on a visit; return earlier ones that turn out to be a machine's, too.

        `visit.machine` says already what could be seen of it alone.
        """
        visitor = self._known(who, visit.at)
        before = [each for each in visitor.visits if visit.at - each.at <= WINDOW]
        visitor.visits.append(visit)
        recent = visitor.found_out is not None and visit.at - visitor.found_out <= WINDOW
        if visit.link == CANARY or _is_burst([*before, visit]):
            visitor.found_out = visit.at
        elif not recent:
            return []
        visit.machine = True
        late = [each for each in before if not each.machine]
        for each in late:
            each.machine = True
        return late

    def _known(self, who: Hashable, at: datetime) -> _Visitor:
        while self._visitors:
            oldest = next(iter(self._visitors.values()))
            if len(self._visitors) < _MAX_VISITORS and at - oldest.visits[-1].at <= WINDOW:
                break
            self._visitors.popitem(last=False)
        visitor = self._visitors.setdefault(who, _Visitor())
        self._visitors.move_to_end(who)
        return visitor


def is_machine(method: str, agent: str, purpose: str) -> bool:
    """Tell what can be told of one request; `purpose` is what Sec-Purpose or Purpose says."""
    fetched_early = "prefetch" in purpose.lower() or "preview" in purpose.lower()
    agent = agent[:MAX_AGENT_LENGTH]
    return method == "HEAD" or fetched_early or not agent or bool(_AGENT.search(agent))


def _is_burst(visits: list[LinkVisit]) -> bool:
    newest = visits[-1]
    links = {
        each.link
        for each in visits
        if each.edition == newest.edition and newest.at - each.at <= BURST_INTERVAL
    }
    return len(links) >= BURST_LINKS
