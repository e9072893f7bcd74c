"""A memory of what was made once, so long as there is room for it."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class RenderCache(Generic[_K, _V]):
    """Values by their keys; None where something could not be made.

    What was not recalled for the longest is forgotten first. Room is made after a
    recall, so that each is answered whole, however much it asks for.
    """

    def __init__(self, room: int) -> None:
        """Remember values of so many bytes in all."""
        self._room = room
        self._size = 0
        self._kept: OrderedDict[_K, tuple[_V | None, int]] = OrderedDict()

    def __contains__(self, key: _K) -> bool:
        return key in self._kept

    def keep(self, key: _K, value: _V | None, size: int) -> None:
        """Remember a value of so many bytes."""
        self.forget(key)
        self._kept[key] = value, size
        self._size += size

    def recall(self, keys: Iterable[_K]) -> list[_V]:
        """Return what is known by some keys; make room afterwards."""
        found = []
        for key in keys:
            if key in self._kept:
                self._kept.move_to_end(key)
                if (value := self._kept[key][0]) is not None:
                    found.append(value)
        while self._size > self._room:
            _, (_, size) = self._kept.popitem(last=False)
            self._size -= size
        return found

    def forget(self, key: _K) -> None:
        """Know no more by a key."""
        _, size = self._kept.pop(key, (None, 0))
        self._size -= size

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._size = 0
