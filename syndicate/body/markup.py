"""Article bodies as lxml trees: parse, edit, and serialise them as HTML, XML or plain text.

Bodies are sanitised and well-formed (see `model.articles.Revision`); nothing here
sanitises.
"""

import hashlib
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

from lxml import etree, html

from syndicate.text import printable

_BLOCKS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote",
    "pre", "figure", "figcaption", "table", "tr", "div", "hr", "section", "aside", "details",
    "summary",
})  # fmt: skip
_ADDRESSES = ("href", "src", "cite", "poster")
_VOID = re.compile(r"></(?:source|track|wbr)>")
"""End tags that libxml2 writes and HTML doesn't know."""

VOID = frozenset({"br", "col", "hr", "img", "source", "track", "wbr"})
PHRASING = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "img", "ins",
    "kbd", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup",
    "time", "u", "var", "wbr",
})  # fmt: skip

LINKS = {"a": "href", "blockquote": "cite", "q": "cite", "ins": "cite", "del": "cite"}
"""The elements that may have an address, each with its attribute."""
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_UNWRAPPED, _REMOVED = "x-unwrapped", "x-removed"
"""Tags of elements that go at the end of a pass; no sanitised body contains them."""
_EMPTY = etree.XPath("descendant-or-self::*[not(node())]")


def id_prefix(public_id: str) -> str:
    """Return the prefix of an article's ids, so that several articles can share a page."""
    return f"a{hashlib.sha256(public_id.encode()).hexdigest()[:8]}-"


def parse(body: str) -> etree._Element:
    """Parse a body into the children of a `<div>`."""
    return html.fragment_fromstring(printable(body), create_parent="div")


def to_html(root: etree._Element) -> str:
    """Serialise the children of `root` as HTML."""
    return _VOID.sub(">", _inner(root, "html"))


def to_xml(root: etree._Element) -> str:
    """Serialise the children of `root` as XHTML: every element closed."""
    return _inner(root, "xml")


def _inner(root: etree._Element, method: str) -> str:
    written = etree.tostring(root, encoding="unicode", method=method, with_tail=False)
    if written.endswith("/>"):
        return ""
    return str(written[written.index(">") + 1 : written.rindex("</")])


def make_absolute(root: etree._Element, publication: str, page: str) -> None:
    """Make every address absolute, in place.

    Pictures in `media/` are relative to the address of the publication, everything
    else to that of the article's page.
    """
    for element in root.iter():
        for name in _ADDRESSES:
            address = element.get(name)
            if address is not None:
                element.set(name, absolute_address(address, publication, page))


def absolute_address(address: str, publication: str, page: str) -> str:
    """Return one address absolute; see `make_absolute`."""
    if address.startswith("media/"):
        return f"{publication}/{address}"
    try:
        return urljoin(page, address.strip())
    except ValueError:  # such as http://[half
        return page


def to_text(root: etree._Element) -> str:
    """Return plain text without figures: paragraphs between empty lines, white space collapsed."""
    blocks: list[str] = [""]

    def walk(element: etree._Element) -> None:
        if not isinstance(element.tag, str) or element.tag == "figure":
            return
        block = element.tag in _BLOCKS
        if block:
            blocks.append("")
        if element.tag == "br":
            blocks.append("")
        blocks[-1] += element.text or ""
        for child in element:
            walk(child)
            blocks[-1] += child.tail or ""
        if block:
            blocks.append("")

    walk(root)
    collapsed = (" ".join(block.split()) for block in blocks)
    return "\n\n".join(block for block in collapsed if block)


def write_children(root: etree._Element) -> str:
    """Serialise the children of `root` as HTML that is XML too: only void elements self-closed.

    White space at both ends is dropped, from the tree as well.
    """
    root.text = (root.text or "").lstrip()
    if len(root):
        root[-1].tail = (root[-1].tail or "").rstrip()
    else:
        root.text = root.text.rstrip()
    for element in _EMPTY(root):
        if element.tag not in VOID:
            element.text = ""  # <td></td>, which <td/> is not in HTML
    return to_xml(root)


def unwrap_all(root: etree._Element, elements: Collection[etree._Element]) -> None:
    """Replace elements below `root` with their content.

    Unwrapped one by one, the text around them would be copied each time.
    """
    with _marked(elements, _UNWRAPPED):
        etree.strip_tags(root, _UNWRAPPED)


def remove_all(root: etree._Element, elements: Collection[etree._Element]) -> None:
    """Remove elements below `root`, but not the text after them; see `unwrap_all`."""
    with _marked(elements, _REMOVED):
        etree.strip_elements(root, _REMOVED, with_tail=False)


@contextmanager
def _marked(elements: Collection[etree._Element], tag: str) -> Iterator[None]:
    """Rename elements, which are then taken out; merge the texts around them.

    lxml walks all adjacent text nodes at every access.
    """
    parents = dict.fromkeys(map(parent_of, elements))
    for element in elements:
        element.tag = tag
    remaining = [parent for parent in parents if parent.tag != tag]
    yield
    for parent in remaining:
        parent.text = parent.text
        for child in parent:
            child.tail = child.tail


def unwrap(element: etree._Element) -> None:
    """Replace an element with its content."""
    _append_text(element, element.text)
    for child in list(element):
        element.addprevious(child)  # with the text behind it
    remove(element)


def remove(element: etree._Element) -> None:
    """Remove an element, but not the text after it."""
    _append_text(element, element.tail)
    parent_of(element).remove(element)


def parent_of(element: etree._Element) -> etree._Element:
    """Return the parent of an element that has one."""
    parent = element.getparent()
    assert parent is not None
    return parent


def _append_text(element: etree._Element, text: str | None) -> None:
    """Insert text before an element."""
    if not text:
        return
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + text
    else:
        parent = parent_of(element)
        parent.text = (parent.text or "") + text
