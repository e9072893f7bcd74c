"""Sitemaps (sitemaps.org/protocol.html) with Google's two extensions, and robots.txt.

Articles are counted from the oldest, so that a full sitemap never changes when new
articles appear. Articles whose canonical address is on another site are left out.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from html import escape
from urllib.parse import quote, urlsplit

from lxml import etree

from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.render import addresses
from syndicate.render.feeds.channel import rfc3339
from syndicate.text import one_line

CHUNK = 1000
"""Articles in one sitemap; the protocol allows 50,000."""
NEWS_FOR = timedelta(hours=48)
"""How long after publication Google takes an article as news."""
NEWS_LIMIT = 1000
"""The maximum number of articles in a news sitemap."""

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_IMAGE = "http://www.google.com/schemas/sitemap-image/1.1"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_LASTMOD = re.compile("<lastmod>([^<]+)</lastmod>")
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
"""Subtags of traditional Chinese: the script, or a region that uses it."""

_PERSONAL_PATHS = ("/c/", "/confirm/", "/preferences/", "/review/", "/unsubscribe/", "/view/")
"""Paths of the links in mail."""


class Sitemaps:
    """The sitemaps of one publication, as bytes of UTF-8."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def entry(self, article: Article) -> str:
        """Return an article's entry; empty if its canonical address is on another site."""
        if not self._is_own(article):
            return ""
        xml = f"<loc>{escape(self._absolute(article.address))}</loc>"
        xml += f"<lastmod>{rfc3339(article.modified)}</lastmod>"
        if article.lead and article.lead.local:
            picture = escape(self._absolute(f"/{article.lead.src}"))
            xml += f"<image:image><image:loc>{picture}</image:loc></image:image>"
        return f"<url>{xml}</url>\n"

    def articles(self, entries: Iterable[str]) -> bytes:
        """Return a sitemap of entries."""
        return _joined("urlset", entries, f' xmlns:image="{_IMAGE}"')

    def pages(self, pages: Iterable[tuple[str, str | None]]) -> bytes:
        """Return the sitemap of list pages: address from the root and newest change of each."""
        return _joined("urlset", (self._line("url", *page) for page in pages))

    def index(self, sitemaps: Iterable[tuple[str, str | None]]) -> bytes:
        """Return the index of sitemaps: path and newest change of each."""
        lines = (self._line("sitemap", f"/{path}", modified) for path, modified in sitemaps)
        return _joined("sitemapindex", lines)

    def newest(self, articles: Sequence[Article]) -> str | None:
        """Return the newest change in `news`; None if it would be empty."""
        own = [article.modified for article in articles if self._is_own(article)]
        return rfc3339(max(own)) if own else None

    def news(self, articles: Sequence[Article]) -> bytes:
        """Return the news sitemap of articles of the last 48 hours, newest first.

        Without articles it is an empty `urlset`: Google accepts that, sitemap.xsd doesn't.
        """
        root = etree.Element(f"{{{_SITEMAP}}}urlset", nsmap={None: _SITEMAP, "news": _NEWS})
        own_language = self._config.publication.language
        for article in filter(self._is_own, articles):
            url = etree.SubElement(root, f"{{{_SITEMAP}}}url")
            _text(url, _SITEMAP, "loc", self._absolute(article.address))
            news = etree.SubElement(url, f"{{{_NEWS}}}news")
            publication = etree.SubElement(news, f"{{{_NEWS}}}publication")
            _text(publication, _NEWS, "name", one_line(self._config.publication.title))
            language = _iso639(article.language or "") or _iso639(own_language) or "en"
            _text(publication, _NEWS, "language", language)
            _text(news, _NEWS, "publication_date", rfc3339(article.published))
            _text(news, _NEWS, "title", one_line(article.title) or one_line(article.slug))
        return bytes(
            etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
        )

    def robots(self) -> bytes:
        """Return robots.txt (RFC 9309), which excludes only the personal pages of readers."""
        web = urlsplit(self._config.web_url).path
        rules = "".join(f"Disallow: {quote(web + path, safe='/%')}\n" for path in _PERSONAL_PATHS)
        index = addresses.absolute(addresses.SITEMAP, self._config)
        return f"User-agent: *\n{rules}\nSitemap: {index}\n".encode()

    def _line(self, kind: str, address: str, modified: str | None) -> str:
        date = f"<lastmod>{modified}</lastmod>" if modified else ""
        return f"<{kind}><loc>{escape(self._absolute(address))}</loc>{date}</{kind}>\n"

    def _absolute(self, address: str) -> str:
        return addresses.absolute(quote(address, errors="replace"), self._config)

    def _is_own(self, article: Article) -> bool:
        """Whether an article's canonical address is its page on this site."""
        page = article.address
        own = {self._absolute(page), addresses.absolute(page, self._config)}
        return not article.canonical_url or article.canonical_url in own


def newest_change(entries: Iterable[str]) -> str | None:
    """Return the newest change among entries of a sitemap; None if there is none."""
    return max((date for entry in entries for date in _LASTMOD.findall(entry)), default=None)


def _iso639(tag: str) -> str | None:
    """Return the ISO 639 code of a language tag, if it has one, as Google News requires it.

    For Chinese that is `zh-cn` or `zh-tw`.
    """
    code, *rest = tag.lower().split("-")
    if code == "zh":
        return "zh-tw" if _TRADITIONAL.intersection(rest) and "hans" not in rest else "zh-cn"
    return code if len(code) in {2, 3} and code.isascii() and code.isalpha() else None


def _text(parent: etree._Element, namespace: str, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = text


def _joined(root: str, lines: Iterable[str], more: str = "") -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SITEMAP}"{more}>\n'
    return f"{head}{''.join(lines)}</{root}>\n".encode()
