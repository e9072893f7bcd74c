"""Embeds: players and frames that a body may keep, each in a figure of its own; links for others.

Attributes are written anew, so nothing is kept that isn't named here.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from lxml import etree

from syndicate.body.tree_edits import PHRASING, parent_of, remove, unwrap, unwrap_all
from syndicate.intake.markup.text import one_line
from syndicate.model.urls import http_url
from syndicate.model.videos import Video

EMBED_TAGS = frozenset({"x-iframe", "embed", "object", "video", "audio"})
SOURCE_TAGS = frozenset({"source", "track"})
_RECORDINGS = ("video", "audio")
FIGURE_CLASS = "embed"
"""The class of a figure that holds one, and nothing but its caption besides."""

_LANDSCAPE, _UPRIGHT = ("560", "315"), ("315", "560")
_RATIOS = {"16-9": 16 / 9, "4-3": 4 / 3, "1-1": 1.0, "9-16": 9 / 16}
_FIGURE_PARENTS = frozenset({
    "div", "section", "aside", "blockquote", "details", "li", "dd", "td", "th",
})  # fmt: skip
"""Where a figure may stand."""
_BLOCKS = (_FIGURE_PARENTS | {"figure"}) - {"li", "dd", "td", "th"}
_SIZE = re.compile(r"[1-9]\d{0,3}")
_ABSOLUTE_HTTPS = re.compile(r"https://[\w.-]+(:\d{1,5})?([/?#][^\s\\\"<>]*)?", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_TYPE = re.compile(r"(audio|video|application)/[\w.+-]+(; ?codecs=[\w., '\"+-]+)?")
_KIND = re.compile(r"captions|subtitles|descriptions|chapters")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def convert_embeds(root: etree._Element, hosts: Collection[str]) -> None:
    """Bring every embed to the form of `Revision.body`, or make a link of it.

    `hosts` are those that frames may show: names, `*.example.org` for all below
    one, `*` for all. YouTube and Vimeo are known by whatever address they come.
    """
    linked: set[str] = set()
    dropped = []
    for element in [*root.iter(*EMBED_TAGS)]:
        if not _is_within(element, root):
            continue  # it was what old browsers show in place of another
        recording = element.tag in _RECORDINGS
        made = _convert_recording(element) if recording else _convert_frame(element, hosts)
        if made is None:
            _link(element, linked)
            if len(element):
                unwrap(element)
            else:
                dropped.append(element)
        else:
            _replace(element, made)
            _wrap_in_figure(made)
    dropped += [part for part in root.iter(*SOURCE_TAGS) if parent_of(part).tag not in _RECORDINGS]
    unwrap_all(root, dropped)


def _is_within(element: etree._Element, root: etree._Element) -> bool:
    return any(ancestor is root for ancestor in element.iterancestors())


# frames


def _convert_frame(element: etree._Element, hosts: Collection[str]) -> etree._Element | None:
    """Make the frame that is to be kept of an embed, or None."""
    address = _address(element)
    video = Video.from_url(address)
    if video is None and element.tag != "x-iframe":
        return None
    address = video.player_url if video else address
    if not _is_allowed_frame(address, hosts):
        return None
    frame = etree.Element("iframe", src=address)
    width, height = _size(element) or (_UPRIGHT if video and video.upright else _LANDSCAPE)
    frame.set("width", width)
    frame.set("height", height)
    _copy_texts(element, frame)
    frame.set("allowfullscreen", "")
    return frame


def _is_allowed_frame(address: str, hosts: Collection[str]) -> bool:
    if not _is_https(address):
        return False
    host = urlsplit(address).netloc.lower()
    labels = host.split(".")
    above = {f"*.{'.'.join(labels[n:])}" for n in range(1, len(labels))}
    return not {"*", host, *above}.isdisjoint(hosts)


# recordings


def _convert_recording(element: etree._Element) -> etree._Element | None:
    """Make the video or audio that is to be kept of one, or None."""
    src = _address(element)
    parts = [part for part in element if part.tag in SOURCE_TAGS and _is_https(_address(part))]
    if src:
        parts = [part for part in parts if part.tag == "track"]
    if not (_is_https(src) if src else any(part.tag == "source" for part in parts)):
        return None
    made = etree.Element(element.tag, {"src": src} if src else {})
    if element.tag == "video":
        _copy_size_and_poster(element, made)
    _copy_texts(element, made)
    for name in ("loop", "muted"):
        if name in element.attrib:
            made.set(name, "")
    if element.get("crossorigin") == "anonymous":
        made.set("crossorigin", "anonymous")
    made.set("controls", "")
    made.extend(_source(part) if part.tag == "source" else _track(part) for part in parts)
    return made


def _copy_size_and_poster(element: etree._Element, made: etree._Element) -> None:
    """Keep a video's size and its still."""
    if size := _size(element):
        made.set("width", size[0])
        made.set("height", size[1])
    poster = element.get("poster", "").strip()
    if _is_https(poster) or (poster and not _ABSOLUTE.match(poster)):
        made.set("poster", poster)


def _source(part: etree._Element) -> etree._Element:
    made = etree.Element("source", src=_address(part))
    if _TYPE.fullmatch(part.get("type", "")):
        made.set("type", part.get("type", ""))
    return made


def _track(part: etree._Element) -> etree._Element:
    made = etree.Element("track", src=_address(part))
    language, label = part.get("srclang", ""), one_line(part.get("label", ""))
    kind = part.get("kind", "subtitles")
    if not _LANGUAGE.fullmatch(language):
        language = ""
    if not _KIND.fullmatch(kind) or (kind == "subtitles" and not language):
        kind = "captions"  # subtitles must name their language
    made.set("kind", kind)
    for name, value in (("srclang", language), ("label", label)):
        if value:
            made.set(name, value)
    return made


# what both have


def _address(element: etree._Element) -> str:
    address = str(element.get("src") or element.get("data") or "").strip()
    address = f"https:{address}" if address.startswith("//") else address
    return http_url(address) or "" if _is_https(address) else address


def _is_https(address: str) -> bool:
    return _ABSOLUTE_HTTPS.fullmatch(address) is not None


def _size(element: etree._Element) -> tuple[str, str] | None:
    width, height = element.get("width", ""), element.get("height", "")
    return (width, height) if _SIZE.fullmatch(width) and _SIZE.fullmatch(height) else None


def _copy_texts(element: etree._Element, made: etree._Element) -> None:
    for name in ("id", "title", "lang"):
        if value := one_line(element.get(name, "")):
            made.set(name, value)


# where they stand


def _replace(element: etree._Element, made: etree._Element) -> None:
    """Put what is kept in an embed's place, without what old browsers show there.

    Blocks in it are no such thing, but what follows a tag that was never closed.
    """
    element.addprevious(made)
    for part in [child for child in element if child.tag in SOURCE_TAGS]:
        remove(part)
    if all(e.tag in PHRASING | EMBED_TAGS for e in element.iterdescendants()):
        remove(element)
    else:
        unwrap(element)


def _wrap_in_figure(made: etree._Element) -> None:
    """Put a player into a figure: the one around it, or one of its own."""
    around = next(made.iterancestors("figure"), None)
    if around is not None and not _has_content(around):
        remove(made)
        around.insert(0, made)
        made.tail, around.text = around.text, None
    else:
        spot = _block_position(made)
        around = etree.Element("figure")
        spot.addprevious(around) if spot is made else _last_embed_after(spot).addnext(around)
        remove(made)
        around.append(made)
        made.tail = None
    around.set("class", " ".join((FIGURE_CLASS, *_ratio(made))))


def _has_content(figure: etree._Element) -> bool:
    """Whether a figure has a picture or a player already."""
    return is_embed_figure(figure) or figure.find(".//img") is not None


def is_embed_figure(figure: etree._Element) -> bool:
    """Whether a figure holds a player, as its first child."""
    return FIGURE_CLASS in figure.get("class", "").split()


def _block_position(made: etree._Element) -> etree._Element:
    """Find what stands in a place for blocks: a player, or the text that it is in."""
    spot = made
    while parent_of(spot).tag not in _FIGURE_PARENTS:
        spot = parent_of(spot)
    return spot


def _last_embed_after(spot: etree._Element) -> etree._Element:
    """Find the last figure that came out of a text before."""
    after = spot.getnext()
    while after is not None and after.tag == "figure" and is_embed_figure(after):
        spot, after = after, after.getnext()
    return spot


def _ratio(made: etree._Element) -> tuple[str, ...]:
    """Name the shape of a video in a frame: such a frame has no shape of its own."""
    if made.tag != "iframe" or Video.from_url(made.get("src", "")) is None:
        return ()
    wanted = int(made.get("width", "")) / int(made.get("height", ""))
    return (f"ratio-{min(_RATIOS, key=lambda name: abs(_RATIOS[name] - wanted))}",)


def _link(element: etree._Element, linked: set[str]) -> None:
    """Put a link to what is embedded before it; one for several ways to show the same."""
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
