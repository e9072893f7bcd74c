"""Video, audio and frames in a body: what each channel plays, or a link where it can't."""

from collections.abc import Mapping, Sequence
from html import escape

from syndicate.body import amp_rules
from syndicate.body.part_writer import PartWriter, format_attributes
from syndicate.model.compiled_body import BASE, ORIGIN, UI_STRING
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
"""What a frame may do on our page. Players ask for the referrer, so they get our host."""
_AMP_ATTRIBUTES = {"source": ("src", "type"), "track": ("src", "kind", "srclang", "label")}


def write_embed(
    writer: PartWriter, kind: str, attributes: Mapping[str, str], sources: Sequence[Source]
) -> None:
    """Write an embed whose addresses, and those of its sources, are resolved."""
    own = _FRAME if kind == "iframe" else {"preload": "metadata"}
    html, needs = _amp(kind, attributes, sources)
    writer.write_each(
        page=f"<{kind}{format_attributes({**attributes, **own})}{_title(kind, attributes)}>",
        amp=html,
        feed=f"<{kind}{format_attributes(attributes)}>",
        needs=needs,
    )
    with writer.without_amp():
        for tag, source in sources:
            writer.write(f"<{tag}{format_attributes(source)}>")
        writer.write(f"</{kind}>")


def _title(kind: str, attributes: Mapping[str, str]) -> str:
    """Return a title for a frame that has none: screen readers announce it."""
    if kind != "iframe" or attributes.get("title"):
        return ""
    string = "video" if Video.from_url(attributes.get("src", "")) else "embedded"
    return f' title="{UI_STRING}{string}{UI_STRING}"'


def _amp(
    kind: str, attributes: Mapping[str, str], sources: Sequence[Source]
) -> tuple[str, str | None]:
    """Return AMP's markup and the extension that it requires, if any."""
    if kind == "iframe":
        return _amp_frame(attributes)
    playable = [(tag, source) for tag, source in sources if _is_playable(source.get("src", ""))]
    address = attributes.get("src") or next((source.get("src", "") for _, source in sources), "")
    own = {"src": address} if attributes.get("src") else {}
    if not _is_playable(address) and (own or all(tag != "source" for tag, _ in playable)):
        return _link(address, attributes, "media"), None
    own |= {name: "" for name in ("loop",) if name in attributes}
    inner = "".join(
        _amp_source(tag, source) for tag, source in playable if not own or tag == "track"
    )
    if kind == "audio":
        own |= {"controls": "", "width": "auto", "height": "50"}
    else:
        own |= {"controls": "", "layout": "responsive", **_size(attributes)}
        if amp_rules.is_address(attributes.get("poster", "")):
            own["poster"] = attributes["poster"]
    return f"<amp-{kind}{format_attributes(own)}>{inner}</amp-{kind}>", f"amp-{kind}"


def _amp_frame(attributes: Mapping[str, str]) -> tuple[str, str | None]:
    address = attributes.get("src", "")
    video = Video.from_url(address)
    if not _is_playable(address):
        return _link(video.page_url if video else address, attributes, "on_the_web"), None
    box = {"layout": "responsive", **_size(attributes)}
    if title := attributes.get("title"):
        box["title"] = title
    if video and video.host == "youtube" and video.id:
        player = {"data-videoid": video.id, "credentials": "omit"}
        player |= {"data-param-start": str(video.start)} if video.start else {}
        player |= {"data-param-list": video.playlist} if video.playlist else {}
        return f"<amp-youtube{format_attributes(player | box)}></amp-youtube>", "amp-youtube"
    if video and video.host == "vimeo" and not video.key:
        player = {"data-videoid": video.id, "do-not-track": ""}
        return f"<amp-vimeo{format_attributes(player | box)}></amp-vimeo>", "amp-vimeo"
    if video is None:
        box |= {"layout": "fixed-height", "width": "auto"}
    box |= {"src": address, "sandbox": _SANDBOX, "frameborder": "0"}
    box |= {"referrerpolicy": _FRAME["referrerpolicy"], "allowfullscreen": ""}
    link = _link(video.page_url if video else address, attributes, "on_the_web", " placeholder")
    return f"<amp-iframe{format_attributes(box)}>{link}</amp-iframe>", "amp-iframe"


def _amp_source(tag: str, source: Mapping[str, str]) -> str:
    kept = {name: source[name] for name in _AMP_ATTRIBUTES[tag] if source.get(name)}
    return f"<{tag}{format_attributes(kept)}>"


def _is_playable(address: str) -> bool:
    """Whether AMP plays it: AMP needs https, which our own addresses may not have."""
    return amp_rules.is_address(address, {"https"}) and not address.startswith((BASE, ORIGIN))


def _size(attributes: Mapping[str, str]) -> dict[str, str]:
    width, height = amp_rules.pixel_size(attributes) or ("16", "9")
    return {"width": width, "height": height}


def _link(address: str, attributes: Mapping[str, str], string: str, extra: str = "") -> str:
    """Write a link to what can't be shown; its text is the title, or a UI string."""
    if not amp_rules.is_address(address):
        return ""
    text = escape(attributes.get("title", "")) or f"{UI_STRING}{string}{UI_STRING}"
    return f"<a{format_attributes({'href': address})}{extra}>{text}</a>"
