"""Advertising in mail: the operator's HTML, reduced to text, links and pictures."""

import nh3

from syndicate.body import markup
from syndicate.config import AdSlot, Config
from syndicate.render import addresses

_TAGS = {"a", "b", "br", "em", "i", "img", "p", "span", "strong"}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "width", "height", "title"}}
_MAX_WIDTH = 600


def mail_ad(slot: AdSlot, config: Config) -> str:
    """Return a slot's ad as XHTML with absolute addresses; empty if nothing is visible."""
    html = nh3.clean(
        slot.mail,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    tree = markup.parse(html)
    markup.make_absolute(tree, config.url, addresses.absolute(addresses.HOME, config))
    for picture in tree.iter("img"):
        width = picture.get("width", "")
        pixels = min(int(width), _MAX_WIDTH) if width.isdecimal() else _MAX_WIDTH
        picture.attrib.pop("height", None)
        picture.set("alt", picture.get("alt", ""))
        picture.set("width", str(pixels))
        picture.set("style", f"display:block;width:100%;max-width:{pixels}px;height:auto")
    is_visible = tree.find(".//img") is not None or "".join(tree.itertext()).strip()
    return markup.to_xml(tree) if is_visible else ""
