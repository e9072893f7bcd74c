"""How often a client may do something at once, in memory: a token bucket for each."""

import threading
from datetime import datetime, timedelta

from cachetools import LRUCache

_MAX_CLIENTS = 20_000


class ClientLimit:
    """A token bucket for each client; those that were seen least lately are forgotten first."""

    def __init__(self, *, burst: int, per_second: float) -> None:
        """Allow a client `burst` times at once, and `per_second` more afterwards."""
        self._burst = burst
        self._per_second = per_second
        self._buckets: LRUCache[str, tuple[float, datetime]] = LRUCache(_MAX_CLIENTS)
        self._lock = threading.Lock()

    def take(self, client: str, *, at: datetime) -> timedelta | None:
        """Count one more, or return how long the client has to wait for it."""
        return self._take(client, 1, at)

    def wait(self, client: str, *, at: datetime) -> timedelta | None:
        """Return how long a client has to wait that has none left, and count nothing."""
        return self._take(client, 0, at)

    def _take(self, client: str, count: int, at: datetime) -> timedelta | None:
        with self._lock:
            tokens, since = self._buckets.get(client, (float(self._burst), at))
            passed = max((at - since).total_seconds(), 0)
            tokens = min(self._burst, tokens + passed * self._per_second)
            if is_allowed := tokens >= 1:
                tokens -= count
            self._buckets[client] = tokens, at
        return None if is_allowed else timedelta(seconds=(1 - tokens) / self._per_second)
