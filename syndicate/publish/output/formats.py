"""How published files are served: their media types, Cache-Control and compressed copies."""

import gzip
import re
from dataclasses import dataclass
from http import HTTPStatus

import brotli

from syndicate.config import Config
from syndicate.render import addresses

REVALIDATE = "no-cache"
"""Pages: caches ask each time, and a 304 is cheap."""
_FOREVER = "public, max-age=31536000, immutable"
"""Media, style sheets and scripts, whose names change with their content."""
_ARCHIVE_CACHE_CONTROL = "public, max-age=86400, immutable"
"""Full archives of feeds. Only for a day, since retracted articles are removed from them."""
MOVED = "public, max-age=3600"
"""Redirects."""
COMPRESSED_SUFFIXES = (".gz", ".br")
GZIP_LEVEL, _BROTLI_QUALITY = 6, 5
"""Nearly the best size in a fraction of the time."""


def feed_cache_control(config: Config) -> str:
    """Return the Cache-Control of feeds and lists of feeds, by `syndication.poll_every`."""
    seconds = int(config.syndication.poll_every.total_seconds())
    return f"public, max-age={seconds}, stale-while-revalidate={seconds}, stale-if-error=86400"


MAIN_FEEDS = frozenset(addresses.output_path(address) for _, _, address in addresses.FEEDS)
"""The paths of the feeds of all articles; other feeds have the same file names."""
_HASHED = re.compile(r"assets/[^/]+\.[0-9a-f]+\.(css|js)")
_ARCHIVED = re.compile(r"(^|/)archive/\d+/[^/]+$")


@dataclass(frozen=True, slots=True)
class FileFormat:
    """The media type of a file, and how it is treated."""

    media_type: str
    text: bool = True
    """Whether gzip makes it smaller."""
    page: bool = False
    """Whether a browser shows it as a page."""
    feed: bool = False
    """Whether scripts of other sites may fetch it (CORS)."""


_BY_NAME = {
    "rss.xml": FileFormat("application/rss+xml; charset=utf-8", feed=True),
    "atom.xml": FileFormat("application/atom+xml", feed=True),
    "feed.json": FileFormat("application/feed+json", feed=True),
    "opensearch.xml": FileFormat("application/opensearchdescription+xml"),
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
    """Return the format of a file by its name; unknown names are plain bytes."""
    suffix = name.rpartition(".")[2].lower()
    return _BY_NAME.get(name) or _BY_SUFFIX.get(suffix, _UNKNOWN)


def is_subscription_document(path: str) -> bool:
    """Whether a path is a feed that readers subscribe to, not an archive of one (RFC 5005)."""
    return path.rpartition("/")[2] in MAIN_FEEDS and not _ARCHIVED.search(path)


def cache_control(path: str, config: Config, *, status: int = 200, settled: bool = False) -> str:
    """Return the Cache-Control of a file; `path` is relative to the output."""
    if status == HTTPStatus.MOVED_PERMANENTLY:
        return MOVED
    if path.startswith("media/") or _HASHED.fullmatch(path):
        return _FOREVER
    if settled:
        return _ARCHIVE_CACHE_CONTROL
    if format_of(path.rpartition("/")[2]).feed:
        return feed_cache_control(config)
    return REVALIDATE


def compressed(data: bytes, suffix: str) -> bytes:
    """Compress data for a suffix; the same data always gives the same bytes."""
    if suffix == ".br":
        return bytes(brotli.compress(data, quality=_BROTLI_QUALITY))
    return gzip.compress(data, compresslevel=GZIP_LEVEL, mtime=0)
