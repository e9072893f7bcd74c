"""Delta responses for feeds: RFC 3229 with the instance manipulation `feed`.

Wyman, "Using RFC3229 with Feeds", 2004. A client sends the ETag of its version, in any
coding, and gets a document with the entries that are new or changed. For an unknown ETag it
gets the whole document.
"""

from syndicate.web.published.byte_cache import ByteCache
from syndicate.web.published.conditional_requests import parse_etags
from syndicate.web.published.content_codings import ContentCoding, parse_weights
from syndicate.web.published.feed_deltas import FeedDeltas
from syndicate.web.published.file_cache import CachedFile
from syndicate.web.server.responses import FileRequest

_CACHE_SIZE = 4 * 1024 * 1024
"""Bytes of compressed deltas in memory: after a change many clients need the same delta."""
_OVERHEAD = 512


def _mishandles_deltas(request: FileRequest) -> bool:
    """Return whether a client takes 226 for an error: rss2email 3.14, which mails nothing then.

    It asks for deltas only because feedparser, its library, does.
    """
    return (request.user_agent or "").startswith("rss2email/")


class DeltaResponses:
    """Finds the delta for a request, in its coding."""

    def __init__(self) -> None:
        self._deltas = FeedDeltas()
        self._compressed: ByteCache[tuple[str, str, str, ContentCoding], bytes] = ByteCache(
            _CACHE_SIZE
        )

    def record(self, file: CachedFile) -> None:
        """Remember a version of a feed that is served."""
        if isinstance(file.body, bytes) and file.format.feed:
            self._deltas.record(file.path, file.digest, file.body)

    def claimed_version(self, file: CachedFile, request: FileRequest) -> str | None:
        """Return the ETag or date of a client's version; "unknown" for an ETag never served."""
        if request.if_none_match is None:
            return request.if_modified_since
        for etag in parse_etags(request.if_none_match):
            if self._deltas.has_version(file.path, _digest(etag)):
                return etag
        return "unknown"

    def get(self, file: CachedFile, request: FileRequest, coding: ContentCoding) -> bytes | None:
        """Return the coded delta; None if it isn't requested or the whole document is needed."""
        wants = parse_weights(request.a_im or "").get("feed", 0) and not _mishandles_deltas(request)
        if not wants or request.if_none_match is None or not isinstance(file.body, bytes):
            return None
        self.record(file)
        for etag in parse_etags(request.if_none_match):
            known_digest = _digest(etag)
            body = self._deltas.get(file.path, known_digest, file.digest, file.body)
            if body is not None:
                return self._compress(coding, body, (file.path, known_digest, file.digest, coding))
        return None

    def _compress(
        self, coding: ContentCoding, body: bytes, key: tuple[str, str, str, ContentCoding]
    ) -> bytes:
        if coding is ContentCoding.IDENTITY:
            return body
        if (compressed := self._compressed.get(key)) is None:
            compressed = coding.compress(body)
            self._compressed.put(key, compressed, len(compressed) + _OVERHEAD)
        return compressed


def _digest(etag: str) -> str:
    """Return the digest in an ETag, without its coding."""
    return etag.strip('"').partition("-")[0]
