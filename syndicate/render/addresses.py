"""The addresses of everything that is published.

An address from the root is the same for every publication (`/articles/x/`); `linked` and
`absolute` add where this publication is served.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from syndicate.config import Config
from syndicate.config.sections.theme import Masthead
from syndicate.model.articles import Article, Figure

HOME = "/"
BREAKING = "/breaking.html"
SUBSCRIBE = "/subscribe/"
LATEST = "/latest/"
"""The list of everything, page by page."""
OPML = "/opml.xml"
RSS = "/rss.xml"
ATOM = "/atom.xml"
JSON = "/feed.json"
SITEMAP = "/sitemap.xml"
"""The index of all sitemaps."""
ROBOTS = "/robots.txt"
PRIVATE = "/feeds/private/"
"""The prefix of the private feeds of readers."""

FEEDS = (
    ("RSS", "application/rss+xml", RSS),
    ("Atom", "application/atom+xml", ATOM),
    ("JSON Feed", "application/feed+json", JSON),
)
"""The feeds of everything: name, media type, address."""

_MAX_SLUG = 100
"""File systems allow names of 255 bytes, but nobody reads an address that long."""


def amp(article: Article) -> str:
    """Return the address of an article's AMP page."""
    return f"{article.address}amp/"


def section(name: str) -> str:
    """Return the address of a section's page, the same for names that differ only in case."""
    return f"/sections/{_slug(name)}/"


def tag(name: str) -> str:
    """Return the address of a tag's page."""
    return f"/tags/{_slug(name)}/"


def author(name: str) -> str:
    """Return the address of an author's page."""
    return f"/authors/{_slug(name)}/"


def custom_feed(name: str) -> str:
    """Return the address of the page of a custom feed."""
    return f"/feeds/{name}/"


def private_feed(token: str, address: str = "/") -> str:
    """Return the private address, for the reader with a token, of a feed at `address`."""
    return f"{PRIVATE}{token}{address}"


def sitemap(name: str) -> str:
    """Return the address of a sitemap in the index."""
    return f"/sitemaps/{name}.xml"


def figure(picture: Figure, config: Config) -> str:
    """Return the absolute address of a picture, local or remote."""
    return absolute(f"/{picture.src}", config) if picture.local else picture.src


def logo(config: Config) -> str | None:
    """Return the absolute address of the publication's logo; None if it has none."""
    picture = config.publication.logo
    return absolute(logo_of(picture), config) if picture else None


def icon(config: Config) -> str | None:
    """Return the absolute address of the publication's square icon; None if it has none."""
    address = icon_of(config)
    return absolute(address, config) if address else None


def icon_of(config: Config) -> str | None:
    """Return the address of the publication's square icon, from the root; None if it has none."""
    picture = config.publication.icon
    return f"/assets/icon{picture.suffix.lower()}" if picture else None


def cover(config: Config) -> str | None:
    """Return the absolute address of the podcast's cover, which is the logo unless configured."""
    picture = config.podcast.image
    if picture is None:
        return logo(config)
    return absolute(f"/assets/podcast{picture.suffix.lower()}", config)


def logo_of(picture: Path) -> str:
    """Return the address of a publication's logo, from the root."""
    return f"/assets/logo{picture.suffix.lower()}"


def masthead(config: Config) -> str | None:
    """Return the address of the logo in the masthead, from the root; None if none is shown."""
    if config.theme.masthead is not Masthead.LOGO:
        return None
    if config.theme.logo:
        return f"/assets/masthead{config.theme.logo.suffix.lower()}"
    return logo_of(config.publication.logo) if config.publication.logo else None


def masthead_dark(config: Config) -> str | None:
    """Return the address of the masthead's logo in dark mode; None if it is the same."""
    picture = config.theme.logo_dark
    shown = masthead(config) and picture
    return f"/assets/masthead-dark{picture.suffix.lower()}" if shown and picture else None


def logos(config: Config) -> Iterator[tuple[str, str, Path]]:
    """Yield config key, address and file of each logo that is published."""
    publication, theme = config.publication, config.theme
    if picture := publication.logo:
        yield "publication.logo", logo_of(picture), picture
    if (address := icon_of(config)) and publication.icon:
        yield "publication.icon", address, publication.icon
    if picture := config.podcast.image:
        yield "podcast.image", f"/assets/podcast{picture.suffix.lower()}", picture
    if (address := masthead(config)) and theme.logo:
        yield "theme.logo", address, theme.logo
    if (address := masthead_dark(config)) and theme.logo_dark:
        yield "theme.logo_dark", address, theme.logo_dark


def absolute(address: str, config: Config) -> str:
    """Return an address from the root with scheme and host."""
    return config.url + address


def linked(address: str, config: Config) -> str:
    """Return an address from the root with the path of the publication, as pages link to it."""
    return base(config) + address


def base(config: Config) -> str:
    """Return the path of the publication's URL, without a slash at the end."""
    return urlsplit(config.url).path.rstrip("/")


def is_web(address: str | None) -> bool:
    """Whether an address may be linked to: only http and https."""
    return address is not None and address.lower().startswith(("http://", "https://"))


def output_path(address: str) -> str:
    """Return the path in the output of the file that is served at an address from the root."""
    return (address + "index.html" if address.endswith("/") else address).lstrip("/")


@lru_cache(maxsize=16384)
def _slug(name: str) -> str:
    """Return a name in characters that every file system and address allows.

    A name that is shortened, or not ASCII, ends with a hash, so that no two share a slug.
    """
    folded = unicodedata.normalize("NFKD", name.strip().casefold())
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if slug and plain.isascii() and len(slug) <= _MAX_SLUG:
        return slug
    digest = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{slug[:_MAX_SLUG].rstrip('-')}-{digest}".lstrip("-")
