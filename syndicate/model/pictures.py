"""Renditions: the smaller copies and crops that lie beside a local picture, and their names.

Intake makes them, pages name them, publishing copies them: this is the one place
that says which there are. Nothing here looks at the disk: a `Figure` tells all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from syndicate.model.articles import Figure

WIDTHS = (400, 800, 1200, 1600)
"""Widths in pixels; the widest is also the most that a page loads of a picture."""
WEBP = "image/webp"
AVIF = "image/avif"
CROPS = {"1x1": (1, 1), "4x3": (4, 3), "16x9": (16, 9)}
"""Width to height of the crops that search engines ask for."""

_PREVIEW = 1200
_SHARP = 1.4
"""Pixels of a picture in mail for each pixel of its width there."""
_WIDEST_CROP = 1200
_CROPPED_FROM = 696
"""Search engines want pictures at least this wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSource:
    """What a `<source>` of a `<picture>` says."""

    type: str
    srcset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCrop:
    """The middle of a picture, as a JPEG of a shape of its own."""

    src: str
    width: int
    height: int


def variants(width: int) -> tuple[int, ...]:
    """Return the widths in which a picture of this width has renditions: never a wider one."""
    return tuple(each for each in WIDTHS if each < width)


def rendition_name(figure: Figure, width: int, suffix: str | None = None) -> str:
    """Return the name of a rendition, in the picture's own type or that of a suffix (`.webp`)."""
    stem, dot, own = figure.src.rpartition(".")
    return f"{stem}-{width}{suffix or dot + own}"


def widths(figure: Figure) -> tuple[int, ...]:
    """Return the widths that pages may load, ascending; none of a picture without renditions.

    The picture's own is among them unless it is wider than the widest rendition.
    """
    if not figure.variants or not figure.width:
        return ()
    own = () if figure.width > WIDTHS[-1] else (figure.width,)
    return (*figure.variants, *own)


def srcset(figure: Figure, base: str = "") -> str:
    """Return what `srcset` of the `<img>` says; empty where there is only the picture itself.

    It is the picture's own type, but WebP for an AVIF picture, which `source`
    offers. `base` comes before each `media/…`: an address that ends with a slash.
    """
    return _set(figure, base, ".webp" if figure.type == AVIF else None)


def source(figure: Figure, base: str = "") -> PictureSource | None:
    """Return the better type that a `<source>` before the `<img>` offers, where there is one."""
    if not figure.variants or figure.type == WEBP:
        return None
    if figure.type == AVIF:
        return PictureSource(type=AVIF, srcset=_set(figure, base, None))
    return PictureSource(type=WEBP, srcset=_set(figure, base, ".webp"))


def preview(figure: Figure) -> Figure:
    """Return the picture as other sites show it beside a link: not wider than they need."""
    if _PREVIEW not in figure.variants:
        return figure
    return replace(
        figure,
        src=rendition_name(figure, _PREVIEW),
        width=_PREVIEW,
        height=height(figure, _PREVIEW),
        length=None,
        variants=(),
    )


def mail_rendition(figure: Figure, width: int) -> Figure:
    """Return the picture that mail loads where it shows it so many pixels wide.

    It is the smallest rendition that looks sharp, or else the widest there is: never
    the picture itself where it has renditions. Mail programs can't choose from several.
    """
    if not figure.variants or not figure.width or not figure.height:
        return figure
    sharp = (each for each in figure.variants if each >= width * _SHARP)
    chosen = next(sharp, figure.variants[-1])
    is_avif = figure.type == AVIF  # which few mail programs show
    return replace(
        figure,
        src=rendition_name(figure, chosen, ".webp" if is_avif else None),
        type=WEBP if is_avif else figure.type,
        width=chosen,
        height=height(figure, chosen),
        length=None,
        variants=(),
    )


def height(figure: Figure, width: int) -> int:
    """Return how high the picture is at a width, in whole pixels."""
    assert figure.width
    assert figure.height
    return max(1, round(figure.height * width / figure.width))


def crops(figure: Figure) -> tuple[PictureCrop, ...]:
    """Return the crops that there are of a picture: all of `CROPS`, or none of a small one."""
    if not figure.variants or not figure.width or not figure.height:
        return ()
    if figure.width < _CROPPED_FROM:
        return ()
    stem = figure.src.rpartition(".")[0]
    return tuple(
        PictureCrop(
            src=f"{stem}-{name}.jpg", width=wide, height=max(1, round(wide * down / across))
        )
        for name, (across, down) in CROPS.items()
        for wide in [min(figure.width, figure.height * across // down, _WIDEST_CROP)]
    )


def list_files(figure: Figure) -> tuple[str, ...]:
    """Return the names of all files of a local picture, itself first; none of a remote one."""
    if not figure.local:
        return ()
    scaled = [name for name, _ in list_renditions(figure)]
    return (figure.src, *scaled, *(crop.src for crop in crops(figure)))


def list_renditions(figure: Figure) -> Iterator[tuple[str, int]]:
    """Iterate over name and width of each rendition, in both types."""
    for width in figure.variants:
        yield rendition_name(figure, width), width
    if figure.type != WEBP:
        for width in widths(figure):
            yield rendition_name(figure, width, ".webp"), width


def _set(figure: Figure, base: str, suffix: str | None) -> str:
    return ", ".join(f"{base}{_name(figure, width, suffix)} {width}w" for width in widths(figure))


def _name(figure: Figure, width: int, suffix: str | None) -> str:
    own = suffix is None and width == figure.width
    return figure.src if own else rendition_name(figure, width, suffix)
