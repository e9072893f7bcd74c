"""What kind of thing a published file is, as HTTP wants to know it."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from syndicate.config import Config
from syndicate.render import addresses

ALWAYS_ASK = "no-cache"
"""Pages: a copy is kept, and a 304 is cheap."""
_FOREVER = "public, max-age=31536000, immutable"
"""Media, style sheets and scripts are named by their content."""
_SETTLED = "public, max-age=86400, immutable"
"""Full archives of feeds. For a day alone, since what was taken back goes out of them, too."""
MOVED = "public, max-age=3600"
"""The way to where something moved."""


def polled(config: Config) -> str:
    """Return how long feeds and lists of feeds are kept: as long as they say themselves."""
    seconds = int(config.syndication.poll_every.total_seconds())
    return f"public, max-age={seconds}, stale-while-revalidate={seconds}, stale-if-error=86400"


MAIN = frozenset(addresses.output_path(address) for _, _, address in addresses.FEEDS)
"""The paths of the feeds of everything; those of others end in the same names."""
_HASHED = re.compile(r"assets/[^/]+\.[0-9a-f]+\.(css|js)")
_ARCHIVED = re.compile(r"(^|/)archive/\d+/[^/]+$")


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a kind of file is served."""

    media_type: str
    text: bool = True
    """Whether gzip makes it smaller."""
    page: bool = False
    """Whether a browser shows it as a page."""
    feed: bool = False
    """Whether readers in other people's browsers may fetch it (CORS)."""


_BY_NAME = {
    "rss.xml": FileFormat("application/rss+xml; charset=utf-8", feed=True),
    "atom.xml": FileFormat("application/atom+xml", feed=True),
    "feed.json": FileFormat("application/feed+json", feed=True),
    "opml.xml": FileFormat("text/x-opml; charset=utf-8", feed=True),
}
_BY_SUFFIX = {
    "html": FileFormat("text/html; charset=utf-8", page=True),
    "css": FileFormat("text/css; charset=utf-8"),
    "js": FileFormat("text/javascript; charset=utf-8"),
    "txt": FileFormat("text/plain; charset=utf-8"),
    "xml": FileFormat("application/xml"),
    "json": FileFormat("application/json"),
    "svg": FileFormat("image/svg+xml"),
    "ico": FileFormat("image/x-icon"),
    "webmanifest": FileFormat("application/manifest+json"),
    "jpg": FileFormat("image/jpeg", text=False),
    "jpeg": FileFormat("image/jpeg", text=False),
    "png": FileFormat("image/png", text=False),
    "gif": FileFormat("image/gif", text=False),
    "webp": FileFormat("image/webp", text=False),
    "avif": FileFormat("image/avif", text=False),
    "mp3": FileFormat("audio/mpeg", text=False),
    "m4a": FileFormat("audio/mp4", text=False),
    "ogg": FileFormat("audio/ogg", text=False),
    "opus": FileFormat("audio/ogg", text=False),
    "flac": FileFormat("audio/flac", text=False),
    "wav": FileFormat("audio/wav", text=False),
}
_UNKNOWN = FileFormat("application/octet-stream", text=False)


def format_of(name: str) -> FileFormat:
    """Return the format of a file by its name; what nobody knows is a heap of bytes."""
    suffix = name.rpartition(".")[2].lower()
    return _BY_NAME.get(name) or _BY_SUFFIX.get(suffix, _UNKNOWN)


def is_followed(path: str) -> bool:
    """Whether a path is that of a feed that readers follow; an archive is none."""
    return path.rpartition("/")[2] in MAIN and not _ARCHIVED.search(path)


def freshness(path: str, config: Config, *, status: int = 200, settled: bool = False) -> str:
    """Return the Cache-Control of a file; `path` is relative to the output."""
    if status == HTTPStatus.MOVED_PERMANENTLY:
        return MOVED
    if path.startswith("media/") or _HASHED.fullmatch(path):
        return _FOREVER
    if settled:
        return _SETTLED
    if format_of(path.rpartition("/")[2]).feed:
        return polled(config)
    return ALWAYS_ASK
