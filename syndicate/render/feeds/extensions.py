"""What RSS and Atom have in common beyond their own elements.

Media RSS 1.5.1 (rssboard.org/media-rss) for the lead picture; Feed Access Control
(www.bloglines.com/about/specs/fac-1.0), which marks private feeds for readers and directories.
"""

from lxml import etree

from syndicate.model import pictures
from syndicate.model.articles import Figure
from syndicate.render.feeds.xml_elements import add, namespaces, tag

_THUMBNAIL = 400
"""The width of the rendition for lists, in pixels."""


def add_picture(parent: etree._Element, image: Figure) -> None:
    """Add `media:content` with a picture's properties, caption and credit to an item."""
    address = {"url": image.src}
    size = {"width": image.width, "height": image.height}
    about = {"medium": "image", "type": image.type, **size, "fileSize": image.length}
    content = add(parent, "media:content", attributes={**address, **about})
    if image.alt:
        add(content, "media:title", image.alt, {"type": "plain"})
    if description := image.caption or image.alt:
        add(content, "media:description", description, {"type": "plain"})
    if _THUMBNAIL in image.variants:
        address = {"url": pictures.rendition_name(image, _THUMBNAIL)}
        size = {"width": _THUMBNAIL, "height": pictures.height(image, _THUMBNAIL)}
    add(content, "media:thumbnail", attributes={**address, **size})
    if image.credit:
        about = {"role": "photographer", "scheme": "urn:ebu"}
        add(content, "media:credit", image.credit, about)


def add_restriction(parent: etree._Element) -> None:
    """Ask readers and directories neither to share nor to list the feed.

    The namespace is declared here, so that public feeds don't have it.
    """
    etree.SubElement(
        parent, tag("access:restriction"), {"relationship": "deny"}, nsmap=namespaces("access")
    )
