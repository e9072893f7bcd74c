"""A body as AMP allows it: known elements with known attributes, and AMP's own for media.

What AMP has no element for becomes a link to it, or goes and leaves its text.
The rules are the validator's (docs: amp.dev/documentation/guides-and-tutorials).
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lxml import etree

from syndicate.render.words import Words

_PLAIN = (
    "a abbr address article aside b bdi bdo blockquote br caption cite code col colgroup data dd "
    "del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i ins kbd li main mark "
    "ol p pre q rp rt ruby s samp section small span strong sub summary sup table tbody td tfoot "
    "th thead time tr u ul var wbr"
)
_GONE = (
    "applet area base button canvas dialog embed head input link map math meta noscript object "
    "option script select style svg template textarea title"
)
"""Elements that go with all that is in them."""

_NUMBER = re.compile(r"\d{1,4}")
_COUNT = re.compile(r"\d{1,9}")
_WORD = re.compile(r"[\w -]{1,200}")
_DATE = re.compile(r"[\w:.+-]{1,60}")
_NAME = re.compile(r"(?!amp|i-amp)[a-z0-9][\w.:]*-[\w.:-]*")
"""Ids with a hyphen: AMP refuses the names that browsers give to their own things."""

_ATTRIBUTES: dict[str, dict[str, re.Pattern[str]]] = {
    "td": {"colspan": _NUMBER, "rowspan": _NUMBER, "headers": _WORD},
    "th": {
        "colspan": _NUMBER,
        "rowspan": _NUMBER,
        "headers": _WORD,
        "scope": re.compile("row|col|rowgroup|colgroup"),
    },
    "ol": {"start": _COUNT, "reversed": re.compile("|reversed"), "type": re.compile("[1aAiI]")},
    "li": {"value": _COUNT},
    "col": {"span": _NUMBER},
    "colgroup": {"span": _NUMBER},
    "time": {"datetime": _DATE},
    "del": {"datetime": _DATE},
    "ins": {"datetime": _DATE},
    "details": {"open": re.compile("|open")},
}
_CLASS = r"(language-[\w+#-]+|footnotes?(-[a-z]+)?|align-(left|center|right)|credit)"
"""The classes that bodies have, and style sheets may know."""
_EVERYWHERE = {
    "id": _NAME,
    "class": re.compile(rf"{_CLASS}( {_CLASS})*"),
    "lang": re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*"),
    "dir": re.compile("ltr|rtl|auto"),
}
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
_SIZE = re.compile(r"[1-9]\d{0,4}")


@dataclass
class Amplifier:
    """Turns trees into AMP in place, and remembers which extensions they need.

    Every address in the trees has to be absolute already, but for places on the same page.
    """

    words: Words
    extensions: set[str] = field(default_factory=set)

    def amplify(self, root: etree._Element) -> None:
        """Make the children of `root` valid AMP."""
        for element in [*root.iterdescendants()]:
            if not isinstance(element.tag, str) or element.tag in _GONE_TAGS:
                _drop(element)
        for element in reversed([*root.iterdescendants()]):
            self._amplify(element)

    def _amplify(self, element: etree._Element) -> None:
        special = {
            "img": _picture,
            "video": self._video,
            "audio": self._audio,
            "iframe": self._frame,
        }
        if element.tag in special:
            special[element.tag](element)
        elif element.tag in ("source", "track") and _is_medium(element.getparent()):
            pass  # settled with the medium around it
        elif element.tag in _PLAIN_TAGS and _in_place(element):
            _tidy(element)
        else:
            element.drop_tag()

    def _video(self, element: etree._Element) -> None:
        size = _size(element) or ("16", "9")
        source = _source(element)
        if not _secure(source):
            return _link(element, source, self.words.media)
        self.extensions.add("amp-video")
        medium = _component(element, "amp-video", src=source, controls="", layout="responsive")
        medium.set("width", size[0])
        medium.set("height", size[1])
        poster = element.get("poster", "")
        if _is_address(poster, {"http", "https"}):
            medium.set("poster", poster)
        return None

    def _audio(self, element: etree._Element) -> None:
        source = _source(element)
        if not _secure(source):
            return _link(element, source, self.words.media)
        self.extensions.add("amp-audio")
        _component(element, "amp-audio", src=source, controls="", width="auto", height="50")
        return None

    def _frame(self, element: etree._Element) -> None:
        _link(element, element.get("src", ""), element.get("title") or self.words.on_the_web)


_PLAIN_TAGS = frozenset(_PLAIN.split())
_GONE_TAGS = frozenset(_GONE.split())


def _picture(element: etree._Element) -> None:
    """Make an amp-img: as wide as it is where that is known, else filling a box of its own."""
    address, size = element.get("src", ""), _size(element)
    if not _is_address(address, {"http", "https"}):
        return _drop(element)
    alt = element.get("alt", "")
    if size:
        image = _component(element, "amp-img", src=address, alt=alt, layout="intrinsic")
        image.set("width", size[0])
        image.set("height", size[1])
        return None
    box = _component(element, "span")
    box.set("class", "unsized")
    etree.SubElement(box, "amp-img", src=address, alt=alt, layout="fill")
    return None


def _tidy(element: etree._Element) -> None:
    """Keep of an element's attributes what AMP knows and what makes sense."""
    allowed = _ATTRIBUTES.get(str(element.tag), {}) | _EVERYWHERE
    for name, value in list(element.attrib.items()):
        if name == "title":
            continue
        if name in ("href", "cite"):
            fitting = (element.tag, name) in _LINKS and (
                _is_address(value, _SCHEMES) or value.startswith("#")
            )
        else:
            fitting = name in allowed and allowed[name].fullmatch(value) is not None
        if not fitting:
            del element.attrib[name]


_LINKS = frozenset(
    {("a", "href"), ("blockquote", "cite"), ("q", "cite"), ("del", "cite"), ("ins", "cite")}
)


def _component(element: etree._Element, tag: str, **attributes: str) -> etree._Element:
    """Put an element of AMP's own in the place of one of HTML's."""
    component = etree.Element(tag, attributes)
    component.tail = element.tail
    parent = element.getparent()
    assert parent is not None
    parent.replace(element, component)
    return component


def _link(element: etree._Element, address: str, text: str) -> None:
    if not _is_address(address, {"http", "https"}):
        return _drop(element)
    _component(element, "a", href=address).text = text
    return None


def _drop(element: etree._Element) -> None:
    """Take an element out, and leave the text that follows it."""
    parent = element.getparent()
    assert parent is not None
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
        element.tail = None
    parent.remove(element)


def _in_place(element: etree._Element) -> bool:
    parent = element.getparent()
    return element.tag != "summary" or (parent is not None and parent.tag == "details")


def _is_medium(element: etree._Element | None) -> bool:
    return element is not None and element.tag in ("video", "audio")


def _source(element: etree._Element) -> str:
    """Return the address of a recording: its own, or that of its first source."""
    own = element.get("src")
    first = element.find("source")
    return own or ("" if first is None else first.get("src", ""))


def _size(element: etree._Element) -> tuple[str, str] | None:
    width, height = element.get("width", ""), element.get("height", "")
    return (width, height) if _SIZE.fullmatch(width) and _SIZE.fullmatch(height) else None


def _secure(address: str) -> bool:
    return _is_address(address, {"https"})


def _is_address(address: str, schemes: set[str] | frozenset[str]) -> bool:
    """Whether an absolute address is one that the validator takes, too."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return False
    if parts.scheme.lower() not in schemes or "__amp_source_origin" in address:
        return False
    host = parts.hostname or ""
    return parts.scheme.lower() in ("mailto", "tel") or _HOST.fullmatch(host) is not None
