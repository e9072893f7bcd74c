"""Articles without their missing media: pictures and recordings that can't be published.

The text of a missing picture stays: alternative text, caption and credit.
"""

from collections.abc import Collection
from dataclasses import replace

from lxml import etree

from syndicate.body.tree_edits import parent_of, remove_all, write_children
from syndicate.model import pictures
from syndicate.model.articles import MEDIA, Article, Figure
from syndicate.text import printable


def without_files(article: Article, missing: Collection[str]) -> Article:
    """Return an article that loads none of the files in `missing` (`media/…`).

    A picture of which a rendition is missing is shown without renditions.
    """
    if not missing:
        return article
    image, shown = article.image, {figure.src for figure in article.figures}
    if image is not None and image.src in missing and image.src in shown:
        image = None  # its text is in the body
    audio = article.audio
    return replace(
        article,
        image=image and _without_files(image, missing),
        figures=tuple(_without_files(figure, missing) for figure in article.figures),
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


def _without_files(figure: Figure, missing: Collection[str]) -> Figure:
    if figure.src in missing:
        return Figure(src="", alt=figure.alt, caption=figure.caption, credit=figure.credit)
    if any(name in missing for name in pictures.list_files(figure)):
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
