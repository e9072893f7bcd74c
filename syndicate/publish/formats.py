"""What kind of thing a published file is, as HTTP wants to know it."""

from dataclasses import dataclass
from enum import StrEnum

from syndicate.render import freshness

_POLLED = int(freshness.FEEDS.total_seconds())


class Freshness(StrEnum):
    """How long a copy may be used without asking: values of Cache-Control."""

    ALWAYS_ASK = "no-cache"
    """Pages: a copy is kept, and a 304 is cheap."""
    POLLED = f"public, max-age={_POLLED}, stale-while-revalidate={_POLLED}, stale-if-error=86400"
    """Feeds and their list; `<ttl>` in RSS says the same."""
    FOREVER = "public, max-age=31536000, immutable"
    """Media are named by their content."""
    MOVED = "public, max-age=3600"
    """The way to where something moved."""


@dataclass(frozen=True, slots=True)
class Format:
    """How a kind of file is served."""

    media_type: str
    text: bool = True
    """Whether gzip makes it smaller."""
    page: bool = False
    """Whether a browser shows it as a page."""
    feed: bool = False
    """Whether readers in other people's browsers may fetch it (CORS)."""


_BY_NAME = {
    "rss.xml": Format("application/rss+xml; charset=utf-8", feed=True),
    "atom.xml": Format("application/atom+xml", feed=True),
    "feed.json": Format("application/feed+json", feed=True),
    "opml.xml": Format("text/x-opml; charset=utf-8", feed=True),
}
_BY_SUFFIX = {
    "html": Format("text/html; charset=utf-8", page=True),
    "css": Format("text/css; charset=utf-8"),
    "js": Format("text/javascript; charset=utf-8"),
    "txt": Format("text/plain; charset=utf-8"),
    "xml": Format("application/xml"),
    "json": Format("application/json"),
    "svg": Format("image/svg+xml"),
    "ico": Format("image/x-icon"),
    "webmanifest": Format("application/manifest+json"),
    "jpg": Format("image/jpeg", text=False),
    "jpeg": Format("image/jpeg", text=False),
    "png": Format("image/png", text=False),
    "gif": Format("image/gif", text=False),
    "webp": Format("image/webp", text=False),
    "avif": Format("image/avif", text=False),
    "mp3": Format("audio/mpeg", text=False),
    "m4a": Format("audio/mp4", text=False),
    "ogg": Format("audio/ogg", text=False),
    "opus": Format("audio/ogg", text=False),
    "flac": Format("audio/flac", text=False),
    "wav": Format("audio/wav", text=False),
}
_UNKNOWN = Format("application/octet-stream", text=False)


def format_of(name: str) -> Format:
    """Return the format of a file by its name; what nobody knows is a heap of bytes."""
    suffix = name.rpartition(".")[2].lower()
    return _BY_NAME.get(name) or _BY_SUFFIX.get(suffix, _UNKNOWN)


def freshness_of(path: str) -> Freshness:
    """Return how long a file may be used unasked; `path` is relative to the output."""
    if path.startswith("media/"):
        return Freshness.FOREVER
    if format_of(path.rpartition("/")[2]).feed:
        return Freshness.POLLED
    return Freshness.ALWAYS_ASK
