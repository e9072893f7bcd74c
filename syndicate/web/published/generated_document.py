"""A document that is made when somebody asks for it, and answered as a file would be.

It has no Last-Modified, parts or increments: it lies nowhere, and changes seldom.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from syndicate.web.published.conditional_requests import evaluate, find_matching_etag
from syndicate.web.published.content_codings import ALL_CODINGS, ContentCoding, negotiate_coding
from syndicate.web.published.response_headers import PREFLIGHT
from syndicate.web.server import responses


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedDocument:
    """What there is to say of a document, and how its bytes are made."""

    digest: str
    """Names its bytes: what is coded otherwise is told by a suffix."""
    media_type: str
    made: Callable[[ContentCoding], bytes]
    """Makes its bytes in a coding; it isn't called for a client that has them."""
    said: Mapping[str, str]
    """The headers that it has in any coding."""
    codings: tuple[ContentCoding, ...] = ALL_CODINGS
    """The codings that it is there in, the best first."""

    def answer(self, request: Request) -> Response:
        """Answer with it, unless the client has it, or asks for what it isn't (RFC 9110, 13)."""
        asked = responses.FileRequest(request.scope)
        coding = negotiate_coding(asked.accept_encoding, self.codings)
        if coding is None:
            return self._refused(HTTPStatus.NOT_ACCEPTABLE, "There is no such coding.\n")
        own = coding.tag(self.digest)
        tags = (own, *(other.tag(self.digest) for other in self.codings if other is not coding))
        verdict = evaluate(asked, tags, None)
        if verdict is HTTPStatus.PRECONDITION_FAILED:
            return self._refused(verdict, "It is another version by now.\n")
        if verdict is HTTPStatus.NOT_MODIFIED:
            known = find_matching_etag(asked.if_none_match or "*", tags) or own
            return Response(status_code=verdict, headers=self._headers(etag=known))
        headers = self._headers(etag=own) | {"content-type": self.media_type}
        if coding is not ContentCoding.IDENTITY:
            headers["content-encoding"] = coding
        return Response(self.made(coding), headers=headers)

    def _headers(self, **more: str) -> dict[str, str]:
        return {
            **self.said,
            "vary": "Accept-Encoding",
            "x-content-type-options": "nosniff",
            **more,
        }

    def _refused(self, status: HTTPStatus, text: str) -> Response:
        headers = self._headers() | {"cache-control": "no-store"}
        return Response(text, status, headers=headers, media_type="text/plain")


def preflight() -> Response:
    """Answer a reader in somebody's browser that asks what it may send."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)
