"""Advertising in mail: a link and a picture, whatever the operator pasted."""

import nh3

from syndicate.body import markup
from syndicate.config import AdSlot, Config
from syndicate.render import addresses

_TAGS = {"a", "b", "br", "em", "i", "img", "p", "span", "strong"}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "width", "height", "title"}}
_WIDEST = 600


def mail_ad(slot: AdSlot, config: Config) -> str:
    """Return a slot's mail as XHTML with absolute addresses; empty where nothing would show."""
    clean = nh3.clean(
        slot.mail,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    tree = markup.parse(clean)
    markup.make_absolute(tree, config.url, addresses.absolute(addresses.HOME, config))
    for picture in tree.iter("img"):
        width = picture.get("width", "")
        widest = min(int(width), _WIDEST) if width.isdecimal() else _WIDEST
        picture.attrib.pop("height", None)
        picture.set("alt", picture.get("alt", ""))
        picture.set("width", str(widest))
        picture.set("style", f"display:block;width:100%;max-width:{widest}px;height:auto")
    shows = tree.find(".//img") is not None or "".join(tree.itertext()).strip()
    return markup.to_xml(tree) if shows else ""
