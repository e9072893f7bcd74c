"""The addresses of everything that is published.

An address from the root is the same for every publication (`/articles/x/`); `base` and
`absolute` add where this publication is served.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from syndicate.config import Config
from syndicate.model.articles import Article, Figure
from syndicate.text import name_slug

HOME = "/"
BREAKING = "/breaking.html"
SUBSCRIBE = "/subscribe/"
NEWSLETTERS = "/newsletters/"
"""The shelf of newsletters, which the web server shows."""
SEARCH = "/search"
"""The search, which the web server shows."""
LATEST = "/latest/"
"""The list of everything, page by page."""
AUTHORS = "/authors/"
"""The page of all authors that have a file."""
OPML = "/opml.xml"
OPENSEARCH = "/opensearch.xml"
RSS = "/rss.xml"
ATOM = "/atom.xml"
JSON = "/feed.json"
NOT_FOUND = "/404.html"
"""What servers show in place of a page that doesn't exist."""
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

_RSS_NAMES = ("feed", "feeds", "rss", "feed.rss", "feed.xml", "index.rss", "index.xml")
FEED_ALIASES = dict.fromkeys(_RSS_NAMES, RSS) | {"atom": ATOM, "feed.atom": ATOM}
"""The feed that other usual names for one, in any folder, redirect to."""
FAVICON = "/favicon.ico"
TOUCH_ICON = "/apple-touch-icon.png"
ICON_ALIASES = {"apple-touch-icon-precomposed.png": TOUCH_ICON}
"""Another name at which browsers look for an icon, which redirects to it."""


def amp(article: Article) -> str:
    """Return the address of an article's AMP page."""
    return f"{article.address}amp/"


def section(name: str) -> str:
    """Return the address of a section's page, the same for names that differ only in case."""
    return f"/sections/{name_slug(name)}/"


def tag(name: str) -> str:
    """Return the address of a tag's page."""
    return f"/tags/{name_slug(name)}/"


def author(name: str) -> str:
    """Return the address of an author's page."""
    return author_page(name_slug(name))


def author_page(slug: str) -> str:
    """Return the address of the page of an author by the slug of the name."""
    return f"{AUTHORS}{slug}/"


def custom_feed(name: str) -> str:
    """Return the address of the page of a custom feed."""
    return f"/feeds/{name}/"


def private_feed(token: str, address: str = "/") -> str:
    """Return the private address, for the reader with a token, of a feed at `address`."""
    return f"{PRIVATE}{token}{address}"


def hook(name: str) -> str:
    """Return the address that a mail provider calls."""
    return f"/hooks/{name}"


def newsletters(config: Config) -> str | None:
    """Return the absolute address of the shelf of newsletters; None where it would be empty."""
    return f"{config.web_url}{NEWSLETTERS}" if config.shelf else None


def search(config: Config) -> str | None:
    """Return the absolute address of the search; None where there is none."""
    return f"{config.web_url}{SEARCH}" if config.web.search else None


def sitemap(name: str) -> str:
    """Return the address of a sitemap in the index."""
    return f"/sitemaps/{name}.xml"


def figure(picture: Figure, config: Config) -> str:
    """Return the absolute address of a picture, local or remote."""
    return absolute(f"/{picture.src}", config) if picture.local else picture.src


def logo(config: Config) -> str | None:
    """Return the absolute address of the publication's logo; None if it has none."""
    return _asset("logo", config.publication.logo, config.url)


def icon(config: Config) -> str | None:
    """Return the absolute address of the publication's square icon; None if it has none."""
    return _asset("icon", config.publication.icon, config.url)


def icon_of(config: Config) -> str | None:
    """Return the address of the publication's square icon, from the root; None if it has none."""
    return _asset("icon", config.publication.icon)


def cover(config: Config) -> str | None:
    """Return the absolute address of the podcast's cover, which is the logo unless configured."""
    return _asset("podcast", config.podcast.image, config.url) or logo(config)


def masthead(config: Config) -> str | None:
    """Return the address of the logo in the masthead, from the root; None if none is shown."""
    if config.theme.masthead != "logo":
        return None
    return _asset("masthead", config.theme.logo) or _asset("logo", config.publication.logo)


def masthead_dark(config: Config) -> str | None:
    """Return the address of the masthead's logo in dark mode; None if it is the same."""
    return _asset("masthead-dark", config.theme.logo_dark) if masthead(config) else None


def logos(config: Config) -> Iterator[tuple[str, str, Path]]:
    """Yield config key, address and file of each logo that is published."""
    publication, theme, shown = config.publication, config.theme, masthead(config)
    for key, name, picture in (
        ("publication.logo", "logo", publication.logo),
        ("publication.icon", "icon", publication.icon),
        ("podcast.image", "podcast", config.podcast.image),
        ("theme.logo", "masthead", theme.logo if shown else None),
        ("theme.logo_dark", "masthead-dark", theme.logo_dark if shown else None),
    ):
        if picture and (address := _asset(name, picture)):
            yield key, address, picture


def _asset(name: str, picture: Path | None, origin: str = "") -> str | None:
    """Return the address of a configured picture; None if there is none."""
    return f"{origin}/assets/{name}{picture.suffix.lower()}" if picture else None


def absolute(address: str, config: Config) -> str:
    """Return an address from the root with scheme and host."""
    return config.url + address


def signup(config: Config, newsletter: str | None = None) -> str:
    """Return the absolute address of the sign-up form, with a newsletter ticked."""
    query = f"?newsletter={newsletter}" if newsletter else ""
    return f"{config.web_url}/signup{query}"


def base(config: Config) -> str:
    """Return the path of the publication's URL, without a slash at the end."""
    return urlsplit(config.url).path.rstrip("/")


def is_web(address: str | None) -> bool:
    """Whether an address may be linked to: only http and https."""
    return address is not None and address.lower().startswith(("http://", "https://"))


def output_path(address: str) -> str:
    """Return the path in the output of the file that is served at an address from the root."""
    return (address + "index.html" if address.endswith("/") else address).lstrip("/")
