"""A body as a web page shows it: pictures that load late, wide things that scroll in their box."""

from lxml import etree
from markupsafe import Markup

from syndicate.model.articles import MEDIA
from syndicate.render import markup
from syndicate.render.words import Words

_ADDRESSES = ("src", "href", "poster")


def lay_out(root: etree._Element, *, base: str, words: Words, lead: bool = False) -> Markup:
    """Set a tree for a page served under `base`; a `lead` is loaded first, all else when seen."""
    for element in root.iter("*"):
        for name in _ADDRESSES:
            if element.get(name, "").startswith(MEDIA):
                element.set(name, f"{base}/{element.get(name)}")
    for picture in root.iter("img"):
        _hurry(picture) if lead else _wait(picture)
    for block in root.iter("pre"):
        block.set("tabindex", "0")
    for table in [*root.iter("table")]:
        _box(table, words.table)
    return Markup(markup.to_html(root))  # noqa: S704 - sanitised at import


def _hurry(picture: etree._Element) -> None:
    picture.set("fetchpriority", "high")


def _wait(picture: etree._Element) -> None:
    picture.set("loading", "lazy")
    picture.set("decoding", "async")


def _box(table: etree._Element, label: str) -> None:
    """Put a table into a box that scrolls by itself, by keyboard too."""
    box = etree.Element("div")
    for name, value in (("class", "wide"), ("role", "region"), ("tabindex", "0")):
        box.set(name, value)
    caption = table.find("caption")
    box.set(
        "aria-label",
        " ".join("".join(caption.itertext()).split()) if caption is not None else label,
    )
    parent = table.getparent()
    assert parent is not None
    parent.replace(table, box)
    box.tail, table.tail = table.tail, None
    box.append(table)
