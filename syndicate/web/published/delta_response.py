"""Delta responses for feeds: RFC 3229 with the instance manipulation `feed`.

Wyman, "Using RFC3229 with Feeds", 2004. A client sends the ETag of its version, in any
coding, and gets a document with the entries that are new or changed. For an unknown ETag it
gets the whole document. Of each version that was served recently only the hashes of its
entries are kept.
"""

from contextlib import suppress
from hashlib import blake2b

from cachetools import LRUCache

from syndicate.render.feeds.channel import DocumentParts
from syndicate.render.feeds.formats import FORMATS
from syndicate.web.published.file_cache import CachedFile
from syndicate.web.published.request_headers import ContentCoding, parse_etags, parse_weights
from syndicate.web.server.responses import FileRequest, OpenFile

_MAX_VERSIONS = 64
"""Versions of one feed that are remembered."""
_MAX_BYTES = 16 * 1024 * 1024
"""Bytes of hashes and deltas in memory together."""
_HASH_SIZE = 12
"""Bytes for one entry."""
_OVERHEAD = 1024
"""Bytes that a cached value takes beside its content, with its key; rounded up."""
_PARSERS = {format_.file: format_.split_document for format_ in FORMATS}


class FeedDeltas:
    """The versions of feeds that were served recently, and the deltas from them to the newest.

    Not thread-safe: all calls come from one event loop.
    """

    def __init__(self, max_versions: int = _MAX_VERSIONS, max_bytes: int = _MAX_BYTES) -> None:
        self._max_versions = max_versions
        # by feed, so that a crawler of the archives evicts no feed that is polled
        self._feeds: LRUCache[str, dict[str, bytes]] = LRUCache(max_bytes // 2, _hashes_size)
        # a delta is compressed once: after a change many clients need the same one
        self._deltas: LRUCache[tuple[str, str, str, ContentCoding], bytes | None] = LRUCache(
            max_bytes // 2, lambda delta: _OVERHEAD + len(delta or b"")
        )

    def record(self, path: str, digest: str, body: bytes | OpenFile) -> None:
        """Remember a version of a feed that is served; other files are ignored.

        Fast for a version that is known, so it may be called for each response.
        """
        if _name(path) not in _PARSERS or isinstance(body, OpenFile):
            return
        versions = self._feeds.get(path) or {}
        if digest in versions:
            versions[digest] = versions.pop(digest)  # what was served last is forgotten last
            return
        parts = _PARSERS[_name(path)](body)
        versions[digest] = b"".join(map(_hash, parts.entries)) if parts else b""
        limit = self._feeds.maxsize
        while len(versions) > self._max_versions or _hashes_size(versions) > limit:
            del versions[next(iter(versions))]
        self._feeds[path] = versions

    def claimed_version(self, file: CachedFile, request: FileRequest) -> str | None:
        """Return the ETag or date of a client's version; "unknown" for an ETag never served."""
        if request.if_none_match is None:
            return request.if_modified_since
        versions = self._feeds.get(file.path) or {}
        etags = parse_etags(request.if_none_match)
        return next((etag for etag in etags if _digest(etag) in versions), "unknown")

    def find(self, file: CachedFile, request: FileRequest, coding: ContentCoding) -> bytes | None:
        """Return the coded delta; None if it isn't requested or the whole document is needed.

        rss2email 3.14 takes 226 for an error, and mails nothing then: it asks for deltas only
        because feedparser, its library, does.
        """
        wanted = parse_weights(request.a_im or "").get("feed", 0)
        mishandled = (request.user_agent or "").startswith("rss2email/")
        if not wanted or mishandled or isinstance(file.body, OpenFile):
            return None
        self.record(file.path, file.digest, file.body)
        for etag in parse_etags(request.if_none_match or ""):
            delta = self.get(file.path, _digest(etag), file.digest, file.body, coding)
            if delta is not None:
                return delta
        return None

    def get(
        self, path: str, known: str, digest: str, body: bytes, coding: ContentCoding
    ) -> bytes | None:
        """Return the version `digest`, whose bytes are `body`, without the entries of `known`.

        A delta has entries whose bytes changed, and tombstones; the order doesn't matter.
        None where the whole document must be sent: `known` is forgotten, or nothing is saved.
        """
        hashes = (self._feeds.get(path) or {}).get(known)
        if hashes is None:
            return None
        key = (path, known, digest, coding)
        if key in self._deltas:
            return self._deltas[key]
        delta = _build_delta(hashes, _PARSERS[_name(path)](body))
        coded = coding.compress(delta) if delta is not None else None
        with suppress(ValueError):  # it is too large to be cached
            self._deltas[key] = coded
        return coded


def _hashes_size(versions: dict[str, bytes]) -> int:
    return sum(_OVERHEAD + len(hashes) for hashes in versions.values())


def _build_delta(hashes: bytes, parts: DocumentParts | None) -> bytes | None:
    """Leave out the entries whose hashes are known; return None if that saves nothing."""
    if parts is None:
        return None
    known = {hashes[at : at + _HASH_SIZE] for at in range(0, len(hashes), _HASH_SIZE)}
    new = [entry for entry in parts.entries if _hash(entry) not in known]
    return parts.document(new) if len(new) < len(parts.entries) else None


def _hash(entry: bytes) -> bytes:
    return blake2b(entry, digest_size=_HASH_SIZE).digest()


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _digest(etag: str) -> str:
    """Return the digest in an ETag, without its coding."""
    return etag.strip('"').partition("-")[0]
