"""The icons at fixed addresses, which browsers ask for unasked: favicon.ico, apple-touch-icon.png.

They show `publication.icon`, else `publication.logo` where that is about square, else the first
letter of the publication on its accent.
"""

import unicodedata
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING

from syndicate.config import Config

if TYPE_CHECKING:
    from PIL import Image

FAVICON_SIZES = (16, 32, 48)
TOUCH_SIZE = 180
"""Pixels, as on the home screen of a phone."""
_DRAWN = 256
"""Pixels of the side of a drawn letter."""
_SQUARE = 1.25
"""A logo with longer sides than this, one to the other, would be too small to be seen."""
_UNKNOWN = "\U0010ffff"
"""A character of no font: what is drawn in its place says that a letter is missing."""


def favicon(config: Config) -> bytes:
    """Return the icon of browsers' tabs, in three sizes (ICO)."""
    image, file = _square(config), BytesIO()
    image.save(file, "ICO", sizes=[(size, size) for size in FAVICON_SIZES])
    return file.getvalue()


def touch_icon(config: Config) -> bytes:
    """Return the icon of home screens (PNG), which has a background, since they would add one."""
    from PIL import Image  # noqa: PLC0415 - start-up

    image, file = _square(config), BytesIO()
    ground = Image.new("RGB", image.size, config.theme.light.paper)
    ground.paste(image, mask=image)
    ground.resize((TOUCH_SIZE, TOUCH_SIZE), Image.Resampling.LANCZOS).save(
        file, "PNG", optimize=True
    )
    return file.getvalue()


def _square(config: Config) -> "Image.Image":
    """Return the picture that all icons show, with transparency."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - start-up

    publication = config.publication
    for name, limit in ((publication.icon, 2), (publication.logo, _SQUARE)):
        if name is None:
            continue
        with suppress(Exception), Image.open(config.path(name)) as picture:  # reported elsewhere
            if max(picture.size) <= limit * min(picture.size):
                side = max(*picture.size, FAVICON_SIZES[-1])
                return ImageOps.pad(picture.convert("RGBA"), (side, side), color=(0, 0, 0, 0))
    return _letter(config)


def _letter(config: Config) -> "Image.Image":
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - start-up

    colours = config.theme.light
    image = Image.new("RGBA", (_DRAWN, _DRAWN), colours.accent)
    brush, font = ImageDraw.Draw(image), ImageFont.load_default(_DRAWN * 0.68)
    letter = unicodedata.normalize("NFKD", config.publication.title)[0].upper()
    if bytes(font.getmask(letter)) == bytes(font.getmask(_UNKNOWN)):  # a headline and lines then
        for upper, end, height in ((56, 200, 40), (120, 200, 16), (152, 200, 16), (184, 136, 16)):
            brush.rectangle((56, upper, end, upper + height), fill=colours.paper)
        return image
    width = _DRAWN // 40
    at = (_DRAWN / 2, _DRAWN / 2)
    left, top, right, bottom = brush.textbbox(at, letter, font, anchor="mm", stroke_width=width)
    centred = (at[0] * 2 - (left + right) / 2, at[1] * 2 - (top + bottom) / 2)
    brush.text(centred, letter, colours.paper, font, anchor="mm", stroke_width=width)
    return image
