"""Sitemaps (sitemaps.org/protocol.html) with Google's two extensions, and robots.txt.

Articles are counted from the oldest, so that a sitemap that is full stays as it is
while new articles come. An article whose canonical address is elsewhere is left
out of them: a sitemap names what is to be found here.
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
from syndicate.render.feeds.channel import plain, rfc3339

CHUNK = 1000
"""Articles in one sitemap; the protocol allows 50,000."""
NEWS_FOR = timedelta(hours=48)
"""How long Google wants an article named as news, from when it was first published."""
NEWS_LIMIT = 1000
"""How many it takes in one news sitemap."""

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_IMAGE = "http://www.google.com/schemas/sitemap-image/1.1"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_LASTMOD = re.compile("<lastmod>([^<]+)</lastmod>")
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
"""What makes Chinese traditional: the script, or a place that writes it."""

_READERS_OWN = ("/c/", "/confirm/", "/preferences/", "/unsubscribe/", "/view/")
"""Where the links of a mail lead."""


class Sitemaps:
    """The sitemaps of one publication, as bytes of UTF-8."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def entry(self, article: Article) -> str:
        """Return an article's entry in a sitemap; none where its canonical address is elsewhere."""
        if not self._is_own(article):
            return ""
        said = f"<loc>{escape(self._absolute(addresses.page(article)))}</loc>"
        said += f"<lastmod>{rfc3339(article.modified)}</lastmod>"
        if article.lead and article.lead.local:
            picture = escape(self._absolute(f"/{article.lead.src}"))
            said += f"<image:image><image:loc>{picture}</image:loc></image:image>"
        return f"<url>{said}</url>\n"

    def articles(self, entries: Iterable[str]) -> bytes:
        """Return the sitemap of these entries."""
        return _joined("urlset", entries, f' xmlns:image="{_IMAGE}"')

    def pages(self, listed: Iterable[tuple[str, str | None]]) -> bytes:
        """Return the sitemap of lists: address from the root, and the newest change on each."""
        return _joined("urlset", (self._line("url", *one) for one in listed))

    def index(self, sitemaps: Iterable[tuple[str, str | None]]) -> bytes:
        """Return the index: path of each sitemap, and the newest change of what it names."""
        lines = (self._line("sitemap", f"/{path}", modified) for path, modified in sitemaps)
        return _joined("sitemapindex", lines)

    def newest(self, articles: Sequence[Article]) -> str | None:
        """Return when what news names last changed; None where it names nothing."""
        own = [article.modified for article in articles if self._is_own(article)]
        return rfc3339(max(own)) if own else None

    def news(self, articles: Sequence[Article]) -> bytes:
        """Return the news sitemap of what was published in the last 48 hours, newest first.

        Without any it is an empty `urlset`, which Google takes and sitemap.xsd does not.
        """
        root = _urlset(news=_NEWS)
        for article in filter(self._is_own, articles):
            url = etree.SubElement(root, f"{{{_SITEMAP}}}url")
            _text(url, _SITEMAP, "loc", self._absolute(addresses.page(article)))
            news = etree.SubElement(url, f"{{{_NEWS}}}news")
            publication = etree.SubElement(news, f"{{{_NEWS}}}publication")
            _text(publication, _NEWS, "name", plain(self._config.publication.title))
            _text(publication, _NEWS, "language", self._language(article))
            _text(news, _NEWS, "publication_date", rfc3339(article.published))
            _text(news, _NEWS, "title", plain(article.title) or plain(article.slug))
        return _written(root)

    def robots(self) -> bytes:
        """Return robots.txt (RFC 9309): everything may be read but what is one reader's own."""
        web = urlsplit(self._config.web_url).path
        own = "".join(f"Disallow: {quote(web + path, safe='/%')}\n" for path in _READERS_OWN)
        index = addresses.absolute(addresses.SITEMAP, self._config)
        return f"User-agent: *\n{own}\nSitemap: {index}\n".encode()

    def _line(self, kind: str, address: str, modified: str | None) -> str:
        date = f"<lastmod>{modified}</lastmod>" if modified else ""
        return f"<{kind}><loc>{escape(self._absolute(address))}</loc>{date}</{kind}>\n"

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


def newest_change(entries: Iterable[str]) -> str | None:
    """Return the newest change that entries of a sitemap tell of."""
    return max((date for entry in entries for date in _LASTMOD.findall(entry)), default=None)


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


def _joined(root: str, lines: Iterable[str], more: str = "") -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SITEMAP}"{more}>\n'
    return f"{head}{''.join(lines)}</{root}>\n".encode()
