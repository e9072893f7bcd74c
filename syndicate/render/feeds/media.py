"""Media RSS 1.5.1 (rssboard.org/media-rss): the lead picture, in RSS and Atom alike."""

from lxml import etree

from syndicate.model.articles import Figure

NAMESPACE = "http://search.yahoo.com/mrss/"


def add(parent: etree._Element, image: Figure) -> None:
    """Add a picture to an item: `media:content` with what is known and said about it."""
    facts = {
        "url": image.src,
        "medium": "image",
        "type": image.type,
        "width": image.width,
        "height": image.height,
        "fileSize": image.length,
    }
    known = {name: str(value) for name, value in facts.items() if value}
    content = etree.SubElement(parent, f"{{{NAMESPACE}}}content", known)
    if said := image.caption or image.alt:
        etree.SubElement(content, f"{{{NAMESPACE}}}description", type="plain").text = said
    if image.credit:
        etree.SubElement(content, f"{{{NAMESPACE}}}credit").text = image.credit
