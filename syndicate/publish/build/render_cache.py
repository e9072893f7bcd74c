"""A cache of rendered fragments with a limit in bytes; the least recently used go first."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class RenderCache(Generic[_K, _V]):
    """Values by key; None for what could not be rendered.

    Values are only evicted after a read, so that every read is complete, however large.
    """

    def __init__(self, max_size: int) -> None:
        """Keep values of at most `max_size` bytes in all."""
        self._max_size = max_size
        self._size = 0
        self._entries: OrderedDict[_K, tuple[_V | None, int]] = OrderedDict()

    def __contains__(self, key: _K) -> bool:
        return key in self._entries

    def put(self, key: _K, value: _V | None, size: int) -> None:
        """Store a value of `size` bytes."""
        self.remove(key)
        self._entries[key] = value, size
        self._size += size

    def get_all(self, keys: Iterable[_K]) -> list[_V]:
        """Return the stored values of some keys; evict old ones afterwards."""
        values = []
        for key in keys:
            if key in self._entries:
                self._entries.move_to_end(key)
                if (value := self._entries[key][0]) is not None:
                    values.append(value)
        while self._size > self._max_size:
            _, (_, size) = self._entries.popitem(last=False)
            self._size -= size
        return values

    def remove(self, key: _K) -> None:
        """Remove a value, if there is one."""
        _, size = self._entries.pop(key, (None, 0))
        self._size -= size

    def clear(self) -> None:
        """Remove all values."""
        self._entries.clear()
        self._size = 0
