"""Private feeds over HTTP, for readers whose address has a valid token.

Caches may not store them, and a revoked address looks like one that never existed. Tokens are
in no log, and in no header that we send.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from syndicate.config import Config
from syndicate.publish.build.private_feeds import PrivateFeedWriter
from syndicate.publish.output.formats import format_of
from syndicate.render.pages import ListPages, PageFrame
from syndicate.render.templates import Templates
from syndicate.store import Store
from syndicate.web.published.files import serve_generated
from syndicate.web.published.request_headers import ContentCoding

_HEADERS = {"cache-control": "private, no-store", "x-robots-tag": "noindex, nofollow"}
_CODINGS = (ContentCoding.GZIP, ContentCoding.IDENTITY)


class PrivateFeedPages:
    """The feeds under /feeds/private/."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        frame = PageFrame(config, Templates(config.templates))
        self._writer = PrivateFeedWriter(store, config, ListPages(frame))

    def show(self, request: Request) -> Response:
        """Return a document, or a 304."""
        token = request.path_params["token"]
        with self._store.read() as tx:
            is_valid = tx.private_feeds.is_valid(token)
        path = f"/{request.path_params['path']}"
        result = self._writer.document(path) if is_valid else None
        if result is None:
            raise HTTPException(404)
        document, template = result

        def fill(coding: ContentCoding) -> bytes:
            zipped = coding is ContentCoding.GZIP
            return (template.render_gzipped if zipped else template.render)(token.encode())

        headers = {**_HEADERS, "content-type": format_of(document.file).media_type}
        return serve_generated(request, template.digest, fill, headers, _CODINGS)
