"""Galleries: figures that follow each other share a row, all of its pictures equally high.

No row needs a style of its own: all pictures in it state the size that they have at one height,
and shrink from it in proportion. Inline styles would break the policy of our pages.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from lxml import etree

GALLERY = "gallery"
ROW_HEIGHT = 2000
"""The height that pictures of a row state, in pixels: they never grow to it."""
_STEPS = (*range(40, 100, 5), *range(100, 200, 20))
"""Width by height in hundredths; style sheets have a class for each."""
LOW = 2
"""A row with this width by height, or a larger one, is never too high for a window."""
_BLOCKS = frozenset({"div", "section", "blockquote", "details"})


def group_galleries(body: etree._Element) -> None:
    """Wrap the rows of figures that follow each other in `<div class="gallery">`.

    A figure with a layout of its own, and one whose size is unknown, stays alone.
    """
    for parent in [body, *body.iter(*_BLOCKS)]:
        for joins, run in groupby([*parent], key=_joins):
            for stretch in _stretches([*run]) if joins else ():
                _wrap_rows(stretch)


def aspect_ratio(figure: etree._Element) -> float:
    """Return width by height of a figure's picture; 0 where that is unknown."""
    picture = figure.find("img")
    if picture is None:
        return 0
    width, height = picture.get("width", ""), picture.get("height", "")
    return int(width) / int(height) if width.isdecimal() and height.isdecimal() else 0


def height_class(ratio: float) -> str:
    """Return the class that keeps a picture, or a row, of this width by height in the window."""
    steps = [step for step in _STEPS if step <= ratio * 100]
    return f"tall-{max(steps, default=_STEPS[0])}"


def _joins(element: etree._Element) -> bool:
    """Whether an element is a figure that may stand in a row."""
    return element.tag == "figure" and not element.get("class") and aspect_ratio(element) > 0


def _stretches(figures: Sequence[etree._Element]) -> Iterator[list[etree._Element]]:
    """Divide figures where text stands between them."""
    stretch: list[etree._Element] = []
    for figure in figures:
        stretch.append(figure)
        if (figure.tail or "").strip():
            yield stretch
            stretch = []
    yield stretch


def _wrap_rows(figures: Sequence[etree._Element]) -> None:
    start = 0
    for length in row_lengths(len(figures)):
        row = figures[start : start + length]
        start += length
        gallery = etree.Element("div", {"class": GALLERY})
        row[0].addprevious(gallery)
        gallery.tail = row[-1].tail
        for figure in row:
            figure.tail = None
            gallery.append(figure)


def row_lengths(count: int) -> list[int]:
    """Return how many pictures each row has: three, or two where one would be left over."""
    if count == 1:
        return []
    pairs = {0: 0, 1: 2, 2: 1}[count % 3]
    return [3] * ((count - 2 * pairs) // 3) + [2] * pairs
