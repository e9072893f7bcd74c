"""Private feeds over HTTP: for whom the token in the address is good, and for nobody else.

Nothing keeps them on the way, and nothing tells an address that is no longer good
from one that never was. A token is in no log and in no header of ours.
"""

import sqlite3
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.config import Config
from syndicate.errors import StoreError
from syndicate.publish.build.private import PrivateFeedWriter
from syndicate.publish.output.formats import format_of
from syndicate.publish.output.gzip_template import GzipTemplate
from syndicate.render import addresses
from syndicate.render.pages.list_pages import ListPages
from syndicate.render.pages.page_frame import PageFrame
from syndicate.render.templates import Templates
from syndicate.store import Store
from syndicate.web.error_pages import ErrorPages
from syndicate.web.pages import WebPages
from syndicate.web.published.content_codings import ContentCoding
from syndicate.web.published.generated_document import GeneratedDocument

_HEADERS = {
    "cache-control": "private, no-store",
    "x-robots-tag": "noindex, nofollow",
    "referrer-policy": "no-referrer",
}
_CODINGS = (ContentCoding.GZIP, ContentCoding.IDENTITY)


class PrivateFeedPages:
    """The feeds under /feeds/private/."""

    def __init__(self, store: Store, config: Config, pages: WebPages) -> None:
        self._store = store
        frame = PageFrame(config, Templates.of(config))
        self._printer = PrivateFeedWriter(store, config, ListPages(frame))
        self._notices = ErrorPages(config, pages)

    def routes(self) -> list[Route]:
        """Return the routes; other methods are refused before anybody looks at the token."""
        path = addresses.private_feed("{token}", "/{path:path}")
        return [Route(path, self.show, methods=["GET", "HEAD"])]

    def show(self, request: Request) -> Response:
        """Answer with a document, or with 304 where the reader has it already."""
        token = request.path_params["token"]
        try:
            with self._store.read() as tx:
                admitted = tx.private_feeds.is_valid(token)
            address = f"/{request.path_params['path']}"
            found = self._printer.document(address) if admitted else None
        except (StoreError, sqlite3.Error):  # what a build left can't be read, either
            return self._notices.busy()
        if found is None:
            raise HTTPException(404)
        each, stencil = found
        return GeneratedDocument(
            digest=stencil.digest,
            media_type=format_of(each.file).media_type,
            made=partial(_fill, stencil, token.encode()),
            said=_HEADERS,
            codings=_CODINGS,
        ).answer(request)


def _fill(stencil: GzipTemplate, token: bytes, coding: ContentCoding) -> bytes:
    return stencil.gzipped(token) if coding is ContentCoding.GZIP else stencil.filled(token)
