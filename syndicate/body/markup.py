"""Article bodies as trees: parse them, and serialise them as HTML, XML or plain text.

Bodies are sanitised and well-formed (see `model.articles.Revision`); nothing here
sanitises.
"""

import re
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


def to_text(root: etree._Element, *, pictures: bool = False) -> str:
    """Return plain text: paragraphs separated by an empty line, white space collapsed.

    Figures are left out unless `pictures` is true.
    """
    blocks: list[str] = [""]

    def walk(element: etree._Element) -> None:
        if not isinstance(element.tag, str) or (element.tag == "figure" and not pictures):
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
