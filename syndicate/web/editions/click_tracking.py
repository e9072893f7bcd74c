"""Click tracking: links in mails lead here, are counted if the config says so, and redirect.

The redirect goes only to targets that are stored with the edition. It is sent before the click
is written, even if that fails.

Mail filters open every link of a mail. They are recognised by their User-Agent, by HEAD, by a
link that no person sees, and by a burst of clicks. What gives one away counts for its other
visits of the same minute, too. All of it is in memory, and forgotten after that minute.
"""

import asyncio
import hashlib
import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

import structlog
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from syndicate import clock
from syndicate.deliver.message.links import TrackedLinks
from syndicate.errors import SyndicateError
from syndicate.model.editions import CANARY
from syndicate.store import LinkClick, Store
from syndicate.text import one_line
from syndicate.web.pages import ReaderPages, linked
from syndicate.web.server.client_address import client_network

_log = structlog.get_logger(__name__)
_MAX_CACHED_EDITIONS = 256
_MAX_QUEUED = 10_000
"""Clicks waiting to be written; older ones are dropped."""
_MAX_STORED_AGENT = 80
"""Characters of a User-Agent that are stored."""
WINDOW = timedelta(minutes=1)
"""How long a visitor is remembered, and how long it stays classified as a machine."""
BURST_INTERVAL = timedelta(seconds=10)
BURST_LINKS = 5
"""Different links of an edition within `BURST_INTERVAL` that only a machine follows."""
MAX_AGENT_LENGTH = 300
"""Characters of a User-Agent that are matched."""
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


@dataclass(slots=True)
class _Visitor:
    visits: deque[LinkClick] = field(default_factory=lambda: deque(maxlen=_MAX_VISITS))
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

    def classify(self, identity: Hashable, visit: LinkClick) -> list[LinkClick]:
        """Set `visit.machine`; return earlier visits that turn out to be the same machine's.

        `is_machine` has set it already by the request alone.
        """
        visitor = self._load(identity, visit.at)
        before = [earlier for earlier in visitor.visits if visit.at - earlier.at <= WINDOW]
        visitor.visits.append(visit)
        is_known = visitor.detected_at is not None and visit.at - visitor.detected_at <= WINDOW
        burst = {
            recent.link
            for recent in (*before, visit)
            if recent.edition == visit.edition and visit.at - recent.at <= BURST_INTERVAL
        }
        if visit.link == CANARY or len(burst) >= BURST_LINKS:
            visitor.detected_at = visit.at
        elif not is_known:
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


@dataclass(frozen=True)
class ClickPages(ReaderPages):
    """The links under /c/."""

    _cache: dict[int, TrackedLinks] = field(default_factory=dict, init=False)
    _scanners: ScannerDetector = field(default_factory=ScannerDetector, init=False)

    @cached_property
    def _writer(self) -> "_ClickWriter":
        return _ClickWriter(self.store)

    async def follow(self, request: Request) -> Response:
        """Redirect to the target of a link, and count the click."""
        token = request.path_params["token"]
        edition, link, subscriber = linked(self.links.read_click(token))
        if (links := self._cache.get(edition)) is None:
            links = await run_in_threadpool(self._load, edition)
        target = linked(links.target(link))
        task = self._count(request, links, link, subscriber)
        return RedirectResponse(target, 302, headers={"x-robots-tag": "noindex"}, background=task)

    def _load(self, number: int) -> TrackedLinks:
        """Load an edition's links into the cache; raise BadLink for an edition that is gone."""
        with self.store.read() as tx:
            edition = linked(tx.editions.by_key(number))
            targets = tx.clicks.links(number)
        links = TrackedLinks.of(number, edition.newsletter, targets, self.config)
        if len(self._cache) >= _MAX_CACHED_EDITIONS:
            self._cache.clear()
        self._cache[number] = links
        return links

    def _count(
        self, request: Request, links: TrackedLinks, link: int, subscriber: int | None
    ) -> BackgroundTask | None:
        """Classify a click, and return the task that writes it after the response."""
        if not links.counted:
            return None
        agent = request.headers.get("user-agent", "")[:MAX_AGENT_LENGTH]
        purpose = request.headers.get("sec-purpose", request.headers.get("purpose", ""))
        reader = subscriber if links.tracking == "readers" else None
        visit = LinkClick(
            edition=links.edition,
            link=link,
            subscriber=reader,
            at=clock.now(),
            agent=one_line(agent)[:_MAX_STORED_AGENT],
            machine=is_machine(request.method, agent, purpose),
        )
        origin = client_network(request, self.config.web.proxies) if reader is None else ""
        visitor = reader or self._scanners.pseudonym(origin, agent, visit.at)
        reclassified = self._scanners.classify((links.edition, visitor), visit)
        return BackgroundTask(self._writer.write, visit, reclassified)


class _ClickWriter:
    """Writes clicks to the store in batches, in its own thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clicks")
        self._new: deque[LinkClick] = deque(maxlen=_MAX_QUEUED)
        self._reclassified: deque[LinkClick] = deque(maxlen=_MAX_QUEUED)

    async def write(self, visit: LinkClick, reclassified: list[LinkClick]) -> None:
        """Write a visit, and correct earlier ones that were a machine's."""
        self._new.append(visit)
        self._reclassified.extend(reclassified)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write)

    def _write(self) -> None:
        new, reclassified = _drain(self._new), _drain(self._reclassified)
        if not new and not reclassified:
            return
        try:
            with self._store.write() as tx:
                keys = [tx.clicks.add(visit) for visit in new]
                tx.clicks.mark_as_machine(reclassified)
        except SyndicateError as error:
            _log.warning("clicks not counted", clicks=len(new), reason=str(error))
            return
        for visit, key in zip(new, keys, strict=True):
            visit.key = key


def _drain(queue: deque[LinkClick]) -> list[LinkClick]:
    """Remove and return all items; other threads may add more meanwhile."""
    return [queue.popleft() for _ in range(len(queue))]
