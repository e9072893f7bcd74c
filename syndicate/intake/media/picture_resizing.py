"""Make the renditions of a picture: its smaller sizes and crops, listed by `model.pictures`."""

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageOps

from syndicate.intake.media import image_codec
from syndicate.model import pictures
from syndicate.model.articles import Figure

_MODES = frozenset(("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK"))
"""Image modes that are resized; others, such as 16 bits of grey, are not."""
_MAX_SIDE = 16_383
"""Pixels: the limit of WebP."""
_LARGEST = (1600, 1200)
"""Width of the largest rendition, height of the largest crop, in pixels."""
_ENCODERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "jpg": ("JPEG", {"quality": 82, "progressive": True, "optimize": True}),
    "png": ("PNG", {"optimize": True}),
    "webp": ("WEBP", {"quality": 80, "method": 2}),
    "avif": ("AVIF", {"quality": 65, "speed": 8}),
}
"""WebP method 2 takes half the time of the default 4, for 2% larger files."""
_FEW_COLOURS = "few colours"
"""Notes in an image's `info` that it had a palette, as drawings have."""
_SRGB = ImageCms.createProfile("sRGB")


def rendition_widths(image: Image.Image, width: int) -> tuple[int, ...]:
    """Return the widths of the renditions of a picture that is `width` pixels wide."""
    animated = image.format == "GIF" or image_codec.is_animated(image)
    if animated or image.mode not in _MODES or max(image.size) > _MAX_SIDE:
        return ()
    return pictures.variants(width)


def resize(data: bytes, figure: Figure, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Iterate over the named renditions of a picture, with their content.

    Raise ValueError if the picture is damaged.
    """
    sizes = {
        name: (width, pictures.height(figure, width))
        for name, width in pictures.list_renditions(figure)
    } | {crop.src: (crop.width, crop.height) for crop in pictures.crops(figure)}
    source = _load(data, figure)
    for name in names:
        yield name, _render(source, sizes[name], name.rpartition(".")[2])


def _load(data: bytes, figure: Figure) -> Image.Image:
    """Decode a picture, upright and not much larger than its largest rendition."""
    with image_codec.open_image(data) as file:
        assert figure.width
        assert figure.height
        # the scale, at most 1, that suffices for all renditions
        scale = min(1.0, max(_LARGEST[0] / figure.width, _LARGEST[1] / figure.height))
        file.draft(None, _scaled(file.size, scale))  # only affects JPEG
        file.load()
        turned = ImageOps.exif_transpose(file)
        needed = _scaled((figure.width, figure.height), scale)
        image = _to_plain_mode(turned, turned.info.get("icc_profile") or b"")
        reduced = image.reduce(max(1, min(image.width // needed[0], image.height // needed[1])))
        reduced.info[_FEW_COLOURS] = file.mode in ("1", "P", "PA")
    return reduced


def _render(source: Image.Image, size: tuple[int, int], suffix: str) -> bytes:
    """Return a picture, cropped to the shape of `size`, in the format of a suffix."""
    image = ImageOps.fit(source, size, Image.Resampling.LANCZOS)
    kind, options = _ENCODERS[suffix]
    if kind == "JPEG" and image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white.convert("RGB")
    if source.info[_FEW_COLOURS] and kind == "PNG":
        image = image.quantize(dither=Image.Dither.NONE)
    if source.info[_FEW_COLOURS] and kind == "WEBP":
        options = {"lossless": True}
    file = BytesIO()
    image.save(file, kind, icc_profile=source.info.get("icc_profile") or b"", **options)
    return file.getvalue()


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return (max(1, int(size[0] * scale)), max(1, int(size[1] * scale)))


def _to_plain_mode(image: Image.Image, profile: bytes) -> Image.Image:
    """Return an image as grey or RGB, with alpha if it has any, and a matching profile."""
    if image.has_transparency_data:
        plain = image.convert("RGBA")
    elif image.mode in ("1", "L"):
        plain = image.convert("L")
    elif image.mode == "CMYK":
        plain = image
    else:
        plain = image.convert("RGB")
    if plain.mode in ("RGB", "RGBA") and profile[16:20] in (b"", b"RGB "):
        return plain
    return _to_srgb(plain, profile)


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert colours that WebP doesn't support."""
    if profile and image.mode in ("L", "CMYK"):
        try:
            turned = ImageCms.profileToProfile(image, BytesIO(profile), _SRGB, outputMode="RGB")
        except ImageCms.PyCMSError:
            pass  # the profile is broken, or for other colours
        else:
            assert turned is not None
            return turned
    plain = image.convert("RGB") if image.mode == "CMYK" else image.copy()
    plain.info.pop("icc_profile", None)
    return plain
