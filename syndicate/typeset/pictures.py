"""Pictures of a body, as each channel loads them."""

from collections.abc import Mapping

from syndicate.model.articles import Figure
from syndicate.typeset import amp
from syndicate.typeset.sheet import Sheet, written


def place(
    sheet: Sheet, attributes: Mapping[str, str], figure: Figure | None, *, urgent: bool
) -> None:
    """Set an `<img>` whose address is resolved; `figure` is what is known of it.

    An `urgent` one is loaded first, all others when they are about to be seen.
    """
    load = {"fetchpriority": "high"} if urgent else {"loading": "lazy", "decoding": "async"}
    sheet.each(
        page=f"<img{written({**attributes, **load})}>",
        amp=_amp(attributes),
        feed=f"<img{written(attributes)}>",
    )


def _amp(attributes: Mapping[str, str]) -> str:
    """Set an amp-img: as wide as it is where that is known, else filling a box of its own."""
    address, size = attributes.get("src", ""), amp.size(attributes)
    if not amp.is_address(address):
        return ""
    told = written({"src": address, "alt": attributes.get("alt", "")})
    if size:
        told += written({"layout": "intrinsic", "width": size[0], "height": size[1]})
        return f"<amp-img{told}></amp-img>"
    return f'<span class="unsized"><amp-img{told} layout="fill"></amp-img></span>'
