"""Figures: every picture of a body brought to one form, and its caption and credit to data."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from lxml import etree

from syndicate.intake.pictures import PictureMissing, Pictures
from syndicate.intake.sanitise import PHRASING, remove, unwrap
from syndicate.intake.text import one_line
from syndicate.model.articles import Figure

Warn = Callable[[str], None]

_FLOW_PARENTS = frozenset({"div", "section", "aside", "blockquote", "details", "li", "td", "dd"})
_CREDITS = ("cite", "small")


def arrange(root: etree._Element, pictures: Pictures, warn: Warn) -> tuple[Figure, ...]:
    """Bring a sanitised body's pictures to the form of `Revision.body`; return its figures.

    A paragraph that holds nothing but pictures becomes figures, their titles
    captions; every `<figure>` with a picture becomes one per picture, and one
    without is a plain block. Pictures inside of text stay where they are.
    """
    for paragraph in list(root.iter("p")):
        _figures_of_paragraph(paragraph)
    for image in list(root.iter("img")):
        _figure_of_block(image)
    for element in reversed(list(root.iter("figure"))):
        _one_picture_each(element)
    figures = [_finish(element, pictures, warn) for element in list(root.iter("figure"))]
    for image in list(root.iter("img")):
        if image.get("data-done") is None:
            _finish_inline(image, pictures, warn)
        image.attrib.pop("data-done", None)
    return tuple(figure for figure in figures if figure is not None)


def lead(image: Figure, pictures: Pictures, warn: Warn) -> Figure | None:
    """Find the picture that front matter names; None, and a warning, when it isn't there."""
    try:
        found = pictures.find(image.src)
    except PictureMissing as error:
        warn(f"image {error}")
        return None
    return replace(found, alt=image.alt, caption=image.caption, credit=image.credit)


# what becomes a figure


def _figures_of_paragraph(paragraph: etree._Element) -> None:
    images = list(paragraph)
    if not images or any(child.tag not in ("img", "br") for child in images):
        return
    texts = [paragraph.text, *(child.tail for child in images)]
    if any((text or "").strip() for text in texts):
        return
    parent = paragraph.getparent()
    assert parent is not None
    if parent.tag == "figure":
        unwrap(paragraph)
        return
    for image in paragraph.findall("img"):
        paragraph.addprevious(_figure(image))
    remove(paragraph)


def _figure_of_block(image: etree._Element) -> None:
    """Make a figure of a picture that stands among blocks, not in a line of text."""
    parent = image.getparent()
    assert parent is not None
    before, after = image.getprevious(), image.getnext()
    text_before = parent.text if before is None else before.tail
    neighbours = [element.tag for element in (before, after) if element is not None]
    if (
        parent.tag in _FLOW_PARENTS - {"li", "td", "dd"}
        and not (text_before or "").strip()
        and not (image.tail or "").strip()
        and not PHRASING - {"img"} & set(neighbours)
    ):
        figure = etree.Element("figure")
        image.addprevious(figure)
        figure.append(_figure(image)[0])
"""
"""
