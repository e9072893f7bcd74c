"""Pictures in a body: `<picture>` with several widths, `<amp-img>`, or a plain `<img>`."""

from collections.abc import Mapping

from syndicate.body import amp_rules
from syndicate.body.part_writer import PartWriter, format_attributes
from syndicate.model import pictures
from syndicate.model.articles import Figure
from syndicate.model.compiled_body import BASE

SIZES = "(min-width: 44rem) 39rem, 100vw"
"""The width of a picture in a body: the column's, or that of the whole screen of a phone."""


def write_picture(
    writer: PartWriter, attributes: Mapping[str, str], figure: Figure | None, *, priority: bool
) -> None:
    """Write an `<img>` whose address is resolved; `figure` is what the article knows of it.

    With `priority` the browser loads it first, otherwise when it is about to be seen.
    """
    load = {"fetchpriority": "high"} if priority else {"loading": "lazy", "decoding": "async"}
    writer.write_each(
        page=_page({**attributes, **load}, figure),
        amp=_amp(attributes, figure),
        feed=f"<img{format_attributes(attributes)}>",
    )


def _page(attributes: Mapping[str, str], figure: Figure | None) -> str:
    """Offer every width there is, in a better type where there is one."""
    image = f"<img{format_attributes({**attributes, **_srcset(figure)})}>"
    better = pictures.source(figure, f"{BASE}/") if figure else None
    if better is None:
        return image
    source = format_attributes({"type": better.type, "srcset": better.srcset, "sizes": SIZES})
    return f"<picture><source{source}>{image}</picture>"


def _srcset(figure: Figure | None) -> dict[str, str]:
    srcset = pictures.srcset(figure, f"{BASE}/") if figure else ""
    return {"srcset": srcset, "sizes": SIZES} if srcset else {}


def _amp(attributes: Mapping[str, str], figure: Figure | None) -> str:
    """Write an amp-img: in its own size where that is known, otherwise filling a box."""
    address, size = attributes.get("src", ""), amp_rules.pixel_size(attributes)
    if not amp_rules.is_address(address):
        return ""
    written = {"src": address, "alt": attributes.get("alt", ""), **_srcset(figure)}
    if size:
        written |= {"layout": "intrinsic", "width": size[0], "height": size[1]}
        return f"<amp-img{format_attributes(written)}></amp-img>"
    image = f'<amp-img{format_attributes(written)} layout="fill"></amp-img>'
    return f'<span class="unsized">{image}</span>'
