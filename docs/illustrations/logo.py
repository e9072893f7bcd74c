"""Draw the demonstration's logo: `python docs/illustrations/logo.py`.

An M with the sun rising in it, over the sea, in the inks of the pictures. It is
written to `logo.png`, as wide as RSS lets an image be. Needs nothing but Pillow.
"""

# ruff: noqa: INP001 - a script; its numbers are shares of the picture

from pathlib import Path

from PIL import Image, ImageDraw
from press import INKS, PAPER

LOGO = Path(__file__).parents[2] / "logo.png"
SIZE = 144
FINE = 8
"""Drawn so many times larger, for smooth edges."""

Point = tuple[float, float]


def main() -> None:
    """Draw the logo."""
    drawn().save(LOGO, optimize=True)


def drawn() -> Image.Image:
    """Return the picture; coordinates below are those of its 144 by 144 pixels."""
    sheet = Image.new("RGB", (SIZE * FINE, SIZE * FINE), INKS["night"])
    pen = ImageDraw.Draw(sheet)
    _sun(pen)
    _sea(pen)
    _letter(pen)
    return sheet.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def _sun(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse(_scaled((49, 22), (95, 68)), fill=INKS["sun"])


def _sea(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle(_scaled((0, 122), (SIZE, SIZE)), fill=INKS["sea"])
    for x, y, width in ((16, 129, 40), (84, 129, 44), (52, 136, 40)):
        pen.rectangle(_scaled((x, y), (x + width, y + 2)), fill=PAPER)


def _letter(pen: ImageDraw.ImageDraw) -> None:
    """Draw the M: two stems on serifs, and the valley between them."""
    for left in (24, 100):
        pen.rectangle(_scaled((left, 32), (left + 20, 110)), fill=PAPER)
        pen.rectangle(_scaled((left - 8, 104), (left + 28, 110)), fill=PAPER)
    pen.polygon(
        _scaled(
            (16, 32),
            (44, 32),
            (72, 82),
            (100, 32),
            (128, 32),
            (128, 38),
            (112, 38),
            (72, 110),
            (32, 38),
            (16, 38),
        ),
        fill=PAPER,
    )


def _scaled(*points: Point) -> list[Point]:
    return [(x * FINE, y * FINE) for x, y in points]


if __name__ == "__main__":
    main()
