"""Which renditions and crops a local picture has, and how their files are named.

Intake makes them, pages and mail link to them, publishing copies them. Everything follows from a
`Figure`, but whether a file in `media/` is intact: that follows from its name and content.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BufferedReader, BytesIO

from syndicate.model.articles import Figure

WIDTHS = (400, 800, 1200, 1600)
"""Widths of renditions in pixels; web pages load no picture that is wider than the last."""
JPEG = "image/jpeg"
WEBP = "image/webp"
AVIF = "image/avif"
CROPS = {"1x1": (1, 1), "4x3": (4, 3), "16x9": (16, 9)}
"""Width to height of the crops that search engines ask for."""
PORTRAIT_SIDES = (80, 192, 512)
"""Sides in pixels of the squares of a portrait: in a byline, on the author's page, for others."""

MAIL_WIDTH = 1072
"""The most pixels of a picture across the column of a mail: two for each that is displayed."""
THUMBNAIL = (368, 245)
"""The most pixels of a picture beside a teaser in mail, cropped 3:2, for 184 displayed."""

_PREVIEW = 1200
_LOGO_WIDTH, _LOGO_HEIGHT = 200, 40
_MAIL, _THUMB = "-mail.jpg", "-thumb.jpg"
"""The ends of the names of what mail loads: few mail clients display WebP or AVIF."""
_WIDEST_CROP = 1200
_MIN_CROPPED = 696
"""The width that search engines require."""
File = BufferedReader | BytesIO
_HASHED = re.compile(r"([0-9a-f]{32})(-[0-9a-z]+)?\.([a-z0-9]+)")
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"


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


def thumbnail(figure: Figure) -> Figure:
    """Return the smallest rendition, as WebP; a picture without renditions is returned itself."""
    if not figure.variants or not figure.height:
        return figure
    width = figure.variants[0]
    return replace(_rendition(figure, width), src=rendition_name(figure, width, ".webp"), type=WEBP)


def mail_picture(figure: Figure) -> Figure:
    """Return what mail loads to display a picture across its column, at most.

    A picture without renditions, which is small, animated or remote, is returned itself.
    """
    return _mail_rendition(figure, _MAIL)


def mail_thumbnail(figure: Figure) -> Figure:
    """Return what mail loads to display a picture beside a teaser; see `mail_picture`."""
    return _mail_rendition(figure, _THUMB)


def mail_icon(figure: Figure) -> Figure:
    """Return what mail loads to display a logo, which may be transparent, or a picture in a line.

    It is displayed at most half as wide as the smallest of `WIDTHS`.
    """
    if figure.type in (WEBP, AVIF) or not figure.variants:
        return mail_picture(figure)
    return _rendition(figure, figure.variants[0])


def mail_renditions(figure: Figure) -> dict[str, tuple[int, int]]:
    """Return the files that mail loads in place of a picture, with width and height."""
    if not figure.variants or not figure.width or not figure.height:
        return {}
    stem, wide = figure.src.rpartition(".")[0], min(figure.width, MAIL_WIDTH)
    across, down = THUMBNAIL
    cropped = min(across, figure.width, max(1, figure.height * across // down))
    return {
        stem + _MAIL: (wide, height(figure, wide)),
        stem + _THUMB: (cropped, max(1, round(cropped * down / across))),
    }


def is_for_mail(name: str) -> bool:
    """Whether a file in `media/` is one that only mail loads."""
    return name.endswith((_MAIL, _THUMB))


def _mail_rendition(figure: Figure, suffix: str) -> Figure:
    name = figure.src.rpartition(".")[0] + suffix
    size = mail_renditions(figure).get(name)
    if size is None:
        return figure
    return replace(
        figure, src=name, width=size[0], height=size[1], type=JPEG, length=None, variants=()
    )


def logo(figure: Figure) -> Figure:
    """Return a sponsor's logo as it is shown: what to load, with the displayed size.

    It is at most 200 by 40 pixels; width and height are None where they are unknown.
    """
    if not figure.width or not figure.height:
        return figure
    shown = min(1, _LOGO_WIDTH / figure.width, _LOGO_HEIGHT / figure.height)
    width, height = (max(1, round(side * shown)) for side in (figure.width, figure.height))
    return replace(mail_icon(figure), width=width, height=height)


def _rendition(figure: Figure, width: int) -> Figure:
    return replace(
        figure,
        src=rendition_name(figure, width),
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


def portraits(figure: Figure) -> tuple[PictureCrop, ...]:
    """Return the squares of an author's local portrait, ascending; none is larger than it is."""
    shorter = min(figure.width or 0, figure.height or 0)
    stem = figure.src.rpartition(".")[0]
    return tuple(
        PictureCrop(src=f"{stem}-{side}x{side}.jpg", width=side, height=side)
        for side in sorted({min(side, shorter) for side in PORTRAIT_SIDES} - {0})
    )


def portrait(figure: Figure, side: int) -> PictureCrop:
    """Return the square that looks sharp where it is displayed `side` pixels wide, or the largest.

    Mail, feeds and structured data ask for the largest, with 512.
    """
    squares = portraits(figure)
    return next((square for square in squares if square.width >= min(2 * side, 512)), squares[-1])


def list_files(figure: Figure) -> tuple[str, ...]:
    """Return the names of all files of a local picture, itself first; none for a remote one."""
    if not figure.local:
        return ()
    scaled = [name for name, _ in list_renditions(figure)]
    return (figure.src, *scaled, *(crop.src for crop in crops(figure)), *mail_renditions(figure))


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


def is_intact(name: str, file: File) -> bool:
    """Whether an open file's content matches its name; True for names without a hash.

    Pictures and recordings are named by the hash of their bytes. Renditions have the name of
    their picture, so only their signature, end and length are checked.
    """
    match = _HASHED.fullmatch(name.rpartition("/")[2])
    if match is None:
        return True
    digest, size, suffix = match.groups()
    if size:
        return _is_complete(suffix, file)
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()[:32] == digest


def _is_complete(suffix: str, file: File) -> bool:
    match suffix:
        case "jpg" | "jpeg":
            return _head(file, 2) == b"\xff\xd8" and _tail(file, 2) == b"\xff\xd9"
        case "png":
            return _head(file, len(_PNG)) == _PNG and _tail(file, len(_PNG_END)) == _PNG_END
        case "webp":
            head = _head(file, 12)
            length = int.from_bytes(head[4:8], "little") + 8
            return head[:4] == b"RIFF" and head[8:] == b"WEBP" and length == _length(file)
        case "avif":
            return _is_avif(file)
    return _length(file) > 0


def _is_avif(file: File) -> bool:
    """Walk the boxes of the file: the last one must end where the file does."""
    if _head(file, 8)[4:] != b"ftyp":
        return False
    length, at = _length(file), 0
    while at < length:
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8:  # noqa: PLR2004 - a box has eight bytes at least; 0 is "to the end"
            return size == 0
        at += size
    return at == length


def _head(file: File, count: int) -> bytes:
    file.seek(0)
    return file.read(count)


def _tail(file: File, count: int) -> bytes:
    file.seek(max(_length(file) - count, 0))
    return file.read(count)


def _length(file: File) -> int:
    return file.seek(0, 2)
