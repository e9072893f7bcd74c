"""Click tracking: links in mails lead here, are counted if the config says so, and redirect.

The redirect goes only to targets that are stored with the edition. It is sent before the click
is written, even if that fails.
"""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import structlog
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Tracking
from syndicate.deliver.message.links import TrackedLinks
from syndicate.errors import SyndicateError
from syndicate.store import LinkClick, Store
from syndicate.text import one_line
from syndicate.web.editions.scanner_detection import (
    MAX_AGENT_LENGTH,
    LinkVisit,
    ScannerDetector,
    is_machine,
)
from syndicate.web.pages import ReaderPages
from syndicate.web.server.client_address import client_network

_log = structlog.get_logger(__name__)
_MAX_CACHED_EDITIONS = 256
_MAX_QUEUED = 10_000
"""Clicks waiting to be written; older ones are dropped."""
_MAX_STORED_AGENT = 80
"""Characters of a User-Agent."""


@dataclass(frozen=True)
class ClickPages(ReaderPages):
    """The links under /c/."""

    _cache: dict[int, TrackedLinks] = field(default_factory=dict, init=False)
    _scanners: ScannerDetector = field(default_factory=ScannerDetector, init=False)

    @cached_property
    def _writer(self) -> "_ClickWriter":
        return _ClickWriter(self.store)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/c/{token}", self.follow)]

    async def follow(self, request: Request) -> Response:
        """Redirect to the target of a link, and count the click."""
        click = self.links.read_click(request.path_params["token"])
        if click is None:
            return self.pages.bad_link()
        edition, link, subscriber = click
        links = self._cache.get(edition) or await run_in_threadpool(self._load, edition)
        target = links.target(link) if links else None
        if links is None or target is None:
            return self.pages.bad_link()
        task = self._count(request, links, link, subscriber)
        return RedirectResponse(target, 302, headers={"x-robots-tag": "noindex"}, background=task)

    def _load(self, number: int) -> TrackedLinks | None:
        """Load an edition's links into the cache; return None for an edition that is gone."""
        with self.store.read() as tx:
            edition = tx.editions.by_key(number)
            targets = tx.clicks.links(number)
        if edition is None:
            return None
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
        reader = subscriber if links.tracking is Tracking.READERS else None
        visit = LinkVisit(
            edition=links.edition,
            link=link,
            subscriber=reader,
            at=clock.now(),
            agent=agent,
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
        self._new: deque[LinkVisit] = deque(maxlen=_MAX_QUEUED)
        self._reclassified: deque[LinkVisit] = deque(maxlen=_MAX_QUEUED)

    async def write(self, visit: LinkVisit, reclassified: list[LinkVisit]) -> None:
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
                keys = [tx.clicks.add(_click(visit)) for visit in new]
                agents = {
                    visit.key: _stored_agent(visit)
                    for visit in reclassified
                    if visit.key is not None
                }
                tx.clicks.mark_as_machine(agents)
        except SyndicateError as error:
            _log.warning("clicks not counted", clicks=len(new), reason=str(error))
            return
        for visit, key in zip(new, keys, strict=True):
            visit.key = key


def _drain(queue: deque[LinkVisit]) -> list[LinkVisit]:
    """Remove and return all items; other threads may add more meanwhile."""
    return [queue.popleft() for _ in range(len(queue))]


def _click(visit: LinkVisit) -> LinkClick:
    return LinkClick(
        edition=visit.edition,
        link=visit.link,
        subscriber=visit.subscriber,
        at=visit.at,
        machine=visit.machine,
        agent=_stored_agent(visit) if visit.machine else "",
    )


def _stored_agent(visit: LinkVisit) -> str:
    """Return the User-Agent without control characters, shortened."""
    return one_line(visit.agent)[:_MAX_STORED_AGENT]
