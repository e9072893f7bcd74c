"""What was asked for lately, as much of it as goes into so many bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class ByteCache(Generic[_K, _V]):
    """Values by their keys; what nobody asked for is let go of first."""

    def __init__(self, memory: int) -> None:
        """Keep no more than `memory` bytes."""
        self.memory = memory
        self._kept: OrderedDict[_K, tuple[_V, int]] = OrderedDict()
        self._weight = 0

    def __contains__(self, key: _K) -> bool:
        return key in self._kept

    def get(self, key: _K) -> _V | None:
        """Return a value that is kept; None without one."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: _K, value: _V, weight: int) -> None:
        """Keep a value that takes up `weight` bytes, in place of the last one."""
        _, last = self._kept.pop(key, (None, 0))
        self._weight -= last
        if weight > self.memory:
            return
        self._kept[key] = (value, weight)
        self._weight += weight
        while self._weight > self.memory:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._weight -= oldest
