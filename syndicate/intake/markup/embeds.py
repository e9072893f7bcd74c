"""Convert embeds: allowed players and frames get a figure each, others become links.

Elements are rebuilt, so only the attributes named here are kept.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from lxml import etree

from syndicate.body.markup import PHRASING, parent_of, remove, unwrap, unwrap_all
from syndicate.model.urls import http_url
from syndicate.model.videos import Video
from syndicate.text import one_line

EMBED_TAGS = frozenset({"x-iframe", "embed", "object", "video", "audio"})
SOURCE_TAGS = frozenset({"source", "track"})
_RECORDINGS = ("video", "audio")
FIGURE_CLASS = "embed"
"""The class of a figure that contains an embed and its caption."""

_LANDSCAPE, _UPRIGHT = {"width": "560", "height": "315"}, {"width": "315", "height": "560"}
_RATIOS = {"16-9": 16 / 9, "4-3": 4 / 3, "1-1": 1.0, "9-16": 9 / 16}
_FIGURE_PARENTS = frozenset({
    "div", "section", "aside", "blockquote", "details", "li", "dd", "td", "th",
})  # fmt: skip
"""Elements that may contain a figure."""
_BLOCKS = (_FIGURE_PARENTS | {"figure"}) - {"li", "dd", "td", "th"}
_SIZE = re.compile(r"[1-9]\d{0,3}")
_ABSOLUTE_HTTPS = re.compile(r"https://[\w.-]+(:\d{1,5})?([/?#][^\s\\\"<>]*)?", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"(audio|video|application)/[\w.+-]+(; ?codecs=[\w., '\"+-]+)?")
_TRACK_KIND = re.compile(r"captions|subtitles|descriptions|chapters")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def convert_embeds(root: etree._Element, hosts: Collection[str]) -> None:
    """Convert every embed to the form of `Revision.body`, or to a link.

    `hosts` are allowed in frames: names, `*.example.org` for all subdomains, `*` for all.
    YouTube and Vimeo are recognised by any of their addresses.
    """
    linked: set[str] = set()
    dropped = []
    for element in [*root.iter(*EMBED_TAGS)]:
        if root not in element.iterancestors():
            continue  # it was the fallback content of another embed
        recording = element.tag in _RECORDINGS
        converted = _convert_recording(element) if recording else _convert_frame(element, hosts)
        if converted is None:
            _link(element, linked)
            if len(element):
                unwrap(element)
            else:
                dropped.append(element)
        else:
            _replace(element, converted)
            _wrap_in_figure(converted)
    dropped += [part for part in root.iter(*SOURCE_TAGS) if parent_of(part).tag not in _RECORDINGS]
    unwrap_all(root, dropped)


def _convert_frame(element: etree._Element, hosts: Collection[str]) -> etree._Element | None:
    """Return the frame for an embed, or None if it is not allowed."""
    address = _address(element)
    video = Video.from_url(address)
    if video is None and element.tag != "x-iframe":
        return None
    address = video.player_url if video else address
    if not _is_allowed_frame(address, hosts):
        return None
    frame = etree.Element("iframe", src=address)
    frame.attrib.update(_size(element) or (_UPRIGHT if video and video.upright else _LANDSCAPE))
    _copy_text_attributes(element, frame)
    frame.set("allowfullscreen", "")
    return frame


def _is_allowed_frame(address: str, hosts: Collection[str]) -> bool:
    if not _is_https(address):
        return False
    host = urlsplit(address).netloc.lower()
    labels = host.split(".")
    wildcards = {f"*.{'.'.join(labels[n:])}" for n in range(1, len(labels))}
    return not {"*", host, *wildcards}.isdisjoint(hosts)


def _convert_recording(element: etree._Element) -> etree._Element | None:
    """Return a new video or audio element, or None if it has no valid source."""
    src = _address(element)
    parts = [part for part in element if part.tag in SOURCE_TAGS and _is_https(_address(part))]
    if src:
        parts = [part for part in parts if part.tag == "track"]
    if not (_is_https(src) if src else any(part.tag == "source" for part in parts)):
        return None
    converted = etree.Element(element.tag, {"src": src} if src else {})
    if element.tag == "video":
        converted.attrib.update(_size(element))
        poster = element.get("poster", "").strip()
        if _is_https(poster) or (poster and not _ABSOLUTE.match(poster)):
            converted.set("poster", poster)
    _copy_text_attributes(element, converted)
    for name in ("loop", "muted"):
        if name in element.attrib:
            converted.set(name, "")
    if element.get("crossorigin") == "anonymous":
        converted.set("crossorigin", "anonymous")
    converted.set("controls", "")
    converted.extend(_source(part) if part.tag == "source" else _track(part) for part in parts)
    return converted


def _source(part: etree._Element) -> etree._Element:
    converted = etree.Element("source", src=_address(part))
    if _MEDIA_TYPE.fullmatch(part.get("type", "")):
        converted.set("type", part.get("type", ""))
    return converted


def _track(part: etree._Element) -> etree._Element:
    converted = etree.Element("track", src=_address(part))
    language, label = part.get("srclang", ""), one_line(part.get("label", ""))
    kind = part.get("kind", "subtitles")
    if not _LANGUAGE.fullmatch(language):
        language = ""
    if not _TRACK_KIND.fullmatch(kind) or (kind == "subtitles" and not language):
        kind = "captions"  # subtitles must name their language
    converted.set("kind", kind)
    for name, value in (("srclang", language), ("label", label)):
        if value:
            converted.set(name, value)
    return converted


def _address(element: etree._Element) -> str:
    address = str(element.get("src") or element.get("data") or "").strip()
    address = f"https:{address}" if address.startswith("//") else address
    return http_url(address) or "" if _is_https(address) else address


def _is_https(address: str) -> bool:
    return _ABSOLUTE_HTTPS.fullmatch(address) is not None


def _size(element: etree._Element) -> dict[str, str]:
    """Return the width and height; empty unless both are valid."""
    size = {name: element.get(name, "") for name in ("width", "height")}
    return size if all(map(_SIZE.fullmatch, size.values())) else {}


def _copy_text_attributes(element: etree._Element, converted: etree._Element) -> None:
    for name in ("id", "title", "lang"):
        if value := one_line(element.get(name, "")):
            converted.set(name, value)


def _replace(element: etree._Element, converted: etree._Element) -> None:
    """Replace an embed by its converted form, without its fallback content.

    Blocks inside it are not fallback content: its tag was never closed.
    """
    element.addprevious(converted)
    for source in [child for child in element if child.tag in SOURCE_TAGS]:
        remove(source)
    if all(inner.tag in PHRASING | EMBED_TAGS for inner in element.iterdescendants()):
        remove(element)
    else:
        unwrap(element)


def _wrap_in_figure(converted: etree._Element) -> None:
    """Put an embed into the figure around it, or into a new one."""
    figure = next(converted.iterancestors("figure"), None)
    if figure is None or is_embed_figure(figure) or figure.find(".//img") is not None:
        block, figure = converted, etree.Element("figure")
        while parent_of(block).tag not in _FIGURE_PARENTS:
            block = parent_of(block)
        if block is converted:
            block.addprevious(figure)
        else:  # after the embeds that were moved out of the block before
            while (after := block.getnext()) is not None and is_embed_figure(after):
                block = after
            block.addnext(figure)
        remove(converted)
        figure.append(converted)
        converted.tail = None
    else:
        remove(converted)
        figure.insert(0, converted)
        converted.tail, figure.text = figure.text, None
    classes = FIGURE_CLASS
    if converted.tag == "iframe" and Video.from_url(converted.get("src", "")) is not None:
        # a frame doesn't have its video's aspect ratio by itself
        ratio = int(converted.get("width", "")) / int(converted.get("height", ""))
        classes += f" ratio-{min(_RATIOS, key=lambda name: abs(_RATIOS[name] - ratio))}"
    figure.set("class", classes)


def is_embed_figure(figure: etree._Element) -> bool:
    """Whether an element is a figure that contains an embed, as its first child."""
    return figure.tag == "figure" and FIGURE_CLASS in figure.get("class", "").split()


def _link(element: etree._Element, linked: set[str]) -> None:
    """Insert a link before an embed, unless another embed of its address has one (`linked`)."""
    address = _address(element)
    recordings = [_address(part) for part in element if part.tag == "source"]
    if element.tag in _RECORDINGS and not address and recordings:
        address = recordings[0]
    if video := Video.from_url(address):
        address = video.page_url
    relative = element.tag in _RECORDINGS and not _ABSOLUTE.match(address)
    if address not in linked and (relative or re.match("https?://", address)) and address:
        linked.add(address)
        link = etree.Element("a", href=address)
        title = one_line(element.get("title", ""))
        link.text = title or re.sub("^https?://(www\\.)?", "", address)
        if parent_of(element).tag in _BLOCKS:
            paragraph = etree.Element("p")
            paragraph.append(link)
            link = paragraph
        element.addprevious(link)
