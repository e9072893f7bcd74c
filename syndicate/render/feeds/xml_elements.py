"""XML for RSS and Atom: namespaces, elements of both, and items that fit into any document.

An item is serialised within the elements around it, which declare all namespaces, and then
extracted. So it has no declarations of its own and fits into any document with the same root.
"""

import re
from collections.abc import Mapping
from copy import copy
from functools import cache

from lxml import etree

from syndicate.model import pictures
from syndicate.model.articles import Figure
from syndicate.render.feeds.channel import DocumentParts

NAMESPACES = {
    "access": "http://www.bloglines.com/about/specs/fac-1.0",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "fh": "http://purl.org/syndication/history/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "webfeeds": "http://webfeeds.org/rss/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xml": "http://www.w3.org/XML/1998/namespace",
}
_THUMBNAIL = 400
"""The width of the rendition for lists, in pixels."""


def namespaces(prefixes: str) -> dict[str | None, str]:
    """Return prefixes, which are given in one line, and namespaces for a root to declare."""
    return {prefix: NAMESPACES[prefix] for prefix in prefixes.split()}


@cache
def tag(name: str) -> str:
    """Return a name such as `dc:creator` or `item` in the form of lxml."""
    prefix, _, local = name.rpartition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local


def add(
    parent: etree._Element,
    name: str,
    text: str | None = None,
    attributes: Mapping[str, object] | None = None,
) -> etree._Element:
    """Add an element, without the attributes that are None."""
    element = etree.SubElement(parent, tag(name))
    for key, value in (attributes or {}).items():
        if value is not None:
            element.set(tag(key), str(value))
    if text is not None:
        element.text = text
    return element


def add_texts(parent: etree._Element, texts: Mapping[str, object]) -> None:
    """Add an element for each text or number, without those that are empty or None."""
    for name, text in texts.items():
        if text not in (None, ""):
            add(parent, name, str(text))


def add_picture(parent: etree._Element, image: Figure) -> None:
    """Add a picture, its properties, caption and credit (rssboard.org/media-rss, 1.5.1)."""
    address = {"url": image.src}
    size = {"width": image.width, "height": image.height}
    about = {"medium": "image", "type": image.type, **size, "fileSize": image.length}
    content = add(parent, "media:content", attributes={**address, **about})
    if image.alt:
        add(content, "media:title", image.alt, {"type": "plain"})
    if description := image.caption or image.alt:
        add(content, "media:description", description, {"type": "plain"})
    if _THUMBNAIL in image.variants:
        address = {"url": pictures.rendition_name(image, _THUMBNAIL)}
        size = {"width": _THUMBNAIL, "height": pictures.height(image, _THUMBNAIL)}
    add(content, "media:thumbnail", attributes={**address, **size})
    if image.credit:
        about = {"role": "photographer", "scheme": "urn:ebu"}
        add(content, "media:credit", image.credit, about)


def add_restriction(parent: etree._Element) -> None:
    """Ask readers and directories neither to share nor to list the feed.

    That is Feed Access Control (www.bloglines.com/about/specs/fac-1.0). The namespace is declared
    here, so that public feeds don't have it.
    """
    etree.SubElement(
        parent, tag("access:restriction"), {"relationship": "deny"}, nsmap=namespaces("access")
    )


class XmlFrame:
    """The elements around items, from the root down; the root declares the namespaces."""

    def __init__(
        self, *names: str, items: tuple[str, ...], declared: Mapping[str | None, str], text: str
    ) -> None:
        """Prepare elements `names` around `items`, whose full text is in the element `text`."""
        self._names = names
        self._empty = etree.Element(names[0], nsmap=dict(declared))
        inner = self._empty
        for name in names[1:]:
            inner = etree.SubElement(inner, name)
        self._text = text.encode()
        sample = self._write(etree.Element("x"))
        line = sample.index(b"<x/>")
        self._before = sample.rindex(b"\n", 0, line) + 1
        self._after = len(sample) - (line + len(b"<x/>\n"))
        self._start = b"<?xml version='1.0' encoding='UTF-8'?>\n" + f"<{names[0]} ".encode()
        self._end = sample[len(sample) - self._after :]
        indent = line - self._before
        self._items = tuple(f"<{name}".encode() for name in items)
        opened = f"^ {{{indent}}}<({'|'.join(items)})[ >]".encode()
        self._opened = re.compile(opened, re.MULTILINE)
        self._closed = {name.encode(): f"\n{' ' * indent}</{name}>\n".encode() for name in items}

    def write_item(self, item: etree._Element, text: bytes | None = None) -> bytes:
        """Write an item as lines of a document.

        `text` is inserted into the empty element for it: through lxml that takes ten times as long.
        """
        written = self._write(item)
        start, end = self._before, len(written) - self._after
        if not text:
            return written[start:end]
        place = written.index(b"/>", written.index(b"<" + self._text, start))
        return b"".join((
            written[start:place], b">", _escaped(text), b"</", self._text, b">",
            written[place + 2 : end],
        ))  # fmt: skip

    def insert_items(self, document: bytes, items: bytes) -> bytes:
        """Insert items from `write_item` at the end of the innermost element of a document."""
        end = document.rindex(b"\n", 0, document.rindex(f"</{self._names[-1]}>".encode())) + 1
        return b"".join((document[:end], items, document[end:]))

    def split(self, document: bytes) -> DocumentParts | None:
        """Split a document from `insert_items`; None if its layout differs.

        Without comments and CDATA every `<` begins a tag, since text has `&lt;`. So the first and
        last line of an item can't occur in its text.
        """
        plain = b"<!" not in document and document.count(b"<?") == 1
        if not (plain and document.startswith(self._start) and document.endswith(self._end)):
            return None
        end = len(document) - self._after
        match = self._opened.search(document)
        first = at = match.start() if match else end
        entries = []
        while (match := self._opened.match(document, at)) is not None:
            closed = self._closed[match[1]]
            line = document.find(closed, at)
            if line < 0:
                return None
            entries.append(document[at : line + len(closed)])
            at = line + len(closed)
        if at != end or sum(map(document.count, self._items)) != len(entries):
            return None  # something between items, or an item in another
        return DocumentParts(head=document[:first], entries=tuple(entries), tail=self._end)

    def _write(self, item: etree._Element) -> bytes:
        root = inner = copy(self._empty)
        for _ in self._names[1:]:
            inner = inner[0]
        inner.append(item)
        return bytes(etree.tostring(root, encoding="UTF-8", pretty_print=True))


def _escaped(text: bytes) -> bytes:
    """Escape text as lxml does."""
    text = text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    return text.replace(b"\r", b"&#13;")
