"""Documents that are made on request and served like files, as private feeds of readers are."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.config import Config
from syndicate.publish.build.private_feeds import PrivateFeedWriter
from syndicate.publish.output.formats import format_of
from syndicate.render import addresses
from syndicate.render.pages import ListPages, PageFrame
from syndicate.render.templates import Templates
from syndicate.store import Store
from syndicate.web.published import request_headers
from syndicate.web.published.file_cache import content_digest
from syndicate.web.published.request_headers import ALL_CODINGS, ContentCoding
from syndicate.web.published.response_headers import VARY
from syndicate.web.server.responses import FileRequest

_PRIVATE_HEADERS = {"cache-control": "private, no-store", "x-robots-tag": "noindex, nofollow"}
_PRIVATE_CODINGS = (ContentCoding.GZIP, ContentCoding.IDENTITY)


def serve_generated(
    request: Request,
    digest: str,
    generate: Callable[[ContentCoding], bytes],
    headers: Mapping[str, str],
    codings: tuple[ContentCoding, ...] = ALL_CODINGS,
) -> Response:
    """Serve a document that is generated on request as if it were a file.

    It has no Last-Modified, ranges or deltas. `digest` is that of the uncoded bytes; `generate`
    returns the body in one of the `codings`, the best first, and isn't called for a client that
    has it. `headers` are those in any coding. Respond with the document, 304, 406 or 412, as the
    request's headers demand.
    """
    headers = {**headers, "vary": VARY}
    refused = {**headers, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
    fields = FileRequest(request.scope)
    coding = request_headers.negotiate_coding(fields.accept_encoding, codings)
    if coding is None:
        return Response("No coding is acceptable.\n", HTTPStatus.NOT_ACCEPTABLE, refused)
    etag = coding.etag(digest)
    etags = (etag, *(other.etag(digest) for other in codings if other is not coding))
    status = request_headers.evaluate(fields, etags, None)
    if status is HTTPStatus.PRECONDITION_FAILED:
        return Response("It is another version by now.\n", status, refused)
    if status is HTTPStatus.NOT_MODIFIED:
        etag = request_headers.match_etag(fields.if_none_match or "*", etags) or etag
        del headers["content-type"]
        return Response(status_code=status, headers={**headers, "etag": etag})
    if coding is not ContentCoding.IDENTITY:
        headers["content-encoding"] = coding
    return Response(generate(coding), headers={**headers, "etag": etag})


def serve_bytes(request: Request, body: bytes, headers: Mapping[str, str]) -> Response:
    """Serve a document that is small enough to be generated for each request."""
    return serve_generated(
        request, content_digest(body), lambda coding: coding.compress(body), headers
    )


class PrivateFeedPages:
    """The feeds under /feeds/private/, for readers whose address has a valid token.

    Caches may not store them, and a revoked address looks like one that never existed. Tokens
    are in no log, and in no header that we send.
    """

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        frame = PageFrame(config, Templates(config.templates))
        self._writer = PrivateFeedWriter(store, config, ListPages(frame))

    def routes(self) -> list[Route]:
        """Return the route; other methods are refused before the token is checked."""
        path = addresses.private_feed("{token}", "/{path:path}")
        return [Route(path, self.show, methods=["GET", "HEAD"])]

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

        headers = {**_PRIVATE_HEADERS, "content-type": format_of(document.file).media_type}
        return serve_generated(request, template.digest, fill, headers, _PRIVATE_CODINGS)
