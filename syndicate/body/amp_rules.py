"""What AMP allows in a body: elements and attributes, by the rules of AMP's validator.

amp.dev/documentation. Addresses are absolute, or begin with a placeholder (see
`model.articles`).
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from lxml import etree

from syndicate.body.markup import LINKS
from syndicate.model.articles import BASE, ORIGIN

ELEMENTS = frozenset({
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "blockquote", "br", "caption",
    "cite", "code", "col", "colgroup", "data", "dd", "del", "details", "dfn", "div", "dl", "dt",
    "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd",
    "li", "main", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section",
    "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "time", "tr", "u", "ul", "var", "wbr",
})  # fmt: skip
REMOVED = frozenset({
    "applet", "area", "base", "button", "canvas", "dialog", "embed", "head", "input", "link",
    "map", "math", "meta", "noscript", "object", "option", "script", "select", "style", "svg",
    "template", "textarea", "title",
})  # fmt: skip
"""Elements that are removed with their content."""

_NUMBER = re.compile(r"\d{1,4}")
_COUNT = re.compile(r"\d{1,9}")
_WORD = re.compile(r"[\w -]{1,200}")
_DATE = re.compile(r"[\w:.+-]{1,60}")
_NAME = re.compile(r"(?!amp|i-amp)[a-z0-9][\w.:]*-[\w.:-]*")
"""Ids with a hyphen: AMP refuses those that are names in browsers' own objects."""

_CELL = {"colspan": _NUMBER, "rowspan": _NUMBER, "headers": _WORD}
_ATTRIBUTES: dict[str, dict[str, re.Pattern[str]]] = {
    "td": _CELL,
    "th": _CELL | {"scope": re.compile("row|col|rowgroup|colgroup")},
    "ol": {"start": _COUNT, "reversed": re.compile("|reversed"), "type": re.compile("[1aAiI]")},
    "li": {"value": _COUNT},
    "col": {"span": _NUMBER},
    "colgroup": {"span": _NUMBER},
    "time": {"datetime": _DATE},
    "del": {"datetime": _DATE},
    "ins": {"datetime": _DATE},
    "details": {"open": re.compile("|open")},
}
_CLASS = (
    r"(language-[\w+#-]+|footnotes?(-[a-z]+)?|align-(left|center|right)|credit|missing-picture"
    r"|embed|ratio-\d+-\d+|wide|full|left|gallery|tall-\d+|callout(-[a-z]+)?)"
)
"""The classes that bodies have and style sheets may use."""
_EVERYWHERE = {
    "id": _NAME,
    "class": re.compile(rf"{_CLASS}( {_CLASS})*"),
    "lang": re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*"),
    "dir": re.compile("ltr|rtl|auto"),
}
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
_SIZE = re.compile(r"[1-9]\d{0,4}")


def is_allowed_element(element: etree._Element) -> bool:
    """Whether AMP allows an element where it is."""
    if element.tag == "summary":
        parent = element.getparent()
        return parent is not None and parent.tag == "details"
    return element.tag in ELEMENTS


def is_allowed_attribute(tag: str, name: str, value: str) -> bool:
    """Whether AMP allows an attribute of a plain element."""
    if name == "title":
        return True
    if name in ("href", "cite"):
        return LINKS.get(tag) == name and (value.startswith("#") or is_address(value, _SCHEMES))
    allowed = _ATTRIBUTES.get(tag, {}).get(name) or _EVERYWHERE.get(name)
    return allowed is not None and allowed.fullmatch(value) is not None


def pixel_size(attributes: Mapping[str, str]) -> tuple[str, str] | None:
    """Return width and height in pixels; None unless both are known."""
    width, height = attributes.get("width", ""), attributes.get("height", "")
    return (width, height) if _SIZE.fullmatch(width) and _SIZE.fullmatch(height) else None


def is_address(address: str, schemes: Iterable[str] = ("http", "https")) -> bool:
    """Whether AMP's validator accepts an address."""
    if "__amp_source_origin" in address:
        return False
    if address.startswith((BASE, ORIGIN)):
        return True
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises for an invalid port
    except ValueError:
        return False
    has_host = _HOST.fullmatch(parts.hostname or "") is not None
    return parts.scheme in schemes and (has_host or parts.scheme in ("mailto", "tel"))
