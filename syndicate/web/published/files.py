"""The files of `feeds/` over HTTP: a bare ASGI callable, no framework in the way.

Tags, conditions and codings as in RFC 9110, sections 8.8, 12.5 and 13.
"""

from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from syndicate import clock
from syndicate.publish.formats import Freshness, freshness_of
from syndicate.web.pages import Pages
from syndicate.web.published.answers import Answer, Request
from syndicate.web.published.conditions import accepts_gzip, matching_tag, unchanged_since
from syndicate.web.published.listing import Listing
from syndicate.web.published.shelf import File, Shelf

_ALLOWED = "GET, HEAD"
_UNSTORED = {"cache-control": "no-cache"}


class Files:
    """An ASGI application: what is published, where it moved to, and a page for the rest."""

    def __init__(self, folder: Path, pages: Pages, policy: str) -> None:
        """Serve `folder`; `policy` is the Content-Security-Policy of its pages."""
        self._policy = policy
        self._shelf = Shelf(folder)
        self._listing = Listing(folder)
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Answer one request; its body, if it has one, is nobody's concern."""
        request = Request.of(scope)
        await self.answer(request, at=clock.now()).send(send, method=request.method)

    def answer(self, request: Request, *, at: datetime) -> Answer:
        """Return what to say to a request that came in at `at`."""
        if request.method not in {"GET", "HEAD"}:
            return Answer(status=405, headers={"allow": _ALLOWED})
        path = request.path.removeprefix("/")
        name = f"{path}index.html" if not path or path.endswith("/") else path
        if (file := self._shelf.read(name)) is not None:
            return self._found(file, request, at=at)
        if self._shelf.has_page(path):
            return _moved(quote(f"{request.path}/"), request)
        page = self._pages.missing()
        return Answer(status=404, headers={**page.headers, **_UNSTORED}, body=page.body)

    def _found(self, file: File, request: Request, *, at: datetime) -> Answer:
        """Answer as the manifest says: the file may stand for a move or for an absence."""
        entry = self._listing.entry(file.path)
        if (
            entry is not None
            and entry.status == HTTPStatus.MOVED_PERMANENTLY
            and entry.location is not None
        ):
            return _moved(quote(entry.location, safe="/%"), request)
        if entry is not None and entry.status == HTTPStatus.GONE:
            headers = {**self._protection(file), "content-type": file.format.media_type}
            return Answer(status=410, headers=headers | _UNSTORED, body=file.body)
        return _published(file, request, self._protection(file), at=at)

    def _protection(self, file: File) -> dict[str, str]:
        """Return the policy of a page; an AMP page is bound by AMP's own rules instead."""
        page = file.format.page and not file.path.endswith("/amp/index.html")
        return {"content-security-policy": self._policy} if page else {}


def _published(file: File, request: Request, more: dict[str, str], *, at: datetime) -> Answer:
    """Answer with a file, or with 304 where the client has it already."""
    # A file written in this very second may be written again in it: such a time would lie.
    modified = file.modified if file.modified < at.replace(microsecond=0) else None
    packed = file.packed if accepts_gzip(request.header("accept-encoding") or "") else None
    tags = [file.tag, file.packed_tag] if packed is None else [file.packed_tag, file.tag]
    headers = {**more, "etag": tags[0], "cache-control": freshness_of(file.path)}
    if file.format.text:
        headers["vary"] = "Accept-Encoding"
    if file.format.feed:
        headers["access-control-allow-origin"] = "*"
        headers["access-control-expose-headers"] = "ETag"
    if modified is not None:
        headers["last-modified"] = format_datetime(modified, usegmt=True)
    if known := _known(request, tags, modified):
        return Answer(status=304, headers={**headers, "etag": known})
    headers["content-type"] = file.format.media_type
    if packed is not None:
        headers["content-encoding"] = "gzip"
    return Answer(status=200, headers=headers, body=file.body if packed is None else packed)


def _known(request: Request, tags: list[str], modified: datetime | None) -> str | None:
    """Return the tag of what the client has and may go on using; None if it needs the file."""
    if (if_none_match := request.header("if-none-match")) is not None:
        return matching_tag(if_none_match, tags)
    since = request.header("if-modified-since")
    if since is not None and modified is not None and unchanged_since(since, modified):
        return tags[0]
    return None


def _moved(location: str, request: Request) -> Answer:
    """Send the client to another path for good, with its query."""
    if request.query:
        location = f"{location}?{request.query}"
    return Answer(status=301, headers={"location": location, "cache-control": Freshness.MOVED})
