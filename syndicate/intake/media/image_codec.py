"""Pillow's door: a picture's bytes as an image, and whatever is wrong with them as ValueError."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("GIF", "PNG", "JPEG", "WEBP", "AVIF")

_MAX_PIXELS = 50_000_000
_ORIENTATION = 0x0112


@contextmanager
def open_image(data: bytes) -> Iterator[Image.Image]:
    """Open a picture; raise ValueError when it is none, or too large, also while it is read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of large pictures, and of oddities that do no harm
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                _check_size(image)
                yield image
        except Image.DecompressionBombError as error:
            raise ValueError(f"has more than {_MAX_PIXELS // 1_000_000} million pixels") from error
        except ValueError:
            raise
        except MemoryError as error:
            raise ValueError("needs more memory than there is") from error
        except Exception as error:  # whatever Pillow raises, depending on where the damage is
            raise ValueError(_describe(error)) from error


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > _MAX_PIXELS:
        raise ValueError(f"has more than {_MAX_PIXELS // 1_000_000} million pixels")


def orientation(image: Image.Image) -> int:
    """Return how a picture has to be turned, as EXIF numbers it; 1 where it is upright."""
    found = Image.Image.getexif(image).get(_ORIENTATION)  # a PNG's own would decode it
    return found if isinstance(found, int) else 1


def turn_upright(image: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF data say."""
    return ImageOps.exif_transpose(image)


def reencode(data: bytes) -> bytes:
    """Code a picture anew, which mends its file and leaves out all that isn't picture or colour.

    Raise ValueError when it can't be read, or is animated.
    """
    with open_image(data) as image:
        if is_animated(image):
            raise ValueError("an animated picture whose file is damaged")
        image.load()
        file = BytesIO()
        turned = turn_upright(image)
        how = {"lossless": True} if image.format == "WEBP" else {"quality": 95}
        profile = image.info.get("icc_profile") or b""
        turned.info.clear()
        turned.save(file, image.format, icc_profile=profile, **how)
    return file.getvalue()


def is_animated(image: Image.Image) -> bool:
    """Whether a picture moves."""
    return bool(getattr(image, "is_animated", False))


def _describe(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no GIF, PNG, JPEG, WebP or AVIF picture"
    return f"is damaged: {error}"
