"""Recordings and frames of a body, as each channel plays them, or a link where it can't."""

from collections.abc import Mapping, Sequence
from html import escape

from syndicate.body import amp_rules
from syndicate.body.fragment_writer import FragmentWriter, format_attributes
from syndicate.model.compiled_body import BASE, ORIGIN, WORD
from syndicate.model.videos import Video

KINDS = frozenset({"video", "audio", "iframe"})

Source = tuple[str, Mapping[str, str]]
"""A `<source>` or `<track>`: its tag and its attributes."""

_SANDBOX = (
    "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-presentation"
)
_FRAME = {
    "loading": "lazy",
    "sandbox": _SANDBOX,
    "referrerpolicy": "strict-origin-when-cross-origin",
    "allow": "fullscreen; picture-in-picture; encrypted-media",
}
"""What a frame of others may do on a page of ours. Players ask who shows them: the host is told."""
_CARRIED = {"source": ("src", "type"), "track": ("src", "kind", "srclang", "label")}


def write_embed(
    sheet: FragmentWriter, kind: str, attributes: Mapping[str, str], sources: Sequence[Source]
) -> None:
    """Set a player; every address in its attributes, and in those of its sources, is resolved."""
    own = _FRAME if kind == "iframe" else {"preload": "metadata"}
    html, needs = _amp(kind, attributes, sources)
    sheet.each(
        page=f"<{kind}{format_attributes({**attributes, **own})}{_name(kind, attributes)}>",
        amp=html,
        feed=f"<{kind}{format_attributes(attributes)}>",
        needs=needs,
    )
    with sheet.without_amp():
        for tag, told in sources:
            sheet.all(f"<{tag}{format_attributes(told)}>")
        sheet.all(f"</{kind}>")


def _name(kind: str, attributes: Mapping[str, str]) -> str:
    """Name a frame that has no title, for those who can't see what is in it."""
    if kind != "iframe" or attributes.get("title"):
        return ""
    word = "video" if Video.from_url(attributes.get("src", "")) else "embedded"
    return f' title="{WORD}{word}{WORD}"'


# AMP


def _amp(
    kind: str, attributes: Mapping[str, str], sources: Sequence[Source]
) -> tuple[str, str | None]:
    """Return what AMP has in its place, and the extension that it needs."""
    if kind == "iframe":
        return _amp_frame(attributes)
    playable = [(tag, told) for tag, told in sources if _is_playable(told.get("src", ""))]
    source = attributes.get("src") or next((told.get("src", "") for _, told in sources), "")
    own = {"src": source} if attributes.get("src") else {}
    if not _is_playable(source) and (own or all(tag != "source" for tag, _ in playable)):
        return _link(source, attributes, "media"), None
    own |= {name: "" for name in ("loop",) if name in attributes}
    inside = "".join(_carried(tag, told) for tag, told in playable if not own or tag == "track")
    if kind == "audio":
        own |= {"controls": "", "width": "auto", "height": "50"}
    else:
        own |= {"controls": "", "layout": "responsive", **_size(attributes)}
        if amp_rules.is_address(attributes.get("poster", "")):
            own["poster"] = attributes["poster"]
    return f"<amp-{kind}{format_attributes(own)}>{inside}</amp-{kind}>", f"amp-{kind}"


def _amp_frame(attributes: Mapping[str, str]) -> tuple[str, str | None]:
    address = attributes.get("src", "")
    video = Video.from_url(address)
    if not _is_playable(address):
        return _link(video.page_url if video else address, attributes, "on_the_web"), None
    box = {"layout": "responsive", **_size(attributes)}
    if title := attributes.get("title"):
        box["title"] = title
    if video and video.host == "youtube" and video.id:
        told = {"data-videoid": video.id, "credentials": "omit"}
        told |= {"data-param-start": str(video.start)} if video.start else {}
        told |= {"data-param-list": video.playlist} if video.playlist else {}
        return f"<amp-youtube{format_attributes(told | box)}></amp-youtube>", "amp-youtube"
    if video and video.host == "vimeo" and not video.key:
        told = {"data-videoid": video.id, "do-not-track": ""}
        return f"<amp-vimeo{format_attributes(told | box)}></amp-vimeo>", "amp-vimeo"
    if video is None:
        box |= {"layout": "fixed-height", "width": "auto"}
    box |= {"src": address, "sandbox": _SANDBOX, "frameborder": "0"}
    box |= {"referrerpolicy": _FRAME["referrerpolicy"], "allowfullscreen": ""}
    link = _link(video.page_url if video else address, attributes, "on_the_web", " placeholder")
    return f"<amp-iframe{format_attributes(box)}>{link}</amp-iframe>", "amp-iframe"


def _carried(tag: str, told: Mapping[str, str]) -> str:
    kept = {name: told[name] for name in _CARRIED[tag] if told.get(name)}
    return f"<{tag}{format_attributes(kept)}>"


def _is_playable(address: str) -> bool:
    """Whether AMP plays it: with https, so not where this publication happens to be served."""
    return amp_rules.is_address(address, {"https"}) and not address.startswith((BASE, ORIGIN))


def _size(attributes: Mapping[str, str]) -> dict[str, str]:
    width, height = amp_rules.pixel_size(attributes) or ("16", "9")
    return {"width": width, "height": height}


def _link(address: str, attributes: Mapping[str, str], word: str, mark: str = "") -> str:
    """Write a link to what can't be shown; it says so in a word of ours unless it has a title."""
    if not amp_rules.is_address(address):
        return ""
    text = escape(attributes.get("title", "")) or f"{WORD}{word}{WORD}"
    return f"<a{format_attributes({'href': address})}{mark}>{text}</a>"
