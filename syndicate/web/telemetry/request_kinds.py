"""The kind of a request, by its path: a label of metrics and access log."""

from collections.abc import Callable, Collection
from enum import StrEnum
from functools import lru_cache

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
