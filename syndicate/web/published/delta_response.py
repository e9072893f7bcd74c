"""What a feed's reader lacks, as an answer: RFC 3229 with the instance manipulation `feed`.

Wyman, "Using RFC3229 with Feeds", 2004. A reader names the version that it has by its
tag, in whichever coding it came; it gets a document with what was added or changed
since then. A tag that nobody remembers gets the whole document.
"""

from syndicate.web.published.byte_cache import ByteCache
from syndicate.web.published.conditional_requests import parse_etags
from syndicate.web.published.content_codings import ContentCoding, parse_weights
from syndicate.web.published.feed_deltas import FeedDeltas
from syndicate.web.published.file_cache import CachedFile
from syndicate.web.server.responses import FileRequest

_CODED = 4 * 1024 * 1024
"""Bytes of coded bodies that are kept: after a change many readers lack the same."""
_OVERHEAD = 512


def _misled(request: FileRequest) -> bool:
    """Tell whether a client asks without knowing: rss2email by way of feedparser.

    It takes 226 for an error, and would mail nothing (rss2email 3.14).
    """
    return (request.user_agent or "").startswith("rss2email/")


class DeltaResponses:
    """What readers of feeds lack, in the coding that they like."""

    def __init__(self) -> None:
        self._deltas = FeedDeltas()
        self._coded: ByteCache[tuple[str, str, str, ContentCoding], bytes] = ByteCache(_CODED)

    def note(self, file: CachedFile) -> None:
        """Remember a version of a feed that is served."""
        if isinstance(file.body, bytes) and file.format.feed:
            self._deltas.note(file.path, file.digest, file.body)

    def claimed(self, file: CachedFile, request: FileRequest) -> str | None:
        """Return what a client says it has of a feed; all that was never served is alike."""
        if request.if_none_match is None:
            return request.if_modified_since
        for tag in parse_etags(request.if_none_match):
            if self._deltas.knows(file.path, _digest(tag)):
                return tag
        return "unknown"

    def since(self, file: CachedFile, request: FileRequest, coding: ContentCoding) -> bytes | None:
        """Return what the client lacks; None where it lacks all, or asks for no such thing."""
        wants = parse_weights(request.a_im or "").get("feed", 0) and not _misled(request)
        if not wants or request.if_none_match is None or not isinstance(file.body, bytes):
            return None
        self.note(file)
        for tag in parse_etags(request.if_none_match):
            known = _digest(tag)
            body = self._deltas.since(file.path, known, file.digest, file.body)
            if body is not None:
                return self._in(coding, body, (file.path, known, file.digest, coding))
        return None

    def _in(
        self, coding: ContentCoding, body: bytes, key: tuple[str, str, str, ContentCoding]
    ) -> bytes:
        if coding is ContentCoding.IDENTITY:
            return body
        if (coded := self._coded.get(key)) is None:
            coded = coding.applied_to(body)
            self._coded.put(key, coded, len(coded) + _OVERHEAD)
        return coded


def _digest(tag: str) -> str:
    """Return what a tag says of the version, without its coding."""
    return tag.strip('"').partition("-")[0]
