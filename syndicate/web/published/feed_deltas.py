"""Deltas of feeds: documents with only the entries that are new or changed (RFC 3229).

Of each version that was served recently only the hashes of its entries are kept.
"""

from hashlib import blake2b

from syndicate.render.feeds.document_parts import DocumentParts
from syndicate.render.feeds.formats import FORMATS
from syndicate.web.published.byte_cache import ByteCache

MAX_VERSIONS = 64
"""Versions of one feed that are remembered."""
MAX_BYTES = 16 * 1024 * 1024
"""Bytes of hashes and deltas in memory together."""

_HASH_SIZE = 12
"""Bytes for one entry."""
_OVERHEAD = 512
"""Bytes that a cached value takes beside its content, rounded up."""
_PARSERS = {format_.file: format_.split_document for format_ in FORMATS}


class FeedDeltas:
    """The versions of feeds that were served recently, and the deltas from them to the newest.

    Not thread-safe: all calls come from one event loop.
    """

    def __init__(self, max_versions: int = MAX_VERSIONS, max_bytes: int = MAX_BYTES) -> None:
        self._max_versions = max_versions
        # by feed, so that a crawler of the archives evicts no feed that is feed_cache_control
        self._feeds: ByteCache[str, dict[str, bytes]] = ByteCache(max_bytes // 2)
        self._deltas: ByteCache[tuple[str, str, str], bytes | None] = ByteCache(max_bytes // 2)

    def record(self, path: str, digest: str, body: bytes) -> None:
        """Remember a version of a feed that is served; other files are ignored.

        Fast for a version that is known, so it may be called for each response.
        """
        if _name(path) not in _PARSERS:
            return
        versions = self._feeds.get(path) or {}
        if digest in versions:
            versions[digest] = versions.pop(digest)  # what was served last is forgotten last
            return
        versions[digest] = _hashes(path, body)
        limit = self._feeds.max_bytes
        while versions and (len(versions) > self._max_versions or _size(path, versions) > limit):
            del versions[next(iter(versions))]
        self._feeds.put(path, versions, _size(path, versions))

    def has_version(self, path: str, digest: str) -> bool:
        """Return whether a version of a feed was served recently."""
        return digest in (self._feeds.get(path) or ())

    def get(self, path: str, known: str, digest: str, body: bytes) -> bytes | None:
        """Return the version `digest`, whose bytes are `body`, without the entries of `known`.

        A delta has entries whose bytes changed, and tombstones; the order doesn't matter.
        None where the whole document must be sent: `known` is forgotten, or nothing is saved.
        """
        versions = self._feeds.get(path)
        if versions is None or (hashes := versions.get(known)) is None:
            return None
        key = (path, known, digest)
        if key in self._deltas:
            return self._deltas.get(key)
        delta = _build_delta(hashes, path, body)
        self._deltas.put(key, delta, len(delta or b"") + sum(map(len, key)) + _OVERHEAD)
        return delta


def _size(path: str, versions: dict[str, bytes]) -> int:
    hashes = sum(_OVERHEAD + len(digest) + len(known) for digest, known in versions.items())
    return _OVERHEAD + len(path) + hashes


def _build_delta(hashes: bytes, path: str, body: bytes) -> bytes | None:
    """Leave out the entries whose hashes are known; return None if that saves nothing."""
    parts = _parts(path, body)
    if parts is None:
        return None
    known = {hashes[at : at + _HASH_SIZE] for at in range(0, len(hashes), _HASH_SIZE)}
    new = [entry for entry in parts.entries if _hash(entry) not in known]
    return parts.document(new) if len(new) < len(parts.entries) else None


def _hashes(path: str, body: bytes) -> bytes:
    """Return the hashes of all entries in a row; empty if the document can't be parsed."""
    parts = _parts(path, body)
    return b"".join(map(_hash, parts.entries)) if parts else b""


def _hash(entry: bytes) -> bytes:
    return blake2b(entry, digest_size=_HASH_SIZE).digest()


def _parts(path: str, body: bytes) -> DocumentParts | None:
    return _PARSERS[_name(path)](body)


def _name(path: str) -> str:
    return path.rpartition("/")[2]
