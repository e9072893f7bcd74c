"""Article bodies as trees: parsed once, changed per channel, written as HTML, XML or text.

A body is sanitised and well-formed (see `model.articles.Revision`); nothing
here makes unsafe markup safe.
"""

import re
from urllib.parse import urljoin

from lxml import etree, html

_BLOCKS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote",
    "pre", "figure", "figcaption", "table", "tr", "div", "hr", "section", "aside", "details",
    "summary",
})  # fmt: skip
_ADDRESSES = ("href", "src", "cite", "poster")
_VOID = re.compile(r"></(?:source|track|wbr)>")
"""End tags that libxml2 writes and HTML does not have."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")

_CONTROL_BYTES = tuple({*range(0x20), 0x7F} - set(b"\t\n\r"))


def printable(text: str) -> str:
    """Drop what XML 1.0 can't hold: control characters and lone surrogates."""
    if text.replace("\n", "").isprintable():  # of nearly all text: ten times as fast
        return text
    return _CONTROL.sub("", text)


def encode(text: str) -> bytes:
    """Return printable text in UTF-8; much faster than `printable` where all of it is."""
    if "\ufffe" in text or "\uffff" in text:
        return printable(text).encode()
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return printable(text).encode()
    for control in _CONTROL_BYTES:  # looking for each in turn is the fastest there is
        if control in data:
            return printable(text).encode()
    return data


def parse(body: str) -> etree._Element:
    """Return the body as the children of a `<div>`."""
    return html.fragment_fromstring(printable(body), create_parent="div")


def to_html(root: etree._Element) -> str:
    """Write the children of `root` as HTML."""
    return _VOID.sub(">", _inner(root, "html"))


def to_xml(root: etree._Element) -> str:
    """Write the children of `root` as XHTML: every element closed."""
    return _inner(root, "xml")


def _inner(root: etree._Element, method: str) -> str:
    written = etree.tostring(root, encoding="unicode", method=method, with_tail=False)
    if written.endswith("/>"):
        return ""
    return str(written[written.index(">") + 1 : written.rindex("</")])


def make_absolute(root: etree._Element, publication: str, page: str) -> None:
    """Make every address absolute, in place.

    `publication` is the publication's address; pictures in `media/` hang from
    it. `page` is the address of the article's page, which everything else is
    relative to.
    """
    for element in root.iter():
        for name in _ADDRESSES:
            address = element.get(name)
            if address is not None:
                element.set(name, absolute_address(address, publication, page))


def absolute_address(address: str, publication: str, page: str) -> str:
    """Make one address absolute."""
    if address.startswith("media/"):
        return f"{publication}/{address}"
    try:
        return urljoin(page, address.strip())
    except ValueError:  # such as http://[half
        return page


def to_text(root: etree._Element, *, pictures: bool = False) -> str:
    """Return what a person would read aloud: paragraphs apart, white space folded.

    With `pictures` false, figures are left out.
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
    folded = (" ".join(block.split()) for block in blocks)
    return "\n\n".join(block for block in folded if block)


def shorten(text: str, limit: int) -> str:
    """Cut plain text at a word so that it has at most `limit` characters, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1].rsplit(" ", 1)[0].rstrip(" .,;:–—-")  # noqa: RUF001 - dashes are meant
    return cut + "…"
