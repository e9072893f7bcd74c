"""Responses with a document that is generated on request, as if it were a file.

It has no Last-Modified, ranges or deltas.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from syndicate.web.published.request_headers import (
    ALL_CODINGS,
    ContentCoding,
    evaluate,
    match_etag,
    negotiate_coding,
)
from syndicate.web.server.responses import FileRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedDocument:
    """A document's headers, and a function that generates its body."""

    digest: str
    """Of the uncoded bytes; an ETag adds the coding."""
    media_type: str
    generate: Callable[[ContentCoding], bytes]
    """Returns the body in a coding; it isn't called for a client that has it."""
    headers: Mapping[str, str]
    """The headers in any coding."""
    codings: tuple[ContentCoding, ...] = ALL_CODINGS
    """The codings that it is offered in, the best first."""

    def respond(self, request: Request) -> Response:
        """Respond with the document, 304, 406 or 412, as the request's headers demand."""
        fields = FileRequest(request.scope)
        coding = negotiate_coding(fields.accept_encoding, self.codings)
        if coding is None:
            return self._refused(HTTPStatus.NOT_ACCEPTABLE, "No coding is acceptable.\n")
        etag = coding.etag(self.digest)
        etags = (etag, *(other.etag(self.digest) for other in self.codings if other is not coding))
        status = evaluate(fields, etags, None)
        if status is HTTPStatus.PRECONDITION_FAILED:
            return self._refused(status, "It is another version by now.\n")
        if status is HTTPStatus.NOT_MODIFIED:
            matched = match_etag(fields.if_none_match or "*", etags) or etag
            return Response(status_code=status, headers=self._headers(etag=matched))
        headers = self._headers(etag=etag) | {"content-type": self.media_type}
        if coding is not ContentCoding.IDENTITY:
            headers["content-encoding"] = coding
        return Response(self.generate(coding), headers=headers)

    def _headers(self, **more: str) -> dict[str, str]:
        return {
            **self.headers,
            "vary": "Accept-Encoding",
            "x-content-type-options": "nosniff",
            **more,
        }

    def _refused(self, status: HTTPStatus, text: str) -> Response:
        headers = self._headers() | {"cache-control": "no-store"}
        return Response(text, status, headers=headers, media_type="text/plain")
