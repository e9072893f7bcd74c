"""Write HTML for several channels at once; pictures, recordings and frames as each shows them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape

from syndicate.body import amp_rules
from syndicate.model import pictures
from syndicate.model.articles import BASE, ORIGIN, UI_STRING, Figure, Part
from syndicate.model.videos import Video

EMBEDS = frozenset({"video", "audio", "iframe"})

Source = tuple[str, Mapping[str, str]]
"""A `<source>` or `<track>`: its tag and its attributes."""


@dataclass(frozen=True, slots=True)
class PictureSlot:
    """How wide a picture is shown."""

    sizes: str
    """As the attribute `sizes`."""
    stated_height: int = 0
    """The height in pixels to which its size is converted; 0 for its own size."""


COLUMN = PictureSlot("(min-width: 44rem) 39rem, 100vw")
"""In a body: as wide as the column, or the whole screen of a phone."""
SLOTS = {
    "wide": PictureSlot("(min-width: 61rem) 54rem, 100vw"),
    "full": PictureSlot("100vw"),
    "left": PictureSlot("(min-width: 48rem) 18rem, 100vw"),
}
"""By the class of the figure."""
_ROW_WIDTH = 54
"""Of a gallery, in rem."""
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


def slot_in_row(share: float, height: int) -> PictureSlot:
    """Return the slot of a picture that takes a share of a gallery's row."""
    return PictureSlot(f"(min-width: 48rem) {_ROW_WIDTH * share:.0f}rem, 100vw", height)


def write_picture(
    writer: "PartWriter",
    attributes: Mapping[str, str],
    figure: Figure | None,
    *,
    priority: bool,
    slot: PictureSlot = COLUMN,
) -> None:
    """Write an `<img>` whose address is resolved; `figure` is what the article knows of it.

    Pages offer every width there is, in a better type where there is one. With `priority` the
    browser loads the picture first, otherwise when it is about to be seen.
    """
    load = {"fetchpriority": "high"} if priority else {"loading": "lazy", "decoding": "async"}
    widths = pictures.srcset(figure, f"{BASE}/") if figure else ""
    srcset = {"srcset": widths, "sizes": slot.sizes} if widths else {}
    size = amp_rules.pixel_size(attributes) if slot.stated_height else None
    shown = dict(attributes)
    if size:
        width = round(int(size[0]) * slot.stated_height / int(size[1]))
        shown |= {"width": str(max(width, 1)), "height": str(slot.stated_height)}
    page = f"<img{format_attributes({**shown, **load, **srcset})}>"
    if better := pictures.source(figure, f"{BASE}/") if figure else None:
        source = {"type": better.type, "srcset": better.srcset, "sizes": slot.sizes}
        page = f"<picture><source{format_attributes(source)}>{page}</picture>"
    writer.write_each(
        page=page, amp=_amp_picture(shown, srcset), feed=f"<img{format_attributes(attributes)}>"
    )


def _amp_picture(attributes: Mapping[str, str], srcset: Mapping[str, str]) -> str:
    """Write a picture in its own size where that is known, otherwise filling a box."""
    address, size = attributes.get("src", ""), amp_rules.pixel_size(attributes)
    if not amp_rules.is_address(address):
        return ""
    written = {"src": address, "alt": attributes.get("alt", ""), **srcset}
    if size:
        written |= {"layout": "intrinsic", "width": size[0], "height": size[1]}
        return f"<amp-img{format_attributes(written)}></amp-img>"
    image = f'<amp-img{format_attributes(written)} layout="fill"></amp-img>'
    return f'<span class="unsized">{image}</span>'


def write_embed(
    writer: "PartWriter", kind: str, attributes: Mapping[str, str], sources: Sequence[Source]
) -> None:
    """Write an embed whose addresses, and those of its sources, are resolved."""
    own, title = {"preload": "metadata"}, ""
    if kind == "iframe":
        own = _FRAME
        if not attributes.get("title"):  # which screen readers announce
            string = "video" if Video.from_url(attributes.get("src", "")) else "embedded"
            title = f' title="{UI_STRING}{string}{UI_STRING}"'
    html, needs = (
        _amp_frame(attributes) if kind == "iframe" else _amp_player(kind, attributes, sources)
    )
    writer.write_each(
        page=f"<{kind}{format_attributes({**attributes, **own})}{title}>",
        amp=html,
        feed=f"<{kind}{format_attributes(attributes)}>",
        needs=needs,
    )
    with writer.without_amp():
        for tag, source in sources:
            writer.write(f"<{tag}{format_attributes(source)}>")
        writer.write(f"</{kind}>")


def _amp_player(
    kind: str, attributes: Mapping[str, str], sources: Sequence[Source]
) -> tuple[str, str | None]:
    """Return AMP's markup of a recording and the extension that it requires, if any."""
    playable = [(tag, source) for tag, source in sources if _is_playable(source.get("src", ""))]
    address = attributes.get("src") or next((source.get("src", "") for _, source in sources), "")
    own = {"src": address} if attributes.get("src") else {}
    if not _is_playable(address) and (own or all(tag != "source" for tag, _ in playable)):
        return _link(address, attributes, "media"), None
    inner = ""
    for tag, source in playable:
        if not own or tag == "track":
            kept = {name: source[name] for name in _AMP_ATTRIBUTES[tag] if source.get(name)}
            inner += f"<{tag}{format_attributes(kept)}>"
    own |= {"loop": ""} if "loop" in attributes else {}
    if kind == "audio":
        own |= {"controls": "", "width": "auto", "height": "50"}
    else:
        own |= {"controls": "", "layout": "responsive", **_size(attributes)}
        if amp_rules.is_address(attributes.get("poster", "")):
            own["poster"] = attributes["poster"]
    return f"<amp-{kind}{format_attributes(own)}>{inner}</amp-{kind}>", f"amp-{kind}"


def _amp_frame(attributes: Mapping[str, str]) -> tuple[str, str | None]:
    """Return AMP's markup of a frame and the extension that it requires, if any."""
    address = attributes.get("src", "")
    video = Video.from_url(address)
    page = video.page_url if video else address
    if not _is_playable(address):
        return _link(page, attributes, "on_the_web"), None
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
    link = _link(page, attributes, "on_the_web", " placeholder")
    return f"<amp-iframe{format_attributes(box)}>{link}</amp-iframe>", "amp-iframe"


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


class PartWriter:
    """Collects the HTML of a compiled body, as parts."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._shared: list[str] = []
        self._without_amp = 0

    def write(self, html: str) -> None:
        """Write the same HTML for every channel."""
        if self._without_amp and html:
            self.write_each(page=html, amp="", feed=html)
        else:
            self._shared.append(html)

    def write_each(self, *, page: str, amp: str, feed: str, needs: str | None = None) -> None:
        """Write the HTML of each channel; `needs` is the AMP extension that `amp` requires."""
        if self._without_amp:
            amp, needs = "", None
        if page == amp == feed:
            self._shared.append(page)
            return
        self._end_shared()
        part = {"page": page, "amp": amp, "feed": feed}
        self._parts.append(part | {"needs": needs} if needs else part)

    @contextmanager
    def without_amp(self) -> Iterator[None]:
        """Leave what is written in this context out of AMP."""
        self._without_amp += 1
        try:
            yield
        finally:
            self._without_amp -= 1

    def parts(self) -> tuple[Part, ...]:
        """Return everything written."""
        self._end_shared()
        return tuple(self._parts)

    def _end_shared(self) -> None:
        if html := "".join(self._shared):
            self._parts.append(html)
        self._shared.clear()


def format_attributes(attributes: Mapping[str, str]) -> str:
    """Return attributes as HTML, each with a space before it."""
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
