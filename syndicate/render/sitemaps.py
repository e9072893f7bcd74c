"""Sitemaps (sitemaps.org/protocol.html) with Google's two extensions, and robots.txt.

Articles are counted from the oldest, so that a sitemap that is full stays as it is
while new articles come. An article whose canonical address is elsewhere is left
out of them: a sitemap names what is to be found here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from urllib.parse import quote, urlsplit

from lxml import etree

from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.render import addresses
from syndicate.render.feeds.channel import plain, rfc3339
from syndicate.render.front import FIELD
from syndicate.render.pages import SECTION_STORIES

CHUNK = 1000
"""Articles in one sitemap; the protocol allows 50,000."""
NEWS_FOR = timedelta(hours=48)
"""How long Google wants an article named as news, from when it was first published."""
NEWS_LIMIT = 1000
"""How many it takes in one news sitemap."""

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_IMAGE = "http://www.google.com/schemas/sitemap-image/1.1"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
"""What makes Chinese traditional: the script, or a place that writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """One sitemap: where it is, what the index says of it, and how it is made."""

    address: str
    """From the root."""
    modified: datetime | None
    """The newest change of what it names; None where it names nothing that changes."""
    render: Callable[[], bytes]
    listed: bool = True
    """Whether the index names it."""


class Sitemaps:
    """The sitemaps of one publication, as bytes of UTF-8."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def of(self, articles: Sequence[Article], *, at: datetime) -> tuple[Sitemap, ...]:
        """Lay out the sitemaps of the public articles, newest first, as of `at`.

        The one of news is there even where it names nothing, since search engines
        may have been given its address; the index leaves it out then.
        """
        own = sorted((a for a in articles if self._is_own(a)), key=lambda a: (a.published, a.id))
        chunks = [own[start : start + CHUNK] for start in range(0, len(own), CHUNK)]
        recent = _news(own, at)
        return (
            *(
                Sitemap(
                    address=addresses.sitemap(f"articles-{number}"),
                    modified=_modified(chunk),
                    render=partial(self.articles, chunk),
                )
                for number, chunk in enumerate(chunks, start=1)
            ),
            Sitemap(
                address=addresses.sitemap("pages"),
                modified=max(_lists(articles).values(), default=None),
                render=partial(self.pages, articles),
            ),
            Sitemap(
                address=addresses.sitemap("news"),
                modified=_modified(recent),
                render=partial(self.news, own, at=at),
                listed=bool(recent),
            ),
        )

    def index(self, sitemaps: Sequence[Sitemap]) -> bytes:
        """Return the index, which names every sitemap that is listed."""
        root = etree.Element(f"{{{_SITEMAP}}}sitemapindex", nsmap={None: _SITEMAP})
        for sitemap in sitemaps:
            if sitemap.listed:
                self._add(root, "sitemap", sitemap.address, sitemap.modified)
        return _written(root)

    def articles(self, chunk: Sequence[Article]) -> bytes:
        """Return the sitemap of these articles, with their lead pictures."""
        root = _urlset(image=_IMAGE)
        for article in chunk:
            url = self._add(root, "url", addresses.page(article), article.modified)
            if article.lead and article.lead.local:
                image = etree.SubElement(url, f"{{{_IMAGE}}}image")
                _text(image, _IMAGE, "loc", self._absolute(f"/{article.lead.src}"))
        return _written(root)

    def pages(self, articles: Sequence[Article]) -> bytes:
        """Return the sitemap of home page and sections, for all public articles, newest first.

        A page has changed when something that stands on it has.
        """
        root = _urlset()
        lists = _lists(articles)
        for address in (addresses.HOME, *sorted(lists.keys() - {addresses.HOME})):
            self._add(root, "url", address, lists.get(address))
        return _written(root)

    def news(self, articles: Sequence[Article], *, at: datetime) -> bytes:
        """Return the news sitemap: what was published in the 48 hours before `at`.

        Without any it is an empty `urlset`, which Google takes and sitemap.xsd does not.
        """
        root = _urlset(news=_NEWS)
        for article in _news(articles, at):
            url = self._add(root, "url", addresses.page(article))
            news = etree.SubElement(url, f"{{{_NEWS}}}news")
            publication = etree.SubElement(news, f"{{{_NEWS}}}publication")
            _text(publication, _NEWS, "name", plain(self._config.publication.title))
            _text(publication, _NEWS, "language", self._language(article))
            _text(news, _NEWS, "publication_date", rfc3339(article.published))
            _text(news, _NEWS, "title", plain(article.title) or plain(article.slug))
        return _written(root)

    def robots(self) -> bytes:
        """Return robots.txt (RFC 9309): everything may be read but the pages for leaving a list."""
        leaving = quote(f"{urlsplit(self._config.web_url).path}/unsubscribe/", safe="/%")
        index = addresses.absolute(addresses.SITEMAP, self._config)
        return f"User-agent: *\nDisallow: {leaving}\n\nSitemap: {index}\n".encode()

    def _add(
        self, root: etree._Element, kind: str, address: str, modified: datetime | None = None
    ) -> etree._Element:
        """Add an entry: an address from the root, and when what is there last changed."""
        entry = etree.SubElement(root, f"{{{_SITEMAP}}}{kind}")
        _text(entry, _SITEMAP, "loc", self._absolute(address))
        if modified:
            _text(entry, _SITEMAP, "lastmod", rfc3339(modified))
        return entry

    def _absolute(self, address: str) -> str:
        return addresses.absolute(quote(address, errors="replace"), self._config)

    def _is_own(self, article: Article) -> bool:
        """Whether the article's page says that this is where the article is to be found."""
        page = addresses.page(article)
        here = {self._absolute(page), addresses.absolute(page, self._config)}
        return not article.canonical_url or article.canonical_url in here

    def _language(self, article: Article) -> str:
        """Return the language of an article as Google News wants it."""
        own = _iso639(article.language or "")
        return own or _iso639(self._config.publication.language) or "en"


def _news(articles: Sequence[Article], at: datetime) -> list[Article]:
    """Return what is news at `at`, newest first."""
    recent = [a for a in articles if at - NEWS_FOR < a.published <= at]
    return sorted(recent, key=lambda a: (a.published, a.id), reverse=True)[:NEWS_LIMIT]


def _lists(articles: Sequence[Article]) -> dict[str, datetime]:
    """Return home page and sections, if anything stands on them, with their newest change."""
    inside: dict[str, list[Article]] = {}
    page = cache(addresses.section)
    for article in articles:
        if article.section:
            inside.setdefault(page(article.section), []).append(article)
    shown = {address: stories[:SECTION_STORIES] for address, stories in inside.items()}
    if articles:
        shown[addresses.HOME] = list(articles[: FIELD + 1])
    return {address: max(a.modified for a in stories) for address, stories in shown.items()}


def _modified(articles: Sequence[Article]) -> datetime | None:
    return max((article.modified for article in articles), default=None)


def _iso639(tag: str) -> str | None:
    """Return the ISO 639 code of a language tag, `zh-cn` or `zh-tw` for Chinese; None if none."""
    code, *rest = tag.lower().split("-")
    if code == "zh":
        return "zh-tw" if _TRADITIONAL.intersection(rest) and "hans" not in rest else "zh-cn"
    return code if len(code) in {2, 3} and code.isascii() and code.isalpha() else None


def _urlset(**extensions: str) -> etree._Element:
    namespaces: dict[str | None, str] = {None: _SITEMAP}
    return etree.Element(f"{{{_SITEMAP}}}urlset", nsmap=namespaces | dict(extensions))


def _text(parent: etree._Element, namespace: str, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = text


def _written(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))
