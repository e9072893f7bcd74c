"""The search: a form, results page by page, and nothing about who searches for what.

What was retracted since the last build is left out, since the store has each result's present
state.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Self
from urllib.parse import urlencode

from babel.numbers import format_decimal
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate import clock
from syndicate.clock import EPOCH
from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.model.search.query import SearchQuery
from syndicate.publish.output.formats import REVALIDATE
from syndicate.publish.records.manifest import Manifest
from syndicate.publish.records.search_index import SearchIndex, SearchResult
from syndicate.publish.records.topic_index import TopicIndex
from syndicate.render import addresses
from syndicate.render.formatting import locale
from syndicate.render.search_excerpt import Highlighter
from syndicate.render.topics import TopicKind
from syndicate.store import Store
from syndicate.web.client_limit import ClientLimit
from syndicate.web.pages import WebPages, too_many_requests
from syndicate.web.published.generated import serve_bytes
from syndicate.web.server.client_address import request_limit_key

PAGE_SIZE = 20
_NEWEST = 5
"""Stories that are shown where none is found."""
_PERIODS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
    "year": timedelta(days=366),
}
_LONG_AGO = EPOCH - timedelta(days=100_000)
_BY_DATE = "date"
_MAX_SECTIONS = 30
_NEIGHBOURS = 2
"""Pages that are linked on each side of the present one."""
_AT_ONCE = 4
"""Searches that run at a time, so that they don't take all threads; the others wait."""
_MAX_WAITING = 100
"""How many run and wait at most."""
_BURST = 40
"""Searches that a client may send at once."""
_PER_SECOND = 0.5
"""How many more it may send in a second."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a request asks for; anything that isn't one of our choices is ignored."""

    query: SearchQuery
    section: str
    """The last part of its address, such as `city`; empty for all."""
    period: str
    order: str
    page: int

    @classmethod
    def of(cls, request: Request, sections: Sequence[tuple[str, str]]) -> Self:
        """Read a request; `sections` are those to choose from, by the last part of the address."""
        given = request.query_params
        section, period, order = (given.get(name, "") for name in ("section", "time", "order"))
        page = given.get("page", "")
        return cls(
            query=SearchQuery.parse(given.get("q", "")),
            section=section if section in dict(sections) else "",
            period=period if period in _PERIODS else "",
            order=order if order == _BY_DATE else "",
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 5 else 1,  # noqa: PLR2004
        )

    def address(self, page: int) -> str:
        """Return the address of a page of the results, from the form's."""
        choices = {"q": self.query.text, "section": self.section, "time": self.period}
        choices |= {"order": self.order, "page": str(page) if page > 1 else ""}
        return f"?{urlencode({name: value for name, value in choices.items() if value})}"


class SearchPages:
    """The page under /search."""

    def __init__(self, store: Store, config: Config, pages: WebPages) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._limit = ClientLimit(burst=_BURST, per_second=_PER_SECOND)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route(addresses.SEARCH, self.handle)]

    async def handle(self, request: Request) -> Response:
        """Search in a thread, a few at a time; raise SyndicateError where too many wait."""
        if self._waiting >= _MAX_WAITING:
            raise SyndicateError("too many people search at once")
        self._waiting += 1
        try:
            async with self._turns:
                return await run_in_threadpool(self.show, request)
        finally:
            self._waiting -= 1

    def show(self, request: Request) -> Response:
        """Show the form, and what the query finds. Raise SyndicateError where nothing can be."""
        sections = self._sections()
        asked, at = SearchRequest.of(request, sections), clock.now()
        values: dict[str, Any] = {
            "asked": asked,
            "sections": sections,
            "periods": tuple(_PERIODS),
            "action": addresses.search(self._config),
            "link": lambda article: addresses.absolute(article.address, self._config),
            "section_title": self._config.section_title,
            "section_link": lambda name: self._config.url + addresses.section(name),
        }
        if asked.query.text:
            client = request_limit_key(request, self._config.web.proxies)
            wait = None if client is None else self._limit.take(client, at=at)
            if wait:
                page = self._render(values | {"wait": ceil(wait.total_seconds())})
                page.headers["cache-control"] = "no-store"
                return too_many_requests(page, wait)
            values |= self._found(asked, at)
        page = self._render(values)
        headers = {**page.headers, "cache-control": REVALIDATE}
        del headers["content-length"]
        return serve_bytes(request, bytes(page.body), headers)

    def _render(self, values: dict[str, Any]) -> Response:
        return self._pages.render("web/search.html", values, style="web/search.css")

    def _found(self, asked: SearchRequest, at: datetime) -> dict[str, Any]:
        """Return the template values of the results, or of the newest stories without any."""
        result = self._search(asked, at)
        highlighter = Highlighter(asked.query.relaxed().terms)
        with self._store.read() as tx:
            found = tx.published.articles(result.articles)
            newest = [] if result.total else tx.published.since(_LONG_AGO, at, limit=_NEWEST)
        page, last, total = result.page, result.last, result.total
        return {
            "results": [
                (article, highlighter.mark(article.title), highlighter.excerpt(article))
                for article in found
                if article.is_public(at)  # some may be hidden since the build
            ],
            "first": (page - 1) * PAGE_SIZE + 1,
            "newest": newest,
            "total": total,
            "total_text": format_decimal(total, locale=locale(self._config.publication.language)),
            "is_complete": result.is_complete,
            "page": page,
            "pages": [(number, asked.address(number)) for number in _page_numbers(page, last)],
            "before": asked.address(page - 1) if page > 1 else None,
            "after": asked.address(page + 1) if page < last else None,
        }

    def _search(self, asked: SearchRequest, at: datetime) -> SearchResult:
        period = _PERIODS.get(asked.period)
        with SearchIndex.opened(self._config.output) as index:
            if index is None:
                raise SyndicateError("there is no search index: the next build makes one")
            return index.search(
                asked.query,
                section=f"/sections/{asked.section}/" if asked.section else "",
                since=at - period if period else None,
                by_date=asked.order == _BY_DATE,
                at=at,
                page=asked.page,
                size=PAGE_SIZE,
            )

    def _sections(self) -> list[tuple[str, str]]:
        """Return the sections to choose from: the last part of the address, and the name."""
        names = [section.title for section in self._config.sections]
        if not names:
            with Manifest.opened(self._config.output) as manifest:
                if manifest is not None:
                    topics = TopicIndex(manifest.database).largest(TopicKind.SECTION, _MAX_SECTIONS)
                    names = sorted((topic.name for topic in topics), key=str.casefold)
        return [(addresses.section(name).split("/")[-2], name) for name in names]


def _page_numbers(page: int, last: int) -> list[int]:
    """Return the numbers of the pages that are linked: 1, and those near the present one."""
    near = range(max(1, page - _NEIGHBOURS), min(last, page + _NEIGHBOURS) + 1)
    return sorted({1, *near}) if last > 1 else []
