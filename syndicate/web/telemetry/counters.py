"""What was answered, counted: plain numbers, cheap to add to, and read at leisure.

One event loop adds; whoever scrapes reads copies from another thread. A lock, or a
library's counter with one, would cost more than the rest of the count.
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from itertools import accumulate

from syndicate.web.telemetry.request_kinds import RequestKind

BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5)
"""Seconds up to which an answer belongs to a bucket of the histogram."""
REMEMBERED_FOR = 3 * 86_400.0
"""Seconds after which a service that no longer asks is taken to have nobody left."""
_REPORTS = 1000
"""How many pairs of service and feed are kept."""

_OUTCOMES = {200: "full", 226: "delta", 304: "unmodified", 429: "limited"}


class KindCounters:
    """What was answered to requests of one kind."""

    __slots__ = ("answers", "bytes", "durations", "feed", "seconds")

    def __init__(self, *, feed: bool = False) -> None:
        self.feed = feed
        """Whether who asks is counted as a poller."""
        self.answers: defaultdict[tuple[int, str], int] = defaultdict(int)
        """How many, by status and coding."""
        self.bytes = 0
        self.seconds = 0.0
        self.durations = [0] * (len(BOUNDS) + 1)
        """How many took as long as each bucket says, and no less; the last has no bound."""

    def add(self, status: int, coding: str, size: int, seconds: float) -> None:
        """Count one answer."""
        self.answers[status, coding] += 1
        self.bytes += size
        self.seconds += seconds
        self.durations[bisect_left(BOUNDS, seconds)] += 1

    def buckets(self) -> list[tuple[str, float]]:
        """Return the histogram as Prometheus has it: each bound with all up to it."""
        bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.durations)), strict=True))


class RequestCounters:
    """All that one process counted since it began."""

    def __init__(self) -> None:
        self.tallies = {
            kind: KindCounters(feed=kind in {RequestKind.FEED, RequestKind.PRIVATE_FEED})
            for kind in RequestKind
        }
        self._polls: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._reports: dict[tuple[str, str], tuple[int, float]] = {}
        self.lost = 0
        """How many lines of the access log were not written."""
        self._limited = dict.fromkeys(("address", "all", "network"), 0)
        self._locked = threading.Lock()

    def poll(self, family: str, status: int) -> None:
        """Count that a reader asked for a feed, and what came of it."""
        self._polls[family, _OUTCOMES.get(status, "other")] += 1

    def report(self, family: str, feed: str, subscribers: int, *, at: float) -> None:
        """Note for how many people a service says it reads a feed; `at` in seconds of any clock.

        Feeds are to be those that exist. Who reported longest ago is forgotten first.
        """
        reports = self._reports
        reports.pop((family, feed), None)
        if len(reports) >= _REPORTS:
            del reports[next(iter(reports))]
        reports[family, feed] = subscribers, at

    def lose(self, lines: int) -> None:
        """Count lines of the access log that are not written, on whatever thread."""
        with self._locked:
            self.lost += lines

    def limit(self, limit: str) -> None:
        """Count a sign-up that went over a limit, on whatever thread."""
        with self._locked:
            self._limited[limit] += 1

    @property
    def limited(self) -> dict[str, int]:
        """How many sign-ups went over a limit, by the limit."""
        return self._limited.copy()

    @property
    def polls(self) -> dict[tuple[str, str], int]:
        """How many polls there were, by family and outcome."""
        return self._polls.copy()

    def reported(self, *, at: float) -> dict[tuple[str, str], int]:
        """Return for how many people services read, by family and feed, as far as it's recent."""
        since = at - REMEMBERED_FOR
        return {key: said for key, (said, then) in self._reports.copy().items() if then >= since}
