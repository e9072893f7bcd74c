"""The figures of an article: its lead figure, and what stays of those whose files are missing.

The text of a missing picture stays: alternative text, caption and credit.
"""

from collections.abc import Collection
from dataclasses import replace

from lxml import etree

from syndicate.body.markup import HEADINGS, parent_of, remove, remove_all, write_children
from syndicate.model import pictures
from syndicate.model.articles import MEDIA, Article, Figure, Revision
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


def without_files(article: Article, missing: Collection[str], *, for_mail: bool = False) -> Article:
    """Return an article that loads none of the files in `missing` (`media/…`).

    A picture of which a rendition is missing is shown without renditions; on pages those for mail
    don't count, and the other way round.
    """
    if not missing:
        return article
    image, shown = article.image, {figure.src for figure in article.figures}
    if image is not None and image.src in missing and image.src in shown:
        image = None  # its text is in the body
    audio, sponsor = article.audio, article.sponsor
    if sponsor is not None and sponsor.logo is not None:
        logo = _without_files(sponsor.logo, missing, for_mail=for_mail)
        sponsor = replace(sponsor, logo=logo if logo.src else None)
    return replace(
        article,
        image=image and _without_files(image, missing, for_mail=for_mail),
        figures=tuple(
            _without_files(figure, missing, for_mail=for_mail) for figure in article.figures
        ),
        sponsor=sponsor,
        audio=None if audio is not None and audio.src in missing else audio,
        body=_body(article.body, missing),
    )


def replace_with_alt(figure: etree._Element, image: etree._Element) -> bool:
    """Replace a figure's picture with its alternative text.

    Return False if the figure is empty now: the caller removes all empty figures at once.
    """
    if alt := image.get("alt", ""):
        paragraph = etree.Element("p", {"class": "missing-picture"})
        paragraph.text = alt
        image.addprevious(paragraph)
    figure.remove(image)
    return len(figure) > 0


def replace_inline_with_alt(root: etree._Element, images: Collection[etree._Element]) -> None:
    """Replace pictures within lines of text with their alternative text."""
    for image in images:
        image.tail = image.get("alt", "") + (image.tail or "")
    remove_all(root, images)


def _without_files(figure: Figure, missing: Collection[str], *, for_mail: bool) -> Figure:
    if figure.src in missing:
        return Figure(src="", alt=figure.alt, caption=figure.caption, credit=figure.credit)
    loaded = (
        name for name in pictures.list_files(figure) if pictures.is_for_mail(name) is for_mail
    )
    if any(name in missing for name in loaded):
        return replace(figure, variants=())
    return figure


def _body(body: str, missing: Collection[str]) -> str:
    if MEDIA not in body or not any(name in body for name in missing):
        return body
    root = etree.fromstring(f"<div>{printable(body)}</div>")
    inline, empty = [], []
    for image in [*root.iter("img")]:
        if image.get("src") not in missing:
            continue
        parent = parent_of(image)
        if parent.tag != "figure":
            inline.append(image)
        elif not replace_with_alt(parent, image):
            empty.append(parent)
    replace_inline_with_alt(root, inline)
    remove_all(root, empty)
    for video in root.iter("video"):
        if video.get("poster") in missing:
            del video.attrib["poster"]
    return write_children(root)
