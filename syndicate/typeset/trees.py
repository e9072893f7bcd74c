"""Bodies as trees: what may stand in a line, and how elements come and go."""

from lxml import etree

VOID = frozenset({"br", "col", "hr", "img", "source", "track", "wbr"})
PHRASING = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "img", "ins",
    "kbd", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup",
    "time", "u", "var", "wbr",
})  # fmt: skip

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_EMPTY = etree.XPath("descendant-or-self::*[not(node())]")


def write(root: etree._Element) -> str:
    """Write the children of `root` as HTML that is XML too: void elements closed, no others.

    White space at both ends is dropped from the tree as well.
    """
    root.text = (root.text or "").lstrip()
    if len(root):
        root[-1].tail = (root[-1].tail or "").rstrip()
    else:
        root.text = root.text.rstrip()
    for element in _EMPTY(root):
        if element.tag not in VOID:
            element.text = ""  # <td></td>, which <td/> is not in HTML
    written = str(etree.tostring(root, encoding="unicode", with_tail=False))
    return written[written.index(">") + 1 : written.rindex("</")]


def unwrap(element: etree._Element) -> None:
    """Put an element's content in its place."""
    parent = parent_of(element)
    at = parent.index(element)
    children = list(element)
    _append_text(parent, at, element.text)
    for offset, child in enumerate(children):
        parent.insert(at + offset, child)
    remove(element)


def remove(element: etree._Element) -> None:
    """Take an element out and leave the text after it."""
    parent = parent_of(element)
    _append_text(parent, parent.index(element), element.tail)
    parent.remove(element)


def parent_of(element: etree._Element) -> etree._Element:
    """Return an element's parent, of one that has one."""
    parent = element.getparent()
    assert parent is not None
    return parent


def _append_text(parent: etree._Element, at: int, text: str | None) -> None:
    """Add text before the child at `at`."""
    if not text:
        return
    if at == 0:
        parent.text = (parent.text or "") + text
    else:
        before = parent[at - 1]
        before.tail = (before.tail or "") + text
