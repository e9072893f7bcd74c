"""Media RSS 1.5.1 (rssboard.org/media-rss): the lead picture, in RSS and Atom alike."""

from lxml import etree

from syndicate.model import pictures
from syndicate.model.articles import Figure
from syndicate.render.feeds.xml_elements import add

_THUMBNAIL = 400
"""The width of the rendition for lists, in pixels."""
_PHOTOGRAPHER = {"role": "photographer", "scheme": "urn:ebu"}


def add_picture(parent: etree._Element, image: Figure) -> None:
    """Add `media:content` with a picture's properties, caption and credit to an item."""
    content = add(
        parent,
        "media:content",
        attributes={
            "url": image.src,
            "medium": "image",
            "type": image.type,
            "width": image.width,
            "height": image.height,
            "fileSize": image.length,
        },
    )
    if image.alt:
        add(content, "media:title", image.alt, {"type": "plain"})
    if description := image.caption or image.alt:
        add(content, "media:description", description, {"type": "plain"})
    add(content, "media:thumbnail", attributes=_thumbnail(image))
    if image.credit:
        add(content, "media:credit", image.credit, _PHOTOGRAPHER)


def _thumbnail(image: Figure) -> dict[str, object]:
    """Return the attributes of the small rendition, or of the picture itself."""
    if _THUMBNAIL not in image.variants:
        return {"url": image.src, "width": image.width, "height": image.height}
    return {
        "url": pictures.rendition_name(image, _THUMBNAIL),
        "width": _THUMBNAIL,
        "height": pictures.height(image, _THUMBNAIL),
    }
