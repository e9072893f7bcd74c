"""Clicks: a link in a mail leads here, is counted where the newsletter counts, and leads on.

It leads where the edition says that it does, and nowhere else. The answer is given
before anything is written, and whether it can be written or not.
"""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import structlog
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config, Tracking
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.tracked_links import TrackedLinks
from syndicate.errors import SyndicateError
from syndicate.store import LinkClick, Store
from syndicate.web.editions.scanner_detection import (
    MAX_AGENT_LENGTH,
    LinkVisit,
    ScannerDetector,
    is_machine,
)
from syndicate.web.error_pages import ErrorPages
from syndicate.web.pages import WebPages
from syndicate.web.security_headers import NO_STORE
from syndicate.web.server.client_address import client_network

_log = structlog.get_logger(__name__)
_MAX_CACHED_EDITIONS = 256
"""How many editions' links are kept in memory."""
_MAX_QUEUED = 10_000
"""How many clicks wait to be written at most; more than that are lost."""
_MAX_STORED_AGENT = 80
_HEADERS = {**NO_STORE, "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


class ClickPages:
    """The addresses under /c/."""

    def __init__(self, store: Store, config: Config, links: SignedLinks, pages: WebPages) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._notices = ErrorPages(config, pages)
        self._editions: dict[int, TrackedLinks] = {}
        self._scanners = ScannerDetector()
        self._ledger = _ClickWriter(store)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/c/{token}", self.follow)]

    async def follow(self, request: Request) -> Response:
        """Lead on, and count."""
        read = self._links.read_click(request.path_params["token"])
        if read is None:
            return self._notices.bad_link()
        edition, link, subscriber = read
        try:
            leads = self._editions.get(edition) or await run_in_threadpool(self._look_up, edition)
        except SyndicateError:
            return self._notices.busy()
        end = leads.end(link) if leads else None
        if leads is None or end is None:
            return self._notices.bad_link()
        return RedirectResponse(
            end, 302, headers=_HEADERS, background=self._counting(request, leads, link, subscriber)
        )

    def _look_up(self, number: int) -> TrackedLinks | None:
        """Return where an edition's links lead; None for one that is gone."""
        with self._store.read() as tx:
            edition = tx.editions.by_key(number)
            frozen = tx.clicks.links(number)
        if edition is None:
            return None
        leads = TrackedLinks.of(number, edition.newsletter, frozen, self._config)
        if len(self._editions) >= _MAX_CACHED_EDITIONS:
            self._editions.clear()
        self._editions[number] = leads
        return leads

    def _counting(
        self, request: Request, leads: TrackedLinks, link: int, subscriber: int | None
    ) -> BackgroundTask | None:
        """Judge a click now, and return what writes it down later."""
        if not leads.counted:
            return None
        agent = request.headers.get("user-agent", "")[:MAX_AGENT_LENGTH]
        purpose = request.headers.get("sec-purpose", request.headers.get("purpose", ""))
        named = subscriber if leads.tracking is Tracking.READERS else None
        visit = LinkVisit(
            edition=leads.edition,
            link=link,
            subscriber=named,
            at=clock.now(),
            agent=agent,
            machine=is_machine(request.method, agent, purpose),
        )
        where = client_network(request, self._config.web.proxies) if named is None else ""
        who = named or self._scanners.visitor(where, agent, visit.at)
        late = self._scanners.judge((leads.edition, who), visit)
        return BackgroundTask(self._ledger.note, visit, late)


class _ClickWriter:
    """Writes clicks down, in a thread of its own: as many at once as have come in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clicks")
        self._waiting: deque[LinkVisit] = deque(maxlen=_MAX_QUEUED)
        self._late: deque[LinkVisit] = deque(maxlen=_MAX_QUEUED)

    async def note(self, visit: LinkVisit, late: list[LinkVisit]) -> None:
        """Write a visit down, and of earlier ones that a machine made them."""
        self._waiting.append(visit)
        self._late.extend(late)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write)

    def _write(self) -> None:
        new, late = _drain(self._waiting), _drain(self._late)
        if not new and not late:
            return
        try:
            with self._store.write() as tx:
                keys = [tx.clicks.add(_click(visit)) for visit in new]
                found_out = {each.key: _stored_agent(each) for each in late if each.key is not None}
                tx.clicks.mark_as_machine(found_out)
        except SyndicateError as error:
            _log.warning("clicks not counted", clicks=len(new), reason=str(error))
            return
        for visit, key in zip(new, keys, strict=True):
            visit.key = key


def _drain(queue: deque[LinkVisit]) -> list[LinkVisit]:
    """Take all that is there out of a queue that others put into."""
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
    """Return what a machine called itself, as the store can hold it."""
    return "".join(filter(str.isprintable, visit.agent))[:_MAX_STORED_AGENT]
