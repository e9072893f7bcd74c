"""An LRU cache with a limit in bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class ByteCache(Generic[_K, _V]):
    """Values by key; the least recently used are evicted first."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._entries: OrderedDict[_K, tuple[_V, int]] = OrderedDict()
        self._size = 0

    def __contains__(self, key: _K) -> bool:
        return key in self._entries

    def get(self, key: _K) -> _V | None:
        """Return a cached value, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: _K, value: _V, size: int) -> None:
        """Cache a value of `size` bytes in place of the last one, unless it is too large."""
        _, last = self._entries.pop(key, (None, 0))
        self._size -= last
        if size > self.max_bytes:
            return
        self._entries[key] = (value, size)
        self._size += size
        while self._size > self.max_bytes:
            _, (_, oldest) = self._entries.popitem(last=False)
            self._size -= oldest
