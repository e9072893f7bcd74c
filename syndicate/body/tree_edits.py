"""Bodies as trees: what may stand in a line, and how elements come and go."""

from collections.abc import Collection, Iterable

from lxml import etree

VOID = frozenset({"br", "col", "hr", "img", "source", "track", "wbr"})
PHRASING = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "img", "ins",
    "kbd", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup",
    "time", "u", "var", "wbr",
})  # fmt: skip

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_UNWRAPPED, _REMOVED = "x-unwrapped", "x-removed"
"""Tags of what goes at the end of a pass; no body that was made safe has them."""
_EMPTY = etree.XPath("descendant-or-self::*[not(node())]")


def write_children(root: etree._Element) -> str:
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


def unwrap_all(root: etree._Element, elements: Collection[etree._Element]) -> None:
    """Put the content of elements below `root` in their place.

    Taking one after the other, the text around them would be copied each time.
    """
    parents = _marked(elements, _UNWRAPPED)
    etree.strip_tags(root, _UNWRAPPED)
    _join_texts(parents)


def remove_all(root: etree._Element, elements: Collection[etree._Element]) -> None:
    """Take elements below `root` out and leave the text after them; see `unwrap_all`."""
    parents = _marked(elements, _REMOVED)
    etree.strip_elements(root, _REMOVED, with_tail=False)
    _join_texts(parents)


def _marked(elements: Collection[etree._Element], tag: str) -> list[etree._Element]:
    """Rename elements, and return those that hold them and are not among them."""
    parents = dict.fromkeys(map(parent_of, elements))
    for element in elements:
        element.tag = tag
    return [parent for parent in parents if parent.tag != tag]


def _join_texts(parents: Iterable[etree._Element]) -> None:
    """Make one text of those that lie side by side: lxml goes through them again and again."""
    for parent in parents:
        parent.text = parent.text
        for child in parent:
            child.tail = child.tail


def unwrap(element: etree._Element) -> None:
    """Put an element's content in its place."""
    _append_text(element, element.text)
    for child in list(element):
        element.addprevious(child)  # with the text behind it
    remove(element)


def remove(element: etree._Element) -> None:
    """Take an element out and leave the text after it."""
    _append_text(element, element.tail)
    parent_of(element).remove(element)


def parent_of(element: etree._Element) -> etree._Element:
    """Return an element's parent, of one that has one."""
    parent = element.getparent()
    assert parent is not None
    return parent


def _append_text(element: etree._Element, text: str | None) -> None:
    """Add text in front of an element."""
    if not text:
        return
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + text
    else:
        parent = parent_of(element)
        parent.text = (parent.text or "") + text
