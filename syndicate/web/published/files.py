"""The files of `feeds/` over HTTP: a bare ASGI callable, for speed.

`ResponseHeaders` has the headers of each file; here the conditions of the request decide how much
of it is sent. `docs/serving.md` has the responses as a table.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from starlette.types import Receive, Scope, Send

from syndicate import clock
from syndicate.config import Config
from syndicate.publish.output.formats import COMPRESSED_SUFFIXES, REVALIDATE
from syndicate.render import addresses
from syndicate.web.pages import WebPages
from syndicate.web.published import request_headers
from syndicate.web.published.delta_response import FeedDeltas
from syndicate.web.published.file_cache import CachedFile, FileCache
from syndicate.web.published.poll_limit import PollLimit
from syndicate.web.published.request_headers import ContentCoding
from syndicate.web.published.response_headers import CORS, METHODS, PREFLIGHT, VARY, ResponseHeaders
from syndicate.web.server.client_address import rate_limit_key
from syndicate.web.server.responses import FileRange, FileRequest, HttpResponse, plain_text

_NEGOTIATED = "feed"
_READ_METHODS = frozenset({"GET", "HEAD"})
_TOO_MANY_POLLS = (
    "You asked for this feed too often. Keep the ETag that comes with it, send it back as\n"
    "If-None-Match, and ask no more often than its Cache-Control says.\n"
)


class PublishedFiles:
    """An ASGI application: published files, redirects, and the 404 page."""

    def __init__(self, config: Config, pages: WebPages) -> None:
        self._pages = pages
        self._headers = ResponseHeaders(config)
        self._cache = FileCache(config.output)
        self._page_404: tuple[tuple[int, int], bytes] | None = None
        self._is_one_site = urlsplit(config.web_url).netloc == urlsplit(config.url).netloc
        self._deltas = FeedDeltas()
        self._proxies = config.web.proxies
        allowance, every = config.web.poll_allowance, config.syndication.poll_every
        limit = PollLimit(full_allowance=allowance, every=every)
        self._poll_limit = limit if config.web.poll_limit else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its body, if any, is ignored."""
        request = FileRequest(scope)
        await self.respond(request, at=clock.now()).send(receive, send, method=request.method)

    def immediate_response(self, scope: Scope) -> HttpResponse | None:
        """Return the response, or None if its file has to be read while it is sent."""
        response = self.respond(FileRequest(scope), at=clock.now())
        streamed = isinstance(response.body, FileRange) and scope["method"] != "HEAD"
        return None if streamed else response

    def respond(self, request: FileRequest, *, at: datetime) -> HttpResponse:
        """Return the response to a request that arrived at `at`."""
        if request.method not in _READ_METHODS:
            if request.method == "OPTIONS":
                return HttpResponse(HTTPStatus.NO_CONTENT, PREFLIGHT)
            text = "This can only be read.\n"
            return plain_text(HTTPStatus.METHOD_NOT_ALLOWED, text, {"allow": METHODS})
        path = request.path.removeprefix("/")
        name = f"{path}index.html" if not path or path.endswith("/") else path
        # the compressed twin of a file is for other servers
        twin = name.endswith(COMPRESSED_SUFFIXES) and self._cache.exists(name.rpartition(".")[0])
        file = None if twin else self._cache.get(name, at)
        if file is None:
            return self._not_found(path, request)
        if file.entry is not None and file.entry.location is not None:
            return self._redirect(quote(file.entry.location, safe="/%"), request)
        return self._found(file, request, at)

    # responses with a file

    def _found(self, file: CachedFile, request: FileRequest, at: datetime) -> HttpResponse:
        """Respond with a file, unless a condition or the poll limit forbids it."""
        coding = request_headers.negotiate_coding(request.accept_encoding, file.codings)
        if coding is None:
            text = "No coding is acceptable.\n"
            return _error(file, HTTPStatus.NOT_ACCEPTABLE, text, {"vary": VARY})
        if file.status != HTTPStatus.OK:
            return self._full(file, coding)
        status = request_headers.evaluate(request, file.etags, file.modified)
        if status is HTTPStatus.PRECONDITION_FAILED:
            return _error(file, status, "It is another version by now.\n")
        if (delay := self._poll_delay(file, request, status, at)) > 0:
            headers = {"retry-after": str(delay)}
            return _error(file, HTTPStatus.TOO_MANY_REQUESTS, _TOO_MANY_POLLS, headers)
        return self._allowed(file, request, coding, status)

    def _allowed(
        self, file: CachedFile, request: FileRequest, coding: ContentCoding, status: HTTPStatus
    ) -> HttpResponse:
        """Respond with as little of a file as the client needs."""
        if status is HTTPStatus.NOT_MODIFIED:
            return self._not_modified(file, request, coding)
        if request.a_im is not None and (delta := self._delta(file, request, coding)):
            return delta
        if request.range is not None and request.method == "GET":
            return self._range(file, request, coding)
        return self._full(file, coding)

    def _poll_delay(
        self, file: CachedFile, request: FileRequest, status: HTTPStatus, at: datetime
    ) -> int:
        """Return the seconds after which a client may poll a feed again; mostly 0."""
        if self._poll_limit is None or not self._headers.is_feed(file):
            return 0
        client = rate_limit_key(request.client, request.x_forwarded_for, self._proxies)
        if client is None:
            return 0
        full = status is HTTPStatus.OK and request.method == "GET"
        return self._poll_limit.get_delay(
            (client, request.user_agent, file.path),
            self._deltas.claimed_version(file, request) if full else None,
            full=full,
            at=at,
        )

    def _full(self, file: CachedFile, coding: ContentCoding) -> HttpResponse:
        """Respond with the whole file; the response is built once."""
        if (response := file.responses.get(coding)) is not None:
            return response
        self._deltas.record(file.path, file.digest, file.body)
        body = file.encoded_body(coding)
        headers = self._headers.for_file(file) | _content_headers(file, coding, len(body))
        if file.status == HTTPStatus.OK:
            headers |= {"etag": file.etag(coding), "accept-ranges": "bytes"}
        response = file.responses[coding] = HttpResponse(file.status, headers, body, coding=coding)
        return response

    def _not_modified(
        self, file: CachedFile, request: FileRequest, coding: ContentCoding
    ) -> HttpResponse:
        """Respond with 304 and the ETag that the client sent."""
        listed = request.if_none_match
        etag = (listed and request_headers.match_etag(listed, file.etags)) or file.etag(coding)
        if etag not in (listed or etag):  # `*` names none
            etag = file.etag(coding)
        if (response := file.responses.get(etag)) is None:
            self._deltas.record(file.path, file.digest, file.body)
            headers = self._headers.for_file(file) | {"etag": etag}
            response = file.responses[etag] = HttpResponse(HTTPStatus.NOT_MODIFIED, headers)
        return response

    def _delta(
        self, file: CachedFile, request: FileRequest, coding: ContentCoding
    ) -> HttpResponse | None:
        """Respond with the new entries of a feed (RFC 3229); None if all is needed."""
        body = self._deltas.find(file, request, coding)
        if body is None:
            return None
        headers = self._headers.for_file(file) | {
            "etag": file.etag(coding),
            "im": "feed",
            "cache-control": "no-store, im",
            "vary": f"{VARY}, A-IM, If-None-Match",
            **_content_headers(file, coding, len(body)),
        }
        return HttpResponse(HTTPStatus.IM_USED, headers, body, coding=coding)

    def _range(self, file: CachedFile, request: FileRequest, coding: ContentCoding) -> HttpResponse:
        """Respond with the requested range, if it is valid and of this version."""
        response = self._full(file, coding)
        if request.if_range is not None and not request_headers.matches_if_range(
            request.if_range, file.etag(coding), file.modified
        ):
            return response
        requested = request_headers.parse_range(request.range or "", len(response.body))
        if requested is None:
            return response
        if requested:
            return response.partial(requested.start, requested.stop)
        headers = {"content-range": f"bytes */{len(response.body)}"}
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return _error(file, status, "It has no such part.\n", headers)

    # responses without one

    def _not_found(self, path: str, request: FileRequest) -> HttpResponse:
        """Redirect to the file that is meant, or respond with 404."""
        if self._cache.exists(f"{path}/index.html"):
            return self._redirect(quote(f"/{path}/"), request)
        if path in addresses.ICON_ALIASES:
            return self._redirect(addresses.ICON_ALIASES[path], request)
        folder, _, name = path.rstrip("/").rpartition("/")
        if name not in addresses.FEED_ALIASES:
            return self._error_404()
        # a feed's own address has a single format (WebSub, section 4)
        negotiated = name == _NEGOTIATED
        accepted = (request.accept or "") if negotiated else ""
        matching = (address for _, media_type, address in addresses.FEEDS if media_type in accepted)
        for address in (*matching, addresses.FEED_ALIASES[name]):
            file = f"{folder}{address}".lstrip("/")
            if self._cache.exists(file):
                return self._redirect(
                    quote(f"/{file}"), request, vary="Accept" if negotiated else ""
                )
        return self._error_404()

    def _redirect(self, address: str, request: FileRequest, *, vary: str = "") -> HttpResponse:
        """Redirect permanently to another address, with the query."""
        headers = self._headers.for_redirect(address) | {"content-length": "0"}
        if request.query:
            headers["location"] += f"?{request.query}"
        if vary:
            headers["vary"] = vary
        return HttpResponse(HTTPStatus.MOVED_PERMANENTLY, headers)

    def _error_404(self) -> HttpResponse:
        headers, body = self.not_found()
        return HttpResponse(HTTPStatus.NOT_FOUND, headers, body)

    def not_found(self) -> tuple[dict[str, str], bytes]:
        """Return headers and body of the 404 page that the build wrote, or of a plainer one.

        Its links start at the root, so it can't be shown where `web.url` is another site.
        """
        body = self._built_404() if self._is_one_site else None
        if body is None:
            plain = self._pages.not_found()
            return {**plain.headers, "cache-control": REVALIDATE}, bytes(plain.body)
        return {**self._headers.for_missing(), "content-length": str(len(body))}, body

    def _built_404(self) -> bytes | None:
        """Return the page that the build wrote, read again when it changes; None without one."""
        file = self._cache.folder / addresses.output_path(addresses.NOT_FOUND)
        try:
            status = file.stat()
            version = (status.st_ino, status.st_mtime_ns)
            if self._page_404 is None or self._page_404[0] != version:
                self._page_404 = version, file.read_bytes()
        except OSError:
            return None
        return self._page_404[1]


def _content_headers(file: CachedFile, coding: ContentCoding, size: int) -> dict[str, str]:
    headers = {"content-type": file.format.media_type, "content-length": str(size)}
    return headers if coding is ContentCoding.IDENTITY else headers | {"content-encoding": coding}


def _error(
    file: CachedFile, status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Respond with an error; for a feed with CORS, so that readers in a browser can see it."""
    cors = CORS if file.format.feed else {}
    return plain_text(status, text, {**(headers or {}), **cors})
