"""Old addresses of articles: where a story was before it moved here, as a redirect needs it.

An address is a path from the root of the publication, decoded: `/2019/05/tram/`, or
`/2019/05/tram.html`. What the publication serves itself is never one.
"""

import re
from urllib.parse import unquote, urlsplit

RESERVED = frozenset({
    "api", "archive", "assets", "authors", "c", "confirm", "feeds", "healthz", "hub", "latest",
    "media", "metrics", "newsletters", "outbox", "preferences", "readyz", "sections", "signup",
    "sitemaps", "subscribe", "tags", "unsubscribe", "view",
    "apple-touch-icon-precomposed.png", "apple-touch-icon.png", "atom", "atom.xml",
    "breaking.html", "favicon.ico", "feed", "feed.atom", "feed.json", "feed.rss", "feed.xml",
    "index.rss", "index.xml", "opml.xml", "robots.txt", "rss", "rss.xml", "sitemap.xml",
})  # fmt: skip
"""The first parts of addresses that the publication has itself, whatever is switched on."""
_ARTICLES = "articles"
_SLUG = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 1000
_LONGEST_PART = 200
"""Bytes of a part of a path: file systems take 255, and a build adds an ending."""


class InvalidOldAddress(Exception):  # noqa: N818 - what it says is the message
    """An address from which nobody can be led on; the message says why."""


def parse_old_address(text: str, *, site: str, folder: str = "") -> str:
    """Return a path in the one form that is kept: `/x` and `/x/index.html` are `/x/`.

    `site` is the publication's own url: an absolute address has to be in it. A relative
    path begins in `folder`. Raise NoOldAddress where a static server can't lead on from it.
    """
    path = unquote(_path(text.strip(), site))
    if not path.startswith("/"):
        path = f"/{folder}/{path}"
    if any(not letter.isprintable() or letter == "\\" for letter in path):
        raise InvalidOldAddress("it has characters that no path in a folder may have")
    parts = [part for part in path.split("/") if part]
    if any(part.startswith(".") for part in parts):
        raise InvalidOldAddress("a part of it begins with a dot")
    if any(len(part.encode()) > _LONGEST_PART for part in parts) or len(path) > _LONGEST:
        raise InvalidOldAddress("it is too long for a file")
    if parts and parts[-1].lower() in ("index.html", "index.htm"):
        del parts[-1]
        path = "/"
    is_file = bool(parts) and not path.endswith("/") and "." in parts[-1]
    return "/" + "/".join(parts) + ("" if is_file or not parts else "/")


def is_reserved(address: str) -> bool:
    """Whether the publication itself answers at an address."""
    first, *rest = address.strip("/").split("/")
    if first == _ARTICLES:  # an AMP page beside an article, or the folder of all of them
        return not rest or rest[1:2] == ["amp"]
    return not first or first in RESERVED


def storage_key(address: str) -> str:
    """Return how the store keeps an old address: where an article could be, as a slug."""
    parts = address.strip("/").split("/")
    in_place = len(parts) == 2 and parts[0] == _ARTICLES and address.endswith("/")  # noqa: PLR2004
    return parts[1] if in_place and _SLUG.fullmatch(parts[1]) else address


def address_from_key(kept: str) -> str:
    """Return the address of what the store keeps: a slug, or an address."""
    return kept if kept.startswith("/") else f"/{_ARTICLES}/{kept}/"


def _path(text: str, site: str) -> str:
    """Return the path of an address, without the publication's own."""
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise InvalidOldAddress("it is no address") from error
    if parts.query or parts.fragment:
        raise InvalidOldAddress("a file can't answer for what follows ? or #")
    if not (parts.scheme or parts.netloc):
        return parts.path
    ours = urlsplit(site)
    base = ours.path.rstrip("/")
    inside = parts.path == base or parts.path.startswith(f"{base}/")
    if parts.hostname is None or parts.hostname != ours.hostname or not inside:
        raise InvalidOldAddress(f"it is not in {site}" if site else "it is on another site")
    return parts.path.removeprefix(base) or "/"
