"""Recordings and frames of a body, as each channel plays them, or a link where it can't."""

from collections.abc import Mapping, Sequence
from html import escape

from syndicate.model.galleys import WORD
from syndicate.typeset import amp
from syndicate.typeset.sheet import Sheet, written

KINDS = frozenset({"video", "audio", "iframe"})


def place(
    sheet: Sheet,
    kind: str,
    attributes: Mapping[str, str],
    sources: Sequence[tuple[str, Mapping[str, str]]],
) -> None:
    """Set a player; every address in its attributes, and in those of its sources, is resolved."""
    start = f"<{kind}{written(attributes)}>"
    html, needs = _amp(kind, attributes, sources)
    sheet.each(page=start, amp=html, feed=start, needs=needs)
    with sheet.without_amp():
        for tag, told in sources:
            sheet.all(f"<{tag}{written(told)}>")
        sheet.all(f"</{kind}>")


def _amp(
    kind: str,
    attributes: Mapping[str, str],
    sources: Sequence[tuple[str, Mapping[str, str]]],
) -> tuple[str, str | None]:
    """Return what AMP has in its place, and the extension that it needs."""
    source = attributes.get("src") or next((told.get("src", "") for _, told in sources), "")
    if kind == "iframe" or not source.startswith("https:") or not amp.is_address(source):
        return _link(kind, source, attributes.get("title", "")), None
    if kind == "audio":
        told = written({"src": source, "controls": "", "width": "auto", "height": "50"})
        return f"<amp-audio{told}></amp-audio>", "amp-audio"
    width, height = amp.size(attributes) or ("16", "9")
    told = written({"src": source, "controls": "", "layout": "responsive"})
    told += written({"width": width, "height": height})
    if amp.is_address(attributes.get("poster", "")):
        told += written({"poster": attributes["poster"]})
    return f"<amp-video{told}></amp-video>", "amp-video"


def _link(kind: str, address: str, title: str) -> str:
    if not amp.is_address(address):
        return ""
    word = "on_the_web" if kind == "iframe" else "media"
    text = escape(title) or f"{WORD}{word}{WORD}"
    return f"<a{written({'href': address})}>{text}</a>"
