"""What kind of thing a path asks for: the label that requests are counted by."""

from collections.abc import Collection
from enum import StrEnum

from syndicate.publish.output.formats import format_of
from syndicate.render import addresses

PROBES = frozenset({"healthz", "readyz", "metrics"})
"""The first parts of paths that machines of the operator ask for."""
_REMEMBERED = 4096
"""How many paths are known by heart; the rest is looked at again."""
_LONGEST = 200
"""How many characters such a path has at most: what is remembered is bounded in bytes, too."""


class RequestKind(StrEnum):
    """A kind of thing that is asked for."""

    PAGE = "page"
    AMP = "amp"
    FEED = "feed"
    SITEMAP = "sitemap"
    MEDIA = "media"
    ASSET = "asset"
    ACTING = "acting"
    """Pages that do something, or are made for one reader: sign-up, preferences, archives."""
    PRIVATE_FEED = "private_feed"
    OTHER = "other"


class RequestClassifier:
    """Tells the kind of a path; the paths asked for most are known by heart."""

    def __init__(self, acting: Collection[str] = ()) -> None:
        """Take the first parts of the paths of pages that act."""
        self._acting = frozenset(acting)
        self._known: dict[str, RequestKind] = {}

    def of(self, path: str) -> RequestKind:
        """Return the kind of a decoded path that begins with a slash."""
        known = self._known.get(path)
        if known is not None:
            return known
        kind = classify_path(path, self._acting)
        if len(path) <= _LONGEST:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[path] = kind
        return kind


def classify_path(path: str, acting: Collection[str] = ()) -> RequestKind:
    """Return the kind of a path, by its shape alone: whether anything is there is not asked."""
    if path.startswith(addresses.PRIVATE):
        return RequestKind.PRIVATE_FEED
    first = path[1:].partition("/")[0]
    name = path.rpartition("/")[2]
    form = format_of(name)
    if first in PROBES:
        return RequestKind.OTHER
    if form.feed or (first == "newsletters" and name == "feed.xml"):
        return RequestKind.FEED
    if first in acting:
        return RequestKind.ACTING
    if first == "media":
        return RequestKind.MEDIA
    return _file(path, first, name, page=form.page)


def _file(path: str, first: str, name: str, *, page: bool) -> RequestKind:
    if path.endswith(("/amp/", "/amp/index.html")):
        return RequestKind.AMP
    if not name or page:
        return RequestKind.PAGE
    if name.startswith("sitemap") or first == "sitemaps":
        return RequestKind.SITEMAP
    if first == "assets" or name.endswith((".css", ".js", ".svg", ".ico", ".webmanifest")):
        return RequestKind.ASSET
    return RequestKind.OTHER if "." in name else RequestKind.PAGE
