"""The files of `feeds/` over HTTP: a bare ASGI callable, no framework in the way.

What is said of each file is the contract's; here it is weighed against what the
request says. `docs/serving.md` has it as a table.
"""

from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from syndicate import clock
from syndicate.config import Config
from syndicate.publish.output.compression import TWINS
from syndicate.publish.output.formats import ALWAYS_ASK
from syndicate.web.pages import WebPages
from syndicate.web.published.byte_ranges import parse_range
from syndicate.web.published.common_paths import CommonPaths, varies_by_accept
from syndicate.web.published.conditional_requests import (
    evaluate,
    find_matching_etag,
    matches_if_range,
)
from syndicate.web.published.content_codings import ContentCoding, negotiate_coding
from syndicate.web.published.delta_response import DeltaResponses
from syndicate.web.published.file_cache import CachedFile, FileCache
from syndicate.web.published.manifest_lookup import ManifestLookup
from syndicate.web.published.poll_limit import PollLimit
from syndicate.web.published.response_headers import CORS, METHODS, PREFLIGHT, ResponseHeaders
from syndicate.web.server.client_address import rate_limit_key
from syndicate.web.server.responses import (
    FileRange,
    FileRequest,
    HttpResponse,
    encode_headers,
    text_response,
)

_READS = frozenset({"GET", "HEAD"})
_VARY = "Accept-Encoding"


class PublishedFiles:
    """An ASGI application: what is published, where it moved to, and a page for the rest."""

    def __init__(self, config: Config, pages: WebPages) -> None:
        """Serve the output of a publication."""
        self._pages = pages
        self._contract = ResponseHeaders(config)
        self._shelf = FileCache(config.output, ManifestLookup(config.output).entry)
        self._guesses = CommonPaths(config, self._shelf.has)
        self._increments = DeltaResponses()
        self._proxies = config.web.proxies
        self._polling = PollLimit.of(config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its body, if it has one, is nobody's concern."""
        request = FileRequest(scope)
        await self.answer(request, at=clock.now()).send(receive, send, method=request.method)

    def at_once(self, scope: Scope) -> HttpResponse | None:
        """Return the answer to a request, or None where it has to be read while it is sent."""
        answer = self.answer(FileRequest(scope), at=clock.now())
        read = isinstance(answer.body, FileRange) and scope["method"] != "HEAD"
        return None if read else answer

    def answer(self, request: FileRequest, *, at: datetime) -> HttpResponse:
        """Return what to say to a request that came in at `at`."""
        if request.method not in _READS:
            return self._another_method(request)
        path = request.path.removeprefix("/")
        name = f"{path}index.html" if not path or path.endswith("/") else path
        file = None if self._is_twin(name) else self._shelf.read(name, at)
        if file is None:
            return self._absent(path, request)
        if file.entry is not None and file.entry.location is not None:
            return self._moved(quote(file.entry.location, safe="/%"), request)
        return self._there(file, request, at)

    # what is there

    def _there(self, file: CachedFile, request: FileRequest, at: datetime) -> HttpResponse:
        """Answer with a file, unless a condition or its limit speaks against it."""
        coding = negotiate_coding(request.accept_encoding, file.codings)
        if coding is None:
            answer = text_response(
                HTTPStatus.NOT_ACCEPTABLE, "There is no such coding.\n", vary=_VARY
            )
            return _refused(answer, file)
        if file.status != HTTPStatus.OK:
            return self._whole(file, coding)
        verdict = evaluate(request, file.tags, file.modified)
        if verdict is HTTPStatus.PRECONDITION_FAILED:
            return _refused(text_response(verdict, "It is another version by now.\n"), file)
        if (wait := self._wait(file, request, verdict, at)) > 0:
            return _refused(_come_back(wait), file)
        return self._in_short(file, request, coding, verdict)

    def _in_short(
        self, file: CachedFile, request: FileRequest, coding: ContentCoding, verdict: HTTPStatus
    ) -> HttpResponse:
        """Answer with no more of a file than is wanted."""
        if verdict is HTTPStatus.NOT_MODIFIED:
            return self._unmodified(file, request, coding)
        if request.a_im is not None and (less := self._increment(file, request, coding)):
            return less
        if request.range is not None and request.method == "GET":
            return self._part(file, request, coding)
        return self._whole(file, coding)

    def _wait(
        self, file: CachedFile, request: FileRequest, verdict: HTTPStatus, at: datetime
    ) -> int:
        """Return for how many seconds a client should leave a feed alone; mostly 0."""
        if self._polling is None or not self._contract.is_feed(file):
            return 0
        client = rate_limit_key(request.client, request.forwarded_for, self._proxies)
        if client is None:
            return 0
        full = verdict is HTTPStatus.OK and request.method == "GET"
        return self._polling.wait(
            (client, request.user_agent, file.path),
            self._increments.claimed(file, request) if full else None,
            full=full,
            at=at,
        )

    def _whole(self, file: CachedFile, coding: ContentCoding) -> HttpResponse:
        """Answer with all of it, put together once."""
        if (answer := file.answers.get(coding)) is not None:
            return answer
        self._increments.note(file)
        body = file.body_in(coding)
        headers = self._contract.headers(file) | _coded(file, coding, len(body))
        if file.status == HTTPStatus.OK:
            headers |= {"etag": file.tag(coding), "accept-ranges": "bytes"}
        answer = file.answers[coding] = HttpResponse(
            file.status, encode_headers(headers), body, coding=coding
        )
        return answer

    def _unmodified(
        self, file: CachedFile, request: FileRequest, coding: ContentCoding
    ) -> HttpResponse:
        """Answer that the client has it, with the tag that it named."""
        listed = request.if_none_match
        tag = (listed and find_matching_etag(listed, file.tags)) or file.tag(coding)
        if tag not in (listed or tag):  # `*` names none
            tag = file.tag(coding)
        if (answer := file.answers.get(tag)) is None:
            self._increments.note(file)
            headers = self._contract.headers(file) | {"etag": tag}
            answer = file.answers[tag] = HttpResponse(
                HTTPStatus.NOT_MODIFIED, encode_headers(headers)
            )
        return answer

    def _increment(
        self, file: CachedFile, request: FileRequest, coding: ContentCoding
    ) -> HttpResponse | None:
        """Answer with what a feed's reader lacks (RFC 3229); None where it has to be all."""
        if not self._contract.is_feed(file) or request.if_none_match is None:
            return None
        body = self._increments.since(file, request, coding)
        if body is None:
            return None
        headers = self._contract.headers(file) | {
            "etag": file.tag(coding),
            "im": "feed",
            "cache-control": "no-store, im",
            "vary": f"{_VARY}, A-IM, If-None-Match",
            **_coded(file, coding, len(body)),
        }
        return HttpResponse(HTTPStatus.IM_USED, encode_headers(headers), body, coding=coding)

    def _part(self, file: CachedFile, request: FileRequest, coding: ContentCoding) -> HttpResponse:
        """Answer with a part of it, if that is one and of this very version."""
        whole = self._whole(file, coding)
        tag, condition = file.tag(coding), request.if_range
        if condition is not None and not matches_if_range(condition, tag, file.modified):
            return whole
        wanted = parse_range(request.range or "", len(whole.body))
        if wanted is None:
            return whole
        if wanted.satisfiable:
            return whole.part(wanted.start, wanted.end)
        answer = text_response(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "It has no such part.\n",
            content_range=f"bytes */{len(whole.body)}",
        )
        return _refused(answer, file)

    # what is not

    def _is_twin(self, name: str) -> bool:
        """Tell whether a name is that of a compressed twin: those are for other servers."""
        return name.endswith(TWINS) and self._shelf.has(name.rpartition(".")[0])

    def _absent(self, path: str, request: FileRequest) -> HttpResponse:
        """Answer where no file is: perhaps at another address."""
        if self._shelf.has(f"{path}/index.html"):
            return self._moved(quote(f"/{path}/"), request)
        if (meant := self._guesses.meant(path, request.accept)) is not None:
            return self._moved(
                quote(meant), request, vary="Accept" if varies_by_accept(path) else None
            )
        return self._missing

    def _moved(
        self, address: str, request: FileRequest, *, vary: str | None = None
    ) -> HttpResponse:
        """Send the client to another address for good, with its query."""
        headers = self._contract.moved(address) | {"content-length": "0"}
        if request.query:
            headers["location"] += f"?{request.query}"
        if vary is not None:
            headers["vary"] = vary
        return HttpResponse(HTTPStatus.MOVED_PERMANENTLY, encode_headers(headers))

    @cached_property
    def _missing(self) -> HttpResponse:
        page = self._pages.not_found()
        length = {"content-length": str(len(page.body)), "cache-control": ALWAYS_ASK}
        return HttpResponse(HTTPStatus.NOT_FOUND, encode_headers(page.headers | length), page.body)

    def _another_method(self, request: FileRequest) -> HttpResponse:
        if request.method == "OPTIONS":
            return HttpResponse(HTTPStatus.NO_CONTENT, encode_headers(PREFLIGHT))
        return text_response(
            HTTPStatus.METHOD_NOT_ALLOWED, "This can only be read.\n", allow=METHODS
        )


def _coded(file: CachedFile, coding: ContentCoding, size: int) -> dict[str, str]:
    """Return what is said of a body."""
    said = {"content-type": file.format.media_type, "content-length": str(size)}
    return said if coding is ContentCoding.IDENTITY else said | {"content-encoding": coding}


def _refused(answer: HttpResponse, file: CachedFile) -> HttpResponse:
    """Let readers in other people's browsers know why they get no feed."""
    if file.format.feed:
        answer.headers.extend(encode_headers(CORS))
    return answer


def _come_back(seconds: int) -> HttpResponse:
    """Tell a client that polls too often, or asks for all each time, to wait."""
    return text_response(
        HTTPStatus.TOO_MANY_REQUESTS,
        "You asked for this feed too often. Keep the ETag that comes with it, send it back as\n"
        "If-None-Match, and ask no more often than its Cache-Control says.\n",
        retry_after=str(seconds),
    )
