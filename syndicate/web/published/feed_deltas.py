"""What a feed's readers lack: documents with only the entries that are new or changed.

RFC 3229 with the instance manipulation `feed` (Wyman 2004). Of the versions that
were served lately nothing but hashes of their entries is kept.
"""

from hashlib import blake2b

from syndicate.render.feeds import FORMATS, DocumentParts
from syndicate.web.published.byte_cache import ByteCache

VERSIONS = 64
"""How many versions of one feed are remembered."""
MEMORY = 16 * 1024 * 1024
"""How many bytes versions and answers take up together."""

_HASH = 12
"""Bytes for one entry."""
_OVERHEAD = 512
"""Bytes that keeping something takes beside its content, on the safe side."""
_TAKEN_APART = {each.file: each.split_document for each in FORMATS}


class FeedDeltas:
    """The versions of feeds that were served lately, and the ways from them to the newest.

    For one event loop: nothing here waits.
    """

    def __init__(self, versions: int = VERSIONS, memory: int = MEMORY) -> None:
        self._versions = versions
        # By feed, so that whoever walks through the archives drives out no feed that is polled.
        self._feeds: ByteCache[str, dict[str, bytes]] = ByteCache(memory // 2)
        self._answers: ByteCache[tuple[str, str, str], bytes | None] = ByteCache(memory // 2)

    def note(self, path: str, digest: str, body: bytes) -> None:
        """Remember a version of a file that is served; one that is no feed is passed over.

        Quick where it is remembered already, so it may be called for each answer.
        """
        if not _is_feed(path):
            return
        versions = self._feeds.get(path) or {}
        if digest in versions:
            versions[digest] = versions.pop(digest)  # what was served last is forgotten last
            return
        versions[digest] = _hashes(path, body)
        room = self._feeds.memory
        while versions and (len(versions) > self._versions or _weight(path, versions) > room):
            del versions[next(iter(versions))]
        self._feeds.put(path, versions, _weight(path, versions))

    def knows(self, path: str, digest: str) -> bool:
        """Whether a version of a file was served lately."""
        return digest in (self._feeds.get(path) or ())

    def since(self, path: str, known: str, digest: str, body: bytes) -> bytes | None:
        """Return the version `digest`, whose bytes are `body`, without what `known` had.

        An entry whose bytes changed is in, and so is a tombstone; an order that
        changed is none. None where the whole document must be sent: `known` was
        forgotten, or nothing would be saved.
        """
        versions = self._feeds.get(path)
        if versions is None or (hashes := versions.get(known)) is None:
            return None
        way = (path, known, digest)
        if way in self._answers:
            return self._answers.get(way)
        answer = _without(hashes, path, body)
        self._answers.put(way, answer, len(answer or b"") + sum(map(len, way)) + _OVERHEAD)
        return answer


def _weight(path: str, versions: dict[str, bytes]) -> int:
    hashes = sum(_OVERHEAD + len(digest) + len(known) for digest, known in versions.items())
    return _OVERHEAD + len(path) + hashes


def _without(hashes: bytes, path: str, body: bytes) -> bytes | None:
    """Leave the entries out whose hashes are among those; None if that saves nothing."""
    parts = _parts(path, body)
    if parts is None:
        return None
    there = {hashes[at : at + _HASH] for at in range(0, len(hashes), _HASH)}
    lacking = [entry for entry in parts.entries if _hash(entry) not in there]
    return parts.document(lacking) if len(lacking) < len(parts.entries) else None


def _hashes(path: str, body: bytes) -> bytes:
    """Return the hashes of all entries, one after the other; none where they can't be told."""
    parts = _parts(path, body)
    return b"".join(map(_hash, parts.entries)) if parts else b""


def _hash(entry: bytes) -> bytes:
    return blake2b(entry, digest_size=_HASH).digest()


def _parts(path: str, body: bytes) -> DocumentParts | None:
    return _TAKEN_APART[_name(path)](body)


def _is_feed(path: str) -> bool:
    return _name(path) in _TAKEN_APART


def _name(path: str) -> str:
    return path.rpartition("/")[2]
