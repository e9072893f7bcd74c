"""Which renditions and crops a local picture has, and how their files are named.

Intake makes them, pages link to them, publishing copies them. Everything follows from a
`Figure`; nothing here reads the disk.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from syndicate.model.articles import Figure

WIDTHS = (400, 800, 1200, 1600)
"""Widths of renditions in pixels; web pages load no picture that is wider than the last."""
WEBP = "image/webp"
AVIF = "image/avif"
CROPS = {"1x1": (1, 1), "4x3": (4, 3), "16x9": (16, 9)}
"""Width to height of the crops that search engines ask for."""

_PREVIEW = 1200
_MAIL_DENSITY = 1.4
"""Pixels of a picture in mail for each pixel of its displayed width."""
_WIDEST_CROP = 1200
_MIN_CROPPED = 696
"""The width that search engines require."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSource:
    """The attributes of a `<source>` in a `<picture>`."""

    type: str
    srcset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCrop:
    """The middle of a picture, as a JPEG in another aspect ratio."""

    src: str
    width: int
    height: int


def variants(width: int) -> tuple[int, ...]:
    """Return the widths of the renditions of a picture this wide, all of them smaller."""
    return tuple(smaller for smaller in WIDTHS if smaller < width)


def rendition_name(figure: Figure, width: int, suffix: str | None = None) -> str:
    """Return the name of a rendition in the picture's own type, or in that of `suffix`."""
    stem, dot, own = figure.src.rpartition(".")
    return f"{stem}-{width}{suffix or dot + own}"


def widths(figure: Figure) -> tuple[int, ...]:
    """Return the widths that pages may load, ascending; empty for a picture without renditions.

    The picture's own width is included unless it exceeds that of all renditions.
    """
    if not figure.variants or not figure.width:
        return ()
    own = () if figure.width > WIDTHS[-1] else (figure.width,)
    return (*figure.variants, *own)


def srcset(figure: Figure, base: str = "") -> str:
    """Return the `srcset` of the `<img>`; empty for a picture without renditions.

    It lists the picture's own type, but WebP for AVIF, which `source` offers. `base` is the
    address before each `media/…`, with a slash at its end.
    """
    return _set(figure, base, ".webp" if figure.type == AVIF else None)


def source(figure: Figure, base: str = "") -> PictureSource | None:
    """Return a `<source>` with a better type than the `<img>` has, if there is one."""
    if not figure.variants or figure.type == WEBP:
        return None
    if figure.type == AVIF:
        return PictureSource(type=AVIF, srcset=_set(figure, base, None))
    return PictureSource(type=WEBP, srcset=_set(figure, base, ".webp"))


def preview(figure: Figure) -> Figure:
    """Return the picture for previews of links on other sites: no wider than they need."""
    if _PREVIEW not in figure.variants:
        return figure
    return _rendition(figure, _PREVIEW)


def mail_rendition(figure: Figure, width: int) -> Figure:
    """Return the rendition that mail loads to display a picture `width` pixels wide.

    It is the smallest that looks sharp, or the widest there is; a picture without renditions
    is returned itself. Mail clients can't choose from several.
    """
    if not figure.variants or not figure.width or not figure.height:
        return figure
    sharp = (wide for wide in figure.variants if wide >= width * _MAIL_DENSITY)
    chosen = next(sharp, figure.variants[-1])
    if figure.type == AVIF:  # which few mail clients can display
        return replace(_rendition(figure, chosen, ".webp"), type=WEBP)
    return _rendition(figure, chosen)


def _rendition(figure: Figure, width: int, suffix: str | None = None) -> Figure:
    return replace(
        figure,
        src=rendition_name(figure, width, suffix),
        width=width,
        height=height(figure, width),
        length=None,
        variants=(),
    )


def height(figure: Figure, width: int) -> int:
    """Return the height of the picture at a width, in whole pixels."""
    assert figure.width
    assert figure.height
    return max(1, round(figure.height * width / figure.width))


def crops(figure: Figure) -> tuple[PictureCrop, ...]:
    """Return the crops of a picture: all of `CROPS`, or none if it is small."""
    if not figure.variants or not figure.height or (figure.width or 0) < _MIN_CROPPED:
        return ()
    assert figure.width
    stem = figure.src.rpartition(".")[0]
    return tuple(
        PictureCrop(
            src=f"{stem}-{name}.jpg", width=wide, height=max(1, round(wide * down / across))
        )
        for name, (across, down) in CROPS.items()
        for wide in [min(figure.width, figure.height * across // down, _WIDEST_CROP)]
    )


def list_files(figure: Figure) -> tuple[str, ...]:
    """Return the names of all files of a local picture, itself first; none for a remote one."""
    if not figure.local:
        return ()
    scaled = [name for name, _ in list_renditions(figure)]
    return (figure.src, *scaled, *(crop.src for crop in crops(figure)))


def list_renditions(figure: Figure) -> Iterator[tuple[str, int]]:
    """Yield name and width of each rendition, in both types."""
    for width in figure.variants:
        yield rendition_name(figure, width), width
    if figure.type != WEBP:
        for width in widths(figure):
            yield rendition_name(figure, width, ".webp"), width


def _set(figure: Figure, base: str, suffix: str | None) -> str:
    names = {width: rendition_name(figure, width, suffix) for width in widths(figure)}
    if suffix is None and figure.width in names:
        names[figure.width] = figure.src
    return ", ".join(f"{base}{name} {width}w" for width, name in names.items())
