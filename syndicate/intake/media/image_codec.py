"""Decode and encode images with Pillow, with all its errors as ValueError."""

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
    """Open an image; raise ValueError if it is invalid or too large, also inside the block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about large images, and harmless oddities
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                _check_size(image)
                yield image
        except Image.DecompressionBombError as error:
            raise ValueError(f"has more than {_MAX_PIXELS // 1_000_000} million pixels") from error
        except ValueError:
            raise
        except MemoryError as error:
            raise ValueError("needs more memory than is available") from error
        except UnidentifiedImageError as error:
            raise ValueError("not a GIF, PNG, JPEG, WebP or AVIF picture") from error
        except Exception as error:  # any type: it depends on where the damage is
            raise ValueError(f"is damaged: {error}") from error


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > _MAX_PIXELS:
        raise Image.DecompressionBombError


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1 is upright."""
    found = Image.Image.getexif(image).get(_ORIENTATION)  # a PNG's own method would decode it
    return found if isinstance(found, int) else 1


def reencode(data: bytes) -> bytes:
    """Encode an image again, which repairs its file and drops all but pixels and colour profile.

    Raise ValueError if it can't be decoded or is animated.
    """
    with open_image(data) as image:
        if is_animated(image):
            raise ValueError("an animated picture whose file is damaged")
        image.load()
        file = BytesIO()
        turned = ImageOps.exif_transpose(image)
        options = {"lossless": True} if image.format == "WEBP" else {"quality": 95}
        profile = image.info.get("icc_profile") or b""
        turned.info.clear()
        turned.save(file, image.format, icc_profile=profile, **options)
    return file.getvalue()


def is_animated(image: Image.Image) -> bool:
    """Whether an image has several frames."""
    return bool(getattr(image, "is_animated", False))
