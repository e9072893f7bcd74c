"""The kind of a request, by its path: a label of metrics and access log."""

from collections.abc import Collection
from enum import StrEnum

from syndicate.publish.output.formats import format_of
from syndicate.render import addresses

PROBES = frozenset({"healthz", "readyz", "metrics"})
"""The first segments of the paths for monitoring."""
_CACHE_SIZE = 4096
"""Paths that are remembered."""
_MAX_CACHED_PATH = 200
"""Characters of such a path."""


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
    PRIVATE_FEED = "private_feed"
    OTHER = "other"


class RequestClassifier:
    """Classifies paths, and remembers the result."""

    def __init__(self, dynamic_prefixes: Collection[str] = ()) -> None:
        """`dynamic_prefixes` are the first segments of the paths of dynamic pages."""
        self._dynamic_prefixes = frozenset(dynamic_prefixes)
        self._known: dict[str, RequestKind] = {}

    def classify(self, path: str) -> RequestKind:
        """Return the kind of a decoded path that begins with a slash."""
        kind = self._known.get(path)
        if kind is not None:
            return kind
        kind = classify_path(path, self._dynamic_prefixes)
        if len(path) <= _MAX_CACHED_PATH:
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            self._known[path] = kind
        return kind


def classify_path(path: str, dynamic_prefixes: Collection[str] = ()) -> RequestKind:
    """Return the kind of a path, by its form alone: it may not exist."""
    if path.startswith(addresses.PRIVATE):
        return RequestKind.PRIVATE_FEED
    first = path[1:].partition("/")[0]
    name = path.rpartition("/")[2]
    form = format_of(name)
    if first in PROBES:
        return RequestKind.OTHER
    if form.feed or (first == "newsletters" and name == "feed.xml"):
        return RequestKind.FEED
    if first in dynamic_prefixes:
        return RequestKind.ACTING
    if first == "media":
        return RequestKind.MEDIA
    return _classify_file(path, first, name, page=form.page)


def _classify_file(path: str, first: str, name: str, *, page: bool) -> RequestKind:
    if path.endswith(("/amp/", "/amp/index.html")):
        return RequestKind.AMP
    if not name or page:
        return RequestKind.PAGE
    if name.startswith("sitemap") or first == "sitemaps":
        return RequestKind.SITEMAP
    if first == "assets" or name.endswith((".css", ".js", ".svg", ".ico", ".webmanifest")):
        return RequestKind.ASSET
    return RequestKind.OTHER if "." in name else RequestKind.PAGE
