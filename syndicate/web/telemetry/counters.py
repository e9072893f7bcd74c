"""Counters of responses by kind of request: plain numbers, updated for each request.

One event loop adds, and another thread reads copies. A lock, or a library's counter
with one, would cost more than the rest.
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate

from cachetools import FIFOCache

from syndicate.publish.output.formats import format_of
from syndicate.render import addresses

BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5)
"""Upper bounds of the histogram's buckets, in seconds."""
REPORT_LIFETIME = 3 * 86_400.0
"""Seconds after its last poll for which a service's number of subscribers is reported."""
_MAX_REPORTS = 1000
"""Pairs of service and feed that are remembered."""

PROBES = frozenset({"healthz", "readyz", "metrics"})
"""The first segments of the paths for monitoring."""
_CACHE_SIZE = 4096
"""Paths that are remembered."""
_MAX_CACHED_PATH = 200
"""Characters of such a path."""
_OUTCOMES = {200: "full", 226: "delta", 304: "unmodified", 429: "limited"}


class RequestKind(StrEnum):
    """The kind of a request."""

    PAGE = "page"
    AMP = "amp"
    FEED = "feed"
    SITEMAP = "sitemap"
    MEDIA = "media"
    ASSET = "asset"
    ACTING = "acting"
    """Pages that change something or are made on request: sign-up, preferences, archives."""
    SEARCH = "search"
    PRIVATE_FEED = "private_feed"
    OTHER = "other"


class WebhookResult(StrEnum):
    """What became of a call by a mail provider."""

    ACCEPTED = "accepted"
    REPLAYED = "replayed"
    """All its events were recorded before."""
    FORGED = "forged"
    STALE = "stale"
    MALFORMED = "malformed"
    TOO_LARGE = "too large"
    LIMITED = "limited"
    """There were too many."""
    UNKNOWN = "unknown"
    """There is no such hook."""
    BUSY = "busy"
    """The store can't be written now, or Amazon can't be asked."""
    NO_SECRET = "no secret"  # noqa: S105 - it is missing


def request_classifier(dynamic_prefixes: Collection[str] = ()) -> Callable[[str], RequestKind]:
    """Return a function that classifies decoded paths, which begin with a slash.

    `dynamic_prefixes` are the first segments of the paths of dynamic pages.
    """
    prefixes = frozenset(dynamic_prefixes)
    remembered = lru_cache(_CACHE_SIZE)(lambda path: classify_path(path, prefixes))

    def classify(path: str) -> RequestKind:
        long = len(path) > _MAX_CACHED_PATH
        return classify_path(path, prefixes) if long else remembered(path)

    return classify


def classify_path(path: str, dynamic_prefixes: Collection[str]) -> RequestKind:
    """Return the kind of a path, by its form alone: it may not exist."""
    first = path[1:].partition("/")[0]
    name = path.rpartition("/")[2]
    form = format_of(name)
    is_asset = name.endswith((".css", ".js", ".svg", ".ico", ".webmanifest"))
    rules = (
        (path.startswith(addresses.PRIVATE), RequestKind.PRIVATE_FEED),
        (first in PROBES, RequestKind.OTHER),
        (form.feed or (first == "newsletters" and name == "feed.xml"), RequestKind.FEED),
        (path == "/search" and first in dynamic_prefixes, RequestKind.SEARCH),
        (first in dynamic_prefixes, RequestKind.ACTING),
        (first == "media", RequestKind.MEDIA),
        (path.endswith(("/amp/", "/amp/index.html")), RequestKind.AMP),
        (not name or form.page, RequestKind.PAGE),
        (name.startswith("sitemap") or first == "sitemaps", RequestKind.SITEMAP),
        (first == "assets" or is_asset, RequestKind.ASSET),
        ("." in name, RequestKind.OTHER),
    )
    return next((kind for applies, kind in rules if applies), RequestKind.PAGE)


@dataclass(slots=True)
class KindCounters:
    """The responses to requests of one kind."""

    feed: bool = False
    """Whether its requests are polls of a feed."""
    responses: defaultdict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    """The number of responses by status and coding."""
    bytes: int = 0
    seconds: float = 0.0
    durations: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    """The number of responses in each bucket; the last has no bound."""

    def add(self, status: int, coding: str, size: int, seconds: float) -> None:
        """Count one response."""
        self.responses[status, coding] += 1
        self.bytes += size
        self.seconds += seconds
        self.durations[bisect_left(BOUNDS, seconds)] += 1

    def buckets(self) -> list[tuple[str, float]]:
        """Return the cumulative histogram of Prometheus: each bound with the number up to it."""
        bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.durations)), strict=True))


class RequestCounters:
    """All counters of one process."""

    def __init__(self) -> None:
        self.by_kind = {
            kind: KindCounters(feed=kind in {RequestKind.FEED, RequestKind.PRIVATE_FEED})
            for kind in RequestKind
        }
        self.polls: defaultdict[tuple[str, str], int] = defaultdict(int)
        """The number of polls by family and outcome."""
        self._reports: FIFOCache[tuple[str, str], tuple[int, float]] = FIFOCache(_MAX_REPORTS)
        self.lost_log_lines = 0
        self.limited = dict.fromkeys(("address", "all", "network"), 0)
        """The number of sign-ups that exceeded each limit."""
        self.webhooks: defaultdict[tuple[str, str], int] = defaultdict(int)
        """The number of calls by hook and result; the hook is "" where it doesn't exist."""
        self._lock = threading.Lock()

    def count_poll(self, family: str, status: int) -> None:
        """Count a poll of a feed, by family of client and outcome."""
        self.polls[family, _OUTCOMES.get(status, "other")] += 1

    def set_subscribers(self, family: str, feed: str, subscribers: int, *, at: float) -> None:
        """Store how many people a service reads a feed for; `at` in seconds of any clock.

        Call it only for feeds that exist. The oldest report is forgotten first.
        """
        with self._lock:
            self._reports[family, feed] = subscribers, at

    def add_lost_lines(self, lines: int) -> None:
        """Count lines of the access log that were not written, on any thread."""
        with self._lock:
            self.lost_log_lines += lines

    def count_limited(self, limit: str) -> None:
        """Count a sign-up that exceeded a limit, on any thread."""
        with self._lock:
            self.limited[limit] += 1

    def count_webhook(self, hook: str, result: WebhookResult) -> None:
        """Count a call by a mail provider."""
        self.webhooks[hook, result] += 1

    def subscribers(self, *, at: float) -> dict[tuple[str, str], int]:
        """Return the numbers of subscribers that services reported lately, by family and feed."""
        since = at - REPORT_LIFETIME
        with self._lock:
            return {key: count for key, (count, time) in self._reports.items() if time >= since}
