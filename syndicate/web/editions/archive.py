"""The archive: what newsletters said, for everybody to read, with a feed for each.

Nothing personal is in it (`public_copy`). `archive = false` hides a newsletter.
"""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from syndicate.config import Config, Newsletter
from syndicate.errors import StoreError
from syndicate.publish.output.formats import ALWAYS_ASK, polled
from syndicate.render.templates import Templates
from syndicate.store import Store
from syndicate.web.editions import archive_feed, mail_page
from syndicate.web.editions.public_copy import PublicCopies
from syndicate.web.error_pages import ErrorPages
from syndicate.web.pages import WebPage, WebPages
from syndicate.web.published.conditional_requests import find_matching_etag
from syndicate.web.published.generated_document import GeneratedDocument, preflight
from syndicate.web.published.response_headers import CORS, self_link
from syndicate.web.ui_strings import web_strings

PAGE_SIZE = 30
FEED_SIZE = 20
_NUMBER = re.compile("[1-9][0-9]{0,8}")
STYLE = "web/archive.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveListPage:
    """A page of a newsletter's list.

    Page 1 has the oldest editions, and a full page stays as it is. The newest page has
    the ones behind the last of these: 30 to 59 of them, so that it is never almost empty.
    """

    number: int | None
    """None: the newest, which has no number yet."""
    start: int
    stop: int
    """Positions of its editions, counted from the oldest, 0."""
    older: int | None
    newer: str | None
    """The address of the page after it, from this one's."""

    @classmethod
    def newest(cls, total: int) -> Self:
        """Return the newest page of a list of so many."""
        full = _count_full_pages(total)
        return cls(number=None, start=full * PAGE_SIZE, stop=total, older=full or None, newer=None)

    @classmethod
    def numbered(cls, number: int, total: int) -> Self | None:
        """Return a full page of a list of so many; None where there is no such page."""
        full = _count_full_pages(total)
        if number > full:
            return None
        return cls(
            number=number,
            start=(number - 1) * PAGE_SIZE,
            stop=number * PAGE_SIZE,
            older=number - 1 or None,
            newer="../../" if number == full else f"../{number + 1}/",
        )


class ArchivePages:
    """The pages under /newsletters/."""

    def __init__(self, store: Store, config: Config, pages: WebPages) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._notices = ErrorPages(config, pages)
        self._templates = Templates.of(config)
        self._copies = PublicCopies(config)
        self._root = f"{config.web_url}/newsletters/"
        self._shown = [newsletter for newsletter in config.newsletters if newsletter.archive]

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/newsletters", self.slash),
            Route("/newsletters/", self.index),
            Route("/newsletters/{name}", self.slash),
            Route("/newsletters/{name}/", self.newest),
            Route("/newsletters/{name}/feed.xml", self.feed, methods=["GET", "HEAD", "OPTIONS"]),
            Route("/newsletters/{name}/page/{number}/", self.page),
            Route("/newsletters/{name}/{edition}", self.slash),
            Route("/newsletters/{name}/{edition}/", self.edition),
        ]

    def slash(self, request: Request) -> Response:
        """Lead from an address without the slash at its end to the one with it."""
        named = request.path_params
        if "name" in named:
            self._newsletter(request)
        if "edition" in named:
            _parse_number(named["edition"])
        last = request.url.path.rpartition("/")[2]
        return RedirectResponse(f"{quote(last, safe='')}/", 301)

    def index(self, request: Request) -> Response:
        """List the newsletters."""
        if not self._shown:
            raise HTTPException(404)
        try:
            with self._store.read() as tx:
                latest = [tx.archive.newest(one.name, 1) for one in self._shown]
        except StoreError:
            return self._notices.busy()
        newest = (found[0] if found else None for found in latest)
        listed = list(zip(self._shown, newest, strict=True))
        values = {"listed": listed, "join": self._join, "canonical": self._root}
        return _cacheable(request, self._pages.render("web/archive.html", values, style=STYLE))

    def newest(self, request: Request) -> Response:
        """List the newest editions of a newsletter."""
        return self._sheet(request, None)

    def page(self, request: Request) -> Response:
        """List a page of older ones."""
        return self._sheet(request, _parse_number(request.path_params["number"]))

    def feed(self, request: Request) -> Response:
        """Answer with the feed."""
        newsletter = self._newsletter(request)
        if request.method == "OPTIONS":
            return preflight()
        try:
            with self._store.read() as tx:
                issues = tx.archive.newest(newsletter.name, FEED_SIZE)
        except StoreError:
            return self._notices.busy()
        page = f"{self._root}{newsletter.name}/"
        written = archive_feed.write(self._config, newsletter, issues, page=page)
        link = self_link(f"{page}feed.xml")
        return GeneratedDocument(
            digest=_digest(written),
            media_type=archive_feed.MEDIA_TYPE,
            made=lambda coding: coding.applied_to(written),
            said={"cache-control": polled(self._config), "link": link, **CORS},
        ).answer(request)

    def edition(self, request: Request) -> Response:
        """Show an edition, with nothing of any reader."""
        newsletter = self._newsletter(request)
        number = _parse_number(request.path_params["edition"])
        try:
            with self._store.read() as tx:
                issue = tx.archive.find(newsletter.name, number)
                if issue is None:
                    raise HTTPException(404)
                if issue.withdrawn:
                    return self._gone(newsletter)
                content = tx.editions.content(issue.content)
                leads = tx.clicks.links(number)
                neighbours = tx.archive.adjacent(newsletter.name, number)
        except StoreError:
            return self._notices.busy()
        canonical = f"{self._root}{newsletter.name}/{number}/"
        html = self._copies.html(content, newsletter, leads=leads, address=canonical)
        values = self._about(newsletter) | {
            "issue": issue,
            "before": neighbours[0],
            "after": neighbours[1],
            "canonical": canonical,
        }
        head, above = (
            self._templates.render(f"web/{name}.html", values)
            for name in ("edition_head", "edition_bar")
        )
        body = mail_page.wrap_as_page(html, head=head, above=above).encode()
        return _cacheable(request, WebPage(body, mail_page.MAIL_HEADERS))

    def _sheet(self, request: Request, number: int | None) -> Response:
        newsletter = self._newsletter(request)
        try:
            with self._store.read() as tx:
                total = tx.archive.count(newsletter.name)
                sheet = (
                    ArchiveListPage.numbered(number, total)
                    if number
                    else ArchiveListPage.newest(total)
                )
                if sheet is None:
                    raise HTTPException(404)
                found = tx.archive.list_range(newsletter.name, sheet.start, sheet.stop)
        except StoreError:
            return self._notices.busy()
        canonical = f"{self._root}{newsletter.name}/"
        values = self._about(newsletter) | {
            "sheet": sheet,
            "issues": [issue for issue in reversed(found) if not issue.withdrawn],
            "top": "" if number is None else "../../",
            "canonical": canonical if number is None else f"{canonical}page/{number}/",
        }
        page = self._pages.render(
            "web/archive_list.html", values, language=newsletter.language, style=STYLE
        )
        return _cacheable(request, page)

    def _about(self, newsletter: Newsletter) -> dict[str, Any]:
        """Return what every page of a newsletter knows."""
        return {
            "newsletter": newsletter,
            "words": web_strings(self._language(newsletter)),
            "publication": self._config.publication,
            "theme": self._config.theme,
            "home": f"{self._config.url}/",
            "join": self._copies.join(newsletter),
            "feed": f"{self._root}{newsletter.name}/feed.xml",
        }

    @property
    def _join(self) -> str | None:
        """Where one can subscribe; None where one can't."""
        offered = any(newsletter.offered for newsletter in self._config.newsletters)
        is_open = self._config.signup.enabled and offered
        return f"{self._config.web_url}/signup" if is_open else None

    def _gone(self, newsletter: Newsletter) -> Response:
        words = web_strings(self._language(newsletter)).archive
        page = self._pages.notice(words.gone_title, words.gone, language=newsletter.language)
        return Response(page.body, 410, {**page.headers, "cache-control": ALWAYS_ASK})

    def _newsletter(self, request: Request) -> Newsletter:
        """Return the newsletter of an address; raise as for a page that doesn't exist."""
        name = request.path_params["name"]
        found = next((one for one in self._shown if one.name == name), None)
        if found is None:
            raise self._elsewhere(request, name)
        return found

    def _elsewhere(self, request: Request, name: str) -> HTTPException:
        """Lead to the newsletter's name of today where it had this one; else there is nothing."""
        with suppress(StoreError), self._store.read() as tx:
            now = tx.newsletters.current_name(name)
            if self._config.newsletter(name) is None and now != name:
                rest = request.url.path.partition(f"/newsletters/{name}")[2]
                return HTTPException(301, headers={"location": f"{self._root}{now}{rest}"})
        return HTTPException(404)

    def _language(self, newsletter: Newsletter) -> str:
        return newsletter.language or self._config.publication.language


def _count_full_pages(total: int) -> int:
    """Return how many pages of a list are full and behind the newest one."""
    return max(0, total // PAGE_SIZE - 1)


def _parse_number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise HTTPException(404)
    return int(text)


def _cacheable(request: Request, page: WebPage) -> Response:
    """Answer with a page that may be found and kept, or with 304."""
    headers = {
        **{name: value for name, value in page.headers.items() if name != "x-robots-tag"},
        "etag": f'"{_digest(page.body)}"',
        "cache-control": ALWAYS_ASK,
    }
    if _is_not_modified(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    return Response(page.body, headers=headers)


def _is_not_modified(request: Request, tag: str) -> bool:
    theirs = request.headers.get("if-none-match")
    return theirs is not None and find_matching_etag(theirs, [tag]) is not None


def _digest(said: bytes) -> str:
    return hashlib.sha256(said).hexdigest()[:32]
