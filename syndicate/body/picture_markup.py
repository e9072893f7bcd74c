"""Pictures of a body, as each channel loads them."""

from collections.abc import Mapping

from syndicate.body import amp_rules
from syndicate.body.fragment_writer import FragmentWriter, format_attributes
from syndicate.model import pictures
from syndicate.model.articles import Figure
from syndicate.model.compiled_body import BASE

SIZES = "(min-width: 44rem) 39rem, 100vw"
"""How wide a body shows a picture: its measure, or the whole of a telephone."""


def write_picture(
    sheet: FragmentWriter, attributes: Mapping[str, str], figure: Figure | None, *, urgent: bool
) -> None:
    """Set an `<img>` whose address is resolved; `figure` is what is known of a figure's picture.

    An `urgent` one is loaded first, all others when they are about to be seen.
    """
    load = {"fetchpriority": "high"} if urgent else {"loading": "lazy", "decoding": "async"}
    sheet.each(
        page=_page({**attributes, **load}, figure),
        amp=_amp(attributes, figure),
        feed=f"<img{format_attributes(attributes)}>",
    )


def _page(attributes: Mapping[str, str], figure: Figure | None) -> str:
    """Set a picture in as many widths as there are, in the better type where there is one."""
    widths = _widths(figure)
    image = f"<img{format_attributes({**attributes, **widths})}>"
    better = pictures.source(figure, f"{BASE}/") if figure else None
    if better is None:
        return image
    told = format_attributes({"type": better.type, "srcset": better.srcset, "sizes": SIZES})
    return f"<picture><source{told}>{image}</picture>"


def _widths(figure: Figure | None) -> dict[str, str]:
    srcset = pictures.srcset(figure, f"{BASE}/") if figure else ""
    return {"srcset": srcset, "sizes": SIZES} if srcset else {}


def _amp(attributes: Mapping[str, str], figure: Figure | None) -> str:
    """Set an amp-img: as wide as it is where that is known, else filling a box of its own."""
    address, size = attributes.get("src", ""), amp_rules.pixel_size(attributes)
    if not amp_rules.is_address(address):
        return ""
    told = format_attributes({"src": address, "alt": attributes.get("alt", ""), **_widths(figure)})
    if size:
        told += format_attributes({"layout": "intrinsic", "width": size[0], "height": size[1]})
        return f"<amp-img{told}></amp-img>"
    return f'<span class="unsized"><amp-img{told} layout="fill"></amp-img></span>'
