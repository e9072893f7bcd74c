"""Old addresses of articles, which redirect to where an article is now.

An old address is a decoded path from the root of the publication: `/2019/05/tram/`, or
`/2019/05/tram.html`. It is never one that the publication serves itself.
"""

import re
from urllib.parse import unquote, urlsplit

RESERVED = frozenset({
    "api", "archive", "assets", "authors", "c", "confirm", "feeds", "healthz", "hooks", "hub",
    "latest", "media", "metrics", "newsletters", "outbox", "preferences", "readyz", "review",
    "search", "sections", "signup", "sitemaps", "subscribe", "tags", "unsubscribe", "view",
    "404.html", "apple-touch-icon-precomposed.png", "apple-touch-icon.png", "atom", "atom.xml",
    "breaking.html", "favicon.ico", "feed", "feed.atom", "feed.json", "feed.rss", "feed.xml",
    "index.rss", "index.xml", "opensearch.xml", "opml.xml", "robots.txt", "rss", "rss.xml",
    "sitemap.xml",
})  # fmt: skip
"""First path segments of the publication's own addresses, whatever is enabled."""
_ARTICLES = "articles"
_SLUG = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_PATH = 1000
_MAX_SEGMENT = 200
"""Bytes of a path segment: file systems allow 255, and a build adds a suffix."""


class InvalidOldAddress(Exception):  # noqa: N818 - its message completes a sentence
    """An address that can't redirect; the message is the reason."""


def parse_old_address(text: str, *, site: str, folder: str = "") -> str:
    """Return the normal form of a path: `/x` and `/x/index.html` are `/x/`.

    `site` is the publication's URL, with which an absolute address has to begin. A relative
    path is taken from `folder`. Raise InvalidOldAddress if a static server can't redirect it.
    """
    path = unquote(_path(text.strip(), site))
    if not path.startswith("/"):
        path = f"/{folder}/{path}"
    if any(not letter.isprintable() or letter == "\\" for letter in path):
        raise InvalidOldAddress("it has characters that no path in a folder may have")
    parts = [part for part in path.split("/") if part]
    if any(part.startswith(".") for part in parts):
        raise InvalidOldAddress("a part of it begins with a dot")
    if any(len(part.encode()) > _MAX_SEGMENT for part in parts) or len(path) > _MAX_PATH:
        raise InvalidOldAddress("it is too long for a file")
    if parts and parts[-1].lower() in ("index.html", "index.htm"):
        del parts[-1]
        path = "/"
    is_file = bool(parts) and not path.endswith("/") and "." in parts[-1]
    return "/" + "/".join(parts) + ("" if is_file or not parts else "/")


def is_reserved(address: str) -> bool:
    """Whether the publication itself serves an address."""
    first, *rest = address.strip("/").split("/")
    if first == _ARTICLES:  # an AMP page, or the folder of all articles
        return not rest or rest[1:2] == ["amp"]
    return not first or first in RESERVED


def storage_key(address: str) -> str:
    """Return an old address as the store keeps it: as a slug where an article could have it."""
    parts = address.strip("/").split("/")
    is_article = len(parts) == 2 and parts[0] == _ARTICLES and address.endswith("/")  # noqa: PLR2004
    return parts[1] if is_article and _SLUG.fullmatch(parts[1]) else address


def address_from_key(key: str) -> str:
    """Return the address for a `storage_key`."""
    return key if key.startswith("/") else f"/{_ARTICLES}/{key}/"


def _path(text: str, site: str) -> str:
    """Return the path of an address, without the path of the publication."""
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise InvalidOldAddress("it is not an address") from error
    if parts.query or parts.fragment:
        raise InvalidOldAddress("a file can't answer for what follows ? or #")
    if not (parts.scheme or parts.netloc):
        return parts.path
    own = urlsplit(site)
    base = own.path.rstrip("/")
    inside = parts.path == base or parts.path.startswith(f"{base}/")
    if parts.hostname is None or parts.hostname != own.hostname or not inside:
        raise InvalidOldAddress(f"it is not in {site}" if site else "it is on another site")
    return parts.path.removeprefix(base) or "/"
