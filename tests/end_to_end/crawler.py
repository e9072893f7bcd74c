"""A crawler of one site: it follows whatever a document names, whatever kind of document it is."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import httpx
from lxml import etree, html

_WEB = re.compile(r"https?://\S+")
_CSS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']""")
_SITEMAP = re.compile(r"^Sitemap:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ADDRESSES = ("href", "src", "poster", "action", "data-strip", "url", "xmlUrl", "htmlUrl")
_LISTS = ("srcset", "imagesrcset")
_NAMED = ("link", "loc", "comments", "url", "icon", "logo", "uri", "docs", "guid")
"""Elements of XML whose text is an address, where it looks like one."""
_MARKUP = ("encoded", "description", "content", "summary")
"""Elements of XML that hold HTML, escaped."""
_BY_SUFFIX = {
    "rss.xml": "application/rss+xml",
    "atom.xml": "application/atom+xml",
    "feed.json": "application/feed+json",
    "opml.xml": "text/x-opml",
    "feed.xml": "application/atom+xml",
    "opensearch.xml": "application/opensearchdescription+xml",
    ".xml": "application/xml",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".html": "text/html",
    ".txt": "text/plain",
    "/": "text/html",
}
_BY_TAG = {"img": "image/", "amp-img": "image/", "script": "text/javascript"}


@dataclass(frozen=True)
class Link:
    """An address as a document names it."""

    address: str
    """Absolute."""
    type: str | None = None
    """The media type that it must have, or how that begins."""
    length: int | None = None
    """How many bytes it must have."""


@dataclass
class Crawl:
    """What was found from some addresses on; nothing of another host is ever asked for."""

    client: httpx.Client
    site: str
    """What every address of ours begins with."""
    fetched: dict[str, httpx.Response] = field(default_factory=dict)
    external: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def follow(self, *begin: str) -> None:
        """Fetch these, and all that they lead to."""
        waiting = [(Link(urljoin(self.site, address)), "the test") for address in begin]
        fragments = []
        while waiting:
            link, source = waiting.pop()
            address, fragment = urldefrag(link.address)
            if not address.startswith(self.site):
                self.external.add(address)
                continue
            known = address in self.fetched
            answer = self._fetch(address)
            self.complaints += (f"{source}: {said}" for said in _wrong(link, answer))
            if fragment:
                fragments.append((source, address, fragment))
            if not known and answer.status_code == httpx.codes.OK:
                waiting += ((found, address) for found in links(answer))
        ids = {address: _ids(self.fetched[address]) for _, address, _ in fragments}
        for source, address, fragment in fragments:
            if unquote(fragment) not in ids[address]:
                self.complaints.append(f"{source}: {address} has no #{fragment}")

    def _fetch(self, address: str) -> httpx.Response:
        if address not in self.fetched:
            self.fetched[address] = self.client.get(address)
        return self.fetched[address]


def links(answer: httpx.Response) -> Iterator[Link]:
    """Iterate over all that a document names."""
    kind = _type(answer)
    read: dict[str, Callable[[httpx.Response], Iterator[Link]]] = {
        "text/html": _of_html,
        "text/css": _of_css,
        "text/plain": _of_text,
        "application/feed+json": _of_json,
        "application/manifest+json": _of_json,
        "image/svg+xml": _of_xml,
    }
    if kind in read:
        yield from read[kind](answer)
    elif "xml" in kind or "opml" in kind:
        yield from _of_xml(answer)


def _wrong(link: Link, answer: httpx.Response) -> Iterator[str]:
    """What an answer should not be, by how its address was named."""
    path = urlsplit(link.address).path
    if answer.status_code != httpx.codes.OK:
        yield f"{link.address} answers {answer.status_code}"
        return
    kind = _type(answer)
    by_suffix = next((type_ for end, type_ in _BY_SUFFIX.items() if path.endswith(end)), None)
    for expected in filter(None, (link.type, by_suffix)):
        if not kind.startswith(expected):
            yield f"{link.address} is {kind}, expected {expected}"
    if link.length is not None and link.length != len(answer.content):
        yield f"{link.address} has {len(answer.content)} bytes, expected {link.length}"


def _of_html(answer: httpx.Response) -> Iterator[Link]:
    yield from _of_tree(html.document_fromstring(answer.content), f"{answer.url}")


def _of_tree(tree: etree._Element, at: str) -> Iterator[Link]:
    """All that the elements of HTML name; JSON-LD, styles and what is told to networks included."""
    for element in tree.iter(etree.Element):
        for name in _ADDRESSES:
            if (value := element.get(name)) and element.get("method", "get") == "get":
                type_ = _BY_TAG.get(element.tag) if name == "src" else element.get("type")
                yield from _link(at, value, type_)
        for name in _LISTS:
            for part in (element.get(name) or "").split(", "):
                if part.strip():
                    yield from _link(at, part.split()[0], "image/")
        text = element.text or ""
        if element.tag == "style":
            yield from _of_styles(text, at)
        if element.tag == "script" and element.get("type") == "application/ld+json":
            yield from _strings(json.loads(text), at)
        if element.tag == "meta" and _WEB.fullmatch(element.get("content", "")):
            yield from _link(at, element.get("content", ""))


def _of_xml(answer: httpx.Response) -> Iterator[Link]:
    """All that a feed, a sitemap, a list of feeds or a drawing names."""
    at = f"{answer.url}"
    for element in etree.fromstring(answer.content).iter(etree.Element):
        tag, text = etree.QName(element).localname, (element.text or "").strip()
        length = element.get("length")
        for name in ("href", "src", "url", "xmlUrl", "htmlUrl"):
            if value := element.get(name):
                # an enclosure's address may be told of by Media RSS as well: both say its type
                size = int(length or element.get("fileSize") or 0) or None
                yield from _link(at, value, element.get("type") if name != "xmlUrl" else None, size)
        if tag in _NAMED and _WEB.fullmatch(text):
            yield from _link(at, text)
        if tag in _MARKUP and "<" in text:
            yield from _of_tree(html.fragment_fromstring(text, create_parent="div"), at)


def _of_json(answer: httpx.Response) -> Iterator[Link]:
    at = f"{answer.url}"
    told = answer.json()
    yield from _strings(told, at)
    for item in told.get("items", []):
        for attached in item.get("attachments", []):
            size = attached.get("size_in_bytes")
            yield from _link(at, attached["url"], attached["mime_type"], size)
        if "content_html" in item:
            markup = html.fragment_fromstring(item["content_html"], create_parent="div")
            yield from _of_tree(markup, at)


def _of_css(answer: httpx.Response) -> Iterator[Link]:
    yield from _of_styles(answer.text, f"{answer.url}")


def _of_styles(text: str, at: str) -> Iterator[Link]:
    for address, imported in _CSS.findall(text):
        yield from _link(at, address or imported)


def _of_text(answer: httpx.Response) -> Iterator[Link]:
    for address in _SITEMAP.findall(answer.text):
        yield from _link(f"{answer.url}", address, "application/xml")


def _strings(told: object, at: str) -> Iterator[Link]:
    """Every string in JSON that is an address, whatever it is called."""
    if isinstance(told, str) and _WEB.fullmatch(told):
        yield from _link(at, told)
    elif isinstance(told, list | dict):
        for one in told.values() if isinstance(told, dict) else told:
            yield from _strings(one, at)


def _link(
    at: str, address: str, type_: str | None = None, length: int | None = None
) -> Iterator[Link]:
    absolute = urljoin(at, address.strip())
    if absolute.startswith(("http://", "https://")):
        yield Link(absolute, type_ if type_ and "/" in type_ else None, length)


def _type(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0]


def _ids(answer: httpx.Response) -> set[str]:
    """What a fragment can lead to."""
    if _type(answer) != "text/html":
        return set()
    return {str(one) for one in html.document_fromstring(answer.content).xpath("//@id | //@name")}
