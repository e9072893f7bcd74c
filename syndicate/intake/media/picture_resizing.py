"""Renditions: a picture in the sizes and shapes that pages load (`model.pictures` names them)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Self

from PIL import Image, ImageCms, ImageOps

from syndicate.intake.media import image_codec
from syndicate.model import pictures
from syndicate.model.articles import Figure

_MODES = frozenset(("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK"))
"""The pixels that are scaled; others, such as 16 bits of grey, stay as they are."""
_MAX_SIDE = 16_383
"""Pixels on a side: a WebP can't have more."""
_LARGEST = (1600, 1200)
"""No rendition is wider than the one, no crop higher than the other."""
_ENCODERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "jpg": ("JPEG", {"quality": 82, "progressive": True, "optimize": True}),
    "png": ("PNG", {"optimize": True}),
    "webp": ("WEBP", {"quality": 80, "method": 2}),
    "avif": ("AVIF", {"quality": 65, "speed": 8}),
}
"""Method 2 takes half the time of the usual 4 and two hundredths more room."""
_SRGB = ImageCms.createProfile("sRGB")


def rendition_widths(image: Image.Image, width: int) -> tuple[int, ...]:
    """Return the widths in which there are to be renditions of a picture that is `width` wide."""
    moves = image.format == "GIF" or image_codec.is_animated(image)
    if moves or image.mode not in _MODES or max(image.size) > _MAX_SIDE:
        return ()
    return pictures.variants(width)


def resize(data: bytes, figure: Figure, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Iterate over those of a picture's files that are named, with their content.

    Raise ValueError where the picture is damaged.
    """
    sizes = _sizes(figure)
    negative = RenditionSource.of(data, figure)
    for name in names:
        yield name, negative.printed(sizes[name], name.rpartition(".")[2])


def _sizes(figure: Figure) -> dict[str, tuple[int, int]]:
    scaled = {
        name: (width, pictures.height(figure, width))
        for name, width in pictures.list_renditions(figure)
    }
    return scaled | {crop.src: (crop.width, crop.height) for crop in pictures.crops(figure)}


@dataclass(frozen=True, slots=True)
class RenditionSource:
    """A picture that prints are made of: upright, not much larger than the largest of them."""

    image: Image.Image
    profile: bytes
    few_colours: bool
    """Whether it was drawn rather than photographed: its colours were counted."""

    @classmethod
    def of(cls, data: bytes, figure: Figure) -> Self:
        """Develop a picture; raise ValueError where it is damaged."""
        with image_codec.open_image(data) as file:
            share = _scale(figure)
            file.draft(None, _scaled(file.size, share))  # only JPEG can
            file.load()
            turned = image_codec.turn_upright(file)
            needed = _scaled((figure.width or 1, figure.height or 1), share)
            image = _to_plain_mode(turned, turned.info.get("icc_profile") or b"")
            image = image.reduce(_reduction(image.size, needed))
            few_colours = file.mode in ("1", "P", "PA")
        return cls(image, image.info.get("icc_profile") or b"", few_colours)

    def printed(self, size: tuple[int, int], suffix: str) -> bytes:
        """Return the picture, or its middle, in a size and in the type of a suffix."""
        image = ImageOps.fit(self.image, size, Image.Resampling.LANCZOS)
        kind, how = _ENCODERS[suffix]
        if kind == "JPEG":
            image = _on_white(image)
        if kind == "PNG" and self.few_colours:
            image = image.quantize(dither=Image.Dither.NONE)
        if kind == "WEBP" and self.few_colours:
            how = {"lossless": True}
        file = BytesIO()
        image.save(file, kind, icc_profile=self.profile, **how)
        return file.getvalue()


def _scale(figure: Figure) -> float:
    """Return the share of a picture's size that suffices for all prints of it."""
    assert figure.width
    assert figure.height
    return min(1.0, max(_LARGEST[0] / figure.width, _LARGEST[1] / figure.height))


def _scaled(size: tuple[int, int], share: float) -> tuple[int, int]:
    return (max(1, int(size[0] * share)), max(1, int(size[1] * share)))


def _reduction(size: tuple[int, int], needed: tuple[int, int]) -> int:
    return max(1, min(size[0] // needed[0], size[1] // needed[1]))


def _to_plain_mode(image: Image.Image, profile: bytes) -> Image.Image:
    """Return a picture as grey or RGB, with alpha where it has some, and a profile that fits."""
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
    """Translate colours that WebP doesn't have."""
    if profile and image.mode in ("L", "CMYK"):
        try:
            turned = ImageCms.profileToProfile(image, BytesIO(profile), _SRGB, outputMode="RGB")
        except ImageCms.PyCMSError:
            pass  # the profile is broken, or one of other colours
        else:
            assert turned is not None
            return turned
    plain = image.convert("RGB") if image.mode == "CMYK" else image.copy()
    plain.info.pop("icc_profile", None)
    return plain


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")
