"""The lead figure of an article, separated from its body."""

from lxml import etree

from syndicate.body.tree_edits import HEADINGS, remove
from syndicate.model.articles import Figure, Revision
from syndicate.text import printable


def split_lead_figure(
    revision: Revision, tree: etree._Element | None = None
) -> tuple[etree._Element, etree._Element]:
    """Return lead figure and body as the children of two trees; `tree` is the parsed body, if any.

    The figure that the body begins with is the lead, unless the article names another
    picture; the first picture of the body is never shown twice. Of a named picture that is
    missing the text is the lead, unless the body begins with a figure.
    """
    lead, body = etree.Element("div"), tree
    if body is None:  # as XML, which takes a fifth of the time of parsing HTML
        body = etree.fromstring(f"<div>{printable(revision.body)}</div>")
    _repair(body)
    first = next((figure for figure in body.iter("figure") if _source(figure)), None)
    image = revision.image
    shown = first is not None and (
        image is None or _source(first) == image.src or (not image.src and _begins(body, first))
    )
    if not shown and image is not None:
        lead.append(_figure(image))
    elif first is not None and _begins(body, first):
        tail, first.tail = first.tail, None
        body.remove(first)
        body.text = tail
        lead.append(first)
    return lead, body


def _repair(body: etree._Element) -> None:
    """Drop missing pictures, and renumber headings so that no level is skipped."""
    for picture in [*body.iter("img")]:
        if not picture.get("src"):
            remove(next(picture.iterancestors("figure"), picture))
        elif picture.get("alt") is None:
            picture.set("alt", "")
    above: list[str] = []
    for heading in [*body.iter(*HEADINGS)]:
        level = str(heading.tag)
        above = [*(higher for higher in above if higher < level), level]
        heading.tag = f"h{min(len(above) + 1, 6)}"


def _begins(body: etree._Element, first: etree._Element) -> bool:
    return first is next(iter(body), None) and not (body.text or "").strip()


def _source(figure: etree._Element) -> str:
    picture = figure.find(".//img")
    return "" if picture is None else str(picture.get("src", ""))


def _figure(figure: Figure) -> etree._Element:
    element = etree.Element("figure")
    alt = printable(figure.alt)
    if figure.src:
        picture = etree.SubElement(element, "img", src=printable(figure.src), alt=alt)
        if figure.width and figure.height:
            picture.set("width", str(figure.width))
            picture.set("height", str(figure.height))
    elif alt:
        etree.SubElement(element, "p", {"class": "missing-picture"}).text = alt
    caption, credit = printable(figure.caption), printable(figure.credit)
    if caption or credit:
        line = etree.SubElement(element, "figcaption")
        line.text = f"{caption} " if caption and credit else caption
        if credit:
            etree.SubElement(line, "cite").text = credit
    return element
