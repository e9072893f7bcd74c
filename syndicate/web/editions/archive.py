"""The public archive: the editions of each newsletter, and a feed of them; `shelf` lists those.

Nothing in it is personal (`public_copy`). `archive = false` hides a newsletter.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid5

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from syndicate.clock import EPOCH
from syndicate.config import Config, Newsletter
from syndicate.errors import StoreError
from syndicate.model.articles import Figure
from syndicate.model.pictures import preview
from syndicate.publish.output.formats import REVALIDATE, feed_cache_control
from syndicate.render import addresses
from syndicate.render.feeds import atom
from syndicate.render.feeds.channel import FeedChannel, FeedHistory
from syndicate.render.feeds.entries import ChannelEntry, publisher
from syndicate.render.rhythm import describe_rhythm
from syndicate.render.structured_data import script_json
from syndicate.store import ArchivedEdition, Store, Transaction
from syndicate.text import one_line
from syndicate.web.editions.public_copy import POLICY, frame_copy, name_edition, public_copy
from syndicate.web.pages import WebPages
from syndicate.web.published.file_cache import content_digest
from syndicate.web.published.generated import serve_bytes
from syndicate.web.published.request_headers import match_etag
from syndicate.web.published.response_headers import CORS, PREFLIGHT, self_link

PAGE_SIZE = 30
FEED_SIZE = 20
_NUMBER = re.compile("[1-9][0-9]{0,8}")
STYLE = "web/editions/archive.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveListPage:
    """A page of a newsletter's list of editions.

    Page 1 has the oldest editions, and a full page never changes. The newest page has the
    editions after the last full page: 30 to 59 of them, so that it is never almost empty.
    """

    number: int | None
    """None for the newest page, which has no number yet."""
    start: int
    stop: int
    """Positions of its editions, counted from the oldest, 0."""
    older: int | None
    newer: str | None
    """The next page's address, relative to this one's."""

    @classmethod
    def of(cls, number: int | None, total: int) -> Self | None:
        """Return a page of a list of `total` editions; None when there is no such page."""
        full = max(0, total // PAGE_SIZE - 1)  # pages besides the newest
        if number is None:
            start = full * PAGE_SIZE
            return cls(number=None, start=start, stop=total, older=full or None, newer=None)
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
    """The pages under /newsletters/, except for the shelf itself."""

    def __init__(self, store: Store, config: Config, pages: WebPages) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._root = f"{config.web_url}/newsletters/"
        self._newsletters = [newsletter for newsletter in config.newsletters if newsletter.archive]

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/newsletters", self.add_slash),
            Route("/newsletters/{name}", self.add_slash),
            Route("/newsletters/{name}/", self.page),
            Route("/newsletters/{name}/feed.xml", self.feed, methods=["GET", "HEAD", "OPTIONS"]),
            Route("/newsletters/{name}/page/{number}/", self.page),
            Route("/newsletters/{name}/{edition}", self.add_slash),
            Route("/newsletters/{name}/{edition}/", self.edition),
        ]

    def add_slash(self, request: Request) -> Response:
        """Redirect to the address with a slash at its end."""
        params = request.path_params
        if "name" in params:
            self._newsletter(request)
        if "edition" in params:
            _parse_number(params["edition"])
        last = request.url.path.rpartition("/")[2]
        return RedirectResponse(f"{quote(last, safe='')}/", 301)

    def feed(self, request: Request) -> Response:
        """Return the feed of a newsletter."""
        newsletter = self._newsletter(request)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        with self._store.read() as tx:
            editions = tx.archive.newest(newsletter.name, FEED_SIZE)
        page = f"{self._root}{newsletter.name}/"
        feed = _render_feed(self._config, newsletter, editions, page=page)
        headers = {
            "content-type": "application/atom+xml",
            "cache-control": feed_cache_control(self._config),
            "link": self_link(f"{page}feed.xml"),
            **CORS,
        }
        return serve_bytes(request, feed, headers)

    def edition(self, request: Request) -> Response:
        """Show the public copy of an edition."""
        newsletter = self._newsletter(request)
        number = _parse_number(request.path_params["edition"])
        with self._store.read() as tx:
            edition = tx.archive.find(newsletter.name, number)
            if edition is None:
                raise HTTPException(404)
            if edition.withdrawn:
                page = self._pages.render(
                    "web/editions/gone.html", language=newsletter.language, status=410
                )
                page.headers["cache-control"] = REVALIDATE
                return page
            content = tx.editions.content(edition.content)
            links = tx.clicks.links(number)
            before, after = tx.archive.adjacent(newsletter.name, number)
            pictures = find_pictures(tx, number)
        canonical = f"{self._root}{newsletter.name}/{number}/"
        image = preview(pictures[0]) if pictures else None
        values = {
            **self._links(newsletter),
            "before": before,
            "after": after,
            "canonical": canonical,
            "list": f"{self._root}{newsletter.name}/",
            "image": image,
            "image_url": addresses.figure(image, self._config) if image else None,
            "data": describe_edition(self._config, newsletter, edition, canonical, image),
        }
        frame = frame_copy(self._pages, newsletter, edition, values)
        html = public_copy(
            self._pages, content, newsletter, links=links, address=canonical, frame=frame
        )
        headers = {"content-security-policy": POLICY}
        return cacheable(request, Response(html, headers=headers, media_type="text/html"))

    def page(self, request: Request) -> Response:
        """List the newest editions of a newsletter, or a page of older ones."""
        params = request.path_params
        number = _parse_number(params["number"]) if "number" in params else None
        newsletter = self._newsletter(request)
        with self._store.read() as tx:
            total = tx.archive.count(newsletter.name)
            list_page = ArchiveListPage.of(number, total)
            if list_page is None:
                raise HTTPException(404)
            editions = tx.archive.list_range(newsletter.name, list_page.start, list_page.stop)
        canonical = f"{self._root}{newsletter.name}/"
        values = {
            **self._links(newsletter),
            "list_page": list_page,
            "rhythm": describe_rhythm(
                newsletter, self._config, self._config.language_of(newsletter)
            ),
            "editions": [edition for edition in reversed(editions) if not edition.withdrawn],
            "top": "" if number is None else "../../",
            "canonical": canonical if number is None else f"{canonical}page/{number}/",
        }
        page = self._pages.render(
            "web/editions/archive_list.html", values, language=newsletter.language, style=STYLE
        )
        return cacheable(request, page)

    def _links(self, newsletter: Newsletter) -> dict[str, Any]:
        """Return the template values of every page of a newsletter."""
        return {
            "newsletter": newsletter,
            "signup": self._pages.signup_url(newsletter),
            "feed": f"{self._root}{newsletter.name}/feed.xml",
        }

    def _newsletter(self, request: Request) -> Newsletter:
        """Return the newsletter of a request.

        Raise HTTPException: 301 for one that was renamed, 404 for any other that isn't shown.
        """
        name = request.path_params["name"]
        for newsletter in self._newsletters:
            if newsletter.name == name:
                return newsletter
        with suppress(StoreError), self._store.read() as tx:
            current = tx.newsletters.current_name(name)
            if self._config.newsletter(name) is None and current != name:
                rest = request.url.path.partition(f"/newsletters/{name}")[2]
                raise HTTPException(301, headers={"location": f"{self._root}{current}{rest}"})
        raise HTTPException(404)


def find_pictures(tx: Transaction, edition: int) -> list[Figure]:
    """Return the pictures of our own that represent the stories of an edition, in their order."""
    stories = tx.published.articles([item.article for item in tx.editions.items(edition)])
    return [story.lead for story in stories if story.lead is not None and story.lead.local]


def _render_feed(
    config: Config, newsletter: Newsletter, editions: Sequence[ArchivedEdition], *, page: str
) -> bytes:
    """Render the feed of editions, newest first; `page` is the address of their list."""
    language = config.language_of(newsletter)
    publication = config.publication
    author = publisher(config)
    entries = [
        ChannelEntry(
            id=uuid5(publication.id, f"edition {edition.key}").urn,
            url=f"{page}{edition.key}/",
            title=one_line(edition.subject) or str(edition.key),
            summary=one_line(edition.preheader),
            content=None,
            published=edition.created_at,
            modified=edition.created_at,
            authors=(author,),
            language=language,
        )
        for edition in editions
    ]
    title = f"{one_line(publication.title)}: {one_line(newsletter.label)}"
    channel = FeedChannel(
        minutes=config.syndication.minutes,
        id=uuid5(publication.id, f"newsletter {newsletter.name}").urn,
        title=title,
        description=one_line(newsletter.description) or title,
        url=page,
        language=language,
        author=author,
        archive=FeedHistory(own={"atom.xml": f"{page}feed.xml"}),
        updated=max((entry.modified for entry in entries), default=EPOCH),
    )
    return atom.write_document(channel, map(atom.write_entry, entries))


def describe_edition(
    config: Config, newsletter: Newsletter, edition: ArchivedEdition, url: str, image: Figure | None
) -> Markup:
    """Return an edition as schema.org's Article in JSON-LD."""
    publication = config.publication
    properties = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": one_line(edition.subject) or str(edition.key),
        "name": name_edition(config, newsletter, edition),
        "description": one_line(edition.preheader),
        "image": addresses.figure(image, config) if image else "",
        "datePublished": edition.created_at.isoformat(timespec="seconds"),
        "inLanguage": config.language_of(newsletter),
        "url": url,
        "mainEntityOfPage": url,
        "isPartOf": {
            "@type": "Periodical",
            "name": newsletter.label,
            "url": url.rpartition(f"{edition.key}/")[0],
        },
        "publisher": {
            "@type": "NewsMediaOrganization",
            "name": publication.title,
            "url": f"{config.url}/",
        },
    }
    known = {name: value for name, value in properties.items() if value}
    return script_json(known)


def _parse_number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise HTTPException(404)
    return int(text)


def cacheable(request: Request, page: Response) -> Response:
    """Let caches and search engines store a page, or return a 304."""
    etag = f'"{content_digest(bytes(page.body))}"'
    page.headers.update({"etag": etag, "cache-control": REVALIDATE})
    del page.headers["x-robots-tag"]
    etags = request.headers.get("if-none-match", "")
    if etags and match_etag(etags, [etag]):
        del page.headers["content-length"]
        return Response(status_code=304, headers=page.headers)
    return page
