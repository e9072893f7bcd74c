"""A small printing press: a few inks, one plate each, pulled one over the other on warm paper.

A plate holds how much of its ink lies where (0 none, 1 solid). Tones between are
broken up by grain, solids stay solid, and no plate sits quite where it should, as
on a risograph. Everything is drawn at twice its size; coordinates are those of
the finished picture, 1600 by 900. The same seed gives the same print.
"""

# ruff: noqa: INP001 - a script's neighbour; its numbers are shares and sizes

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 1600, 900
SCALE = 2
CANVAS = (WIDTH * SCALE, HEIGHT * SCALE)

PAPER = (250, 243, 229)
INKS = {
    "sun": (247, 183, 72),
    "coral": (226, 92, 66),
    "sea": (70, 134, 160),
    "moss": (104, 134, 92),
    "night": (30, 42, 66),
}
REGISTER = {"sun": (0, 0), "coral": (2, -2), "sea": (-2, 1), "moss": (1, 2), "night": (0, 1)}
"""How far each plate is out of place, in half pixels."""

EDGE = 180
"""Pillow's radial gradient reaches 255 in its corners, and this at its edges."""

Point = tuple[float, float]
Tone = float | Image.Image


class Shape:
    """A part of the sheet, put together from simple figures; every method returns it."""

    def __init__(self) -> None:
        self.mask = Image.new("L", CANVAS, 0)
        self._draw = ImageDraw.Draw(self.mask)

    def polygon(self, points: Iterable[Point]) -> "Shape":
        """Add a filled polygon."""
        self._draw.polygon(_scaled(points), fill=255)
        return self

    def box(
        self, left: float, top: float, right: float, bottom: float, *, corner: float = 0
    ) -> "Shape":
        """Add a rectangle, with round corners if asked."""
        corners = _scaled([(left, top), (right, bottom)])
        self._draw.rounded_rectangle(corners, radius=corner * SCALE, fill=255)
        return self

    def disc(self, x: float, y: float, radius: float, flat: float = 1) -> "Shape":
        """Add a disc, or an ellipse `flat` times as high as wide."""
        corners = _scaled([(x - radius, y - radius * flat), (x + radius, y + radius * flat)])
        self._draw.ellipse(corners, fill=255)
        return self

    def stroke(self, points: Iterable[Point], width: float) -> "Shape":
        """Add a line through the points."""
        self._draw.line(
            _scaled(points), fill=255, width=max(1, round(width * SCALE)), joint="curve"
        )
        return self

    def gouge(self, x: float, y: float, length: float, width: float) -> "Shape":
        """Add the mark of a gouge: a level stroke that runs out at both ends."""
        return self.polygon(
            [
                (x, y),
                (x + length * 0.4, y - width / 2),
                (x + length, y),
                (x + length * 0.5, y + width / 2),
            ]
        )

    def arc(
        self, x: float, y: float, radius: float, start: float, end: float, *, width: float
    ) -> "Shape":
        """Add a part of a circle, in degrees clockwise from the right."""
        corners = _scaled([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.arc(corners, start, end, fill=255, width=max(1, round(width * SCALE)))
        return self

    def text(self, x: float, y: float, words: str, size: float) -> "Shape":
        """Add lettering centred on a point."""
        font = _font(round(size * SCALE))
        self._draw.text((x * SCALE, y * SCALE), words, fill=255, font=font, anchor="mm")
        return self

    def turned(self, degrees: float, about: Point) -> "Shape":
        """Turn all of it anticlockwise about a point."""
        centre = _scaled([about])[0]
        return self._with(self.mask.rotate(degrees, Image.Resampling.BICUBIC, center=centre))

    def soft(self, radius: float) -> "Shape":
        """Blur its edge."""
        return self._with(self.mask.filter(ImageFilter.GaussianBlur(radius * SCALE)))

    def without(self, other: "Shape") -> "Shape":
        """Take another shape away from it."""
        return self._with(ImageChops.subtract(self.mask, other.mask))

    def within(self, other: "Shape") -> "Shape":
        """Keep only what lies in another shape, too."""
        return self._with(ImageChops.multiply(self.mask, other.mask))

    def _with(self, mask: Image.Image) -> "Shape":
        self.mask = mask
        self._draw = ImageDraw.Draw(mask)
        return self


class Plate:
    """How much of one ink lies where."""

    def __init__(self) -> None:
        self.image = Image.new("L", CANVAS, 0)

    def lay(self, shape: Shape, tone: Tone = 1.0) -> None:
        """Ink the shape in a tone, whatever was there."""
        self.image.paste(_level(tone) if isinstance(tone, float | int) else tone, mask=shape.mask)

    def ground(self, tone: Tone) -> None:
        """Ink the whole plate."""
        self.lay(Shape().box(0, 0, WIDTH, HEIGHT), tone)

    def cut(self, shape: Shape, depth: float = 1.0) -> None:
        """Take ink away inside the shape: all of it, or a share."""
        keep = shape.mask.point([255 - round(v * depth) for v in range(256)])
        self.image = ImageChops.multiply(self.image, keep)

    def add(self, tone: Image.Image) -> None:
        """Add ink to what is there."""
        self.image = ImageChops.add(self.image, tone)

    def lift(self, tone: Image.Image) -> None:
        """Take away as much ink as the tone says."""
        self.image = ImageChops.subtract(self.image, tone)


class Sheet:
    """One picture on the press."""

    def __init__(self, seed: int, grain: float = 0.16) -> None:
        self.random = Random(seed)  # noqa: S311 - a drawing, not a secret
        self.grain = grain
        self.sun, self.coral, self.sea, self.moss, self.night = (Plate() for _ in INKS)

    def cut(self, shape: Shape, *, but: Sequence[Plate] = ()) -> None:
        """Clear a shape on every plate, down to the paper, except on some."""
        for name in INKS:
            plate = getattr(self, name)
            if plate not in but:
                plate.cut(shape)

    def save(self, path: Path) -> None:
        """Pull the print and write it as a JPEG."""
        self.pulled().save(path, quality=82, optimize=True, progressive=True)

    def pulled(self) -> Image.Image:
        """Lay ink over ink on the paper."""
        print_ = Image.new("RGB", CANVAS, PAPER)
        for name, ink in INKS.items():
            plate = getattr(self, name).image
            if plate.getbbox() is None:
                continue
            plate = ImageChops.offset(self._grained(plate), *REGISTER[name])
            film = Image.composite(
                Image.new("RGB", CANVAS, ink), Image.new("RGB", CANVAS, "white"), plate
            )
            print_ = ImageChops.multiply(print_, film)
        edge = 4
        inner = print_.crop((edge, edge, CANVAS[0] - edge, CANVAS[1] - edge))
        return inner.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def _grained(self, plate: Image.Image) -> Image.Image:
        noise = Image.frombytes("L", (WIDTH, HEIGHT), self.random.randbytes(WIDTH * HEIGHT))
        noise = noise.resize(CANVAS, Image.Resampling.BILINEAR)
        broken = ImageChops.subtract(plate, noise, scale=0.3, offset=128)
        solid = plate.point([255 if v in range(8, 248) else 0 for v in range(256)])
        return Image.composite(Image.blend(plate, broken, self.grain), plate, solid)


def down(*stops: tuple[float, float]) -> Image.Image:
    """Return a tone that runs from top to bottom through stops of (y, tone)."""
    column = Image.new("L", (1, CANVAS[1]))
    column.putdata([_level(_between(y / SCALE, stops)) for y in range(CANVAS[1])])
    return column.resize(CANVAS)


def across(*stops: tuple[float, float]) -> Image.Image:
    """Return a tone that runs from left to right through stops of (x, tone)."""
    row = Image.new("L", (CANVAS[0], 1))
    row.putdata([_level(_between(x / SCALE, stops)) for x in range(CANVAS[0])])
    return row.resize(CANVAS)


def glow(
    x: float, y: float, radius: float, strength: float = 1.0, flat: float = 1.0
) -> Image.Image:
    """Return a tone that fades from a point outwards."""
    size = (round(2 * radius * SCALE), round(2 * radius * flat * SCALE))
    fade = [_level(strength * max(0.0, 1 - v / EDGE) ** 2) for v in range(256)]
    disc = Image.radial_gradient("L").point(fade).resize(size, Image.Resampling.BICUBIC)
    tone = Image.new("L", CANVAS, 0)
    tone.paste(disc, (round((x - radius) * SCALE), round((y - radius * flat) * SCALE)))
    return tone


def ridge(
    random: Random, base: float, swing: float, *, steps: int = 60, to: float = HEIGHT
) -> list[Point]:
    """Return the outline of a low, uneven land from edge to edge, closed at `to`."""
    waves = [(random.uniform(0.5, 6.5), random.uniform(0, math.tau)) for _ in range(5)]
    line = []
    for step in range(steps + 1):
        share = step / steps
        rise = sum(math.sin(share * f * math.tau + phase) / (1 + f / 3) for f, phase in waves)
        line.append((share * WIDTH, base - swing * rise / 2))
    return [*line, (WIDTH, to), (0, to)]


def smooth(points: Sequence[Point], rounds: int = 3) -> list[Point]:
    """Return the line with its corners cut, again and again (Chaikin); its ends stay."""
    line = list(points)
    for _ in range(rounds):
        cut = [line[0]]
        for (ax, ay), (bx, by) in pairwise(line):
            cut += [
                (ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25),
                (ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75),
            ]
        line = [*cut, line[-1]]
    return line


def water(random: Random, top: float, bottom: float, *, marks: int, wide: float = 1.0) -> Shape:
    """Return the marks of a gouge in water: fine at the horizon, broad near the reader."""
    shape = Shape()
    for _ in range(marks):
        depth = random.random() ** 1.5
        y = top + (bottom - top) * depth
        length = (14 + 150 * depth) * wide * random.uniform(0.5, 1.4)
        shape.gouge(random.uniform(-100, WIDTH), y, length, 1.2 + 5.5 * depth)
    return shape


def gulls(sheet: Sheet, places: list[tuple[float, float, float]]) -> None:
    """Draw gulls in the air, each at (x, y, size)."""
    shape = Shape()
    for x, y, size in places:
        for side in (-1, 1):
            shape.polygon(
                [
                    (x, y),
                    (x + side * size * 0.5, y - size * 0.42),
                    (x + side * size, y - size * 0.18),
                    (x + side * size * 0.5, y - size * 0.24),
                ]
            )
    sheet.night.lay(shape)


def _between(at: float, stops: Sequence[tuple[float, float]]) -> float:
    if at <= stops[0][0]:
        return stops[0][1]
    for (start, a), (end, b) in pairwise(stops):
        if at <= end:
            return a + (b - a) * (at - start) / (end - start)
    return stops[-1][1]


def _level(tone: float) -> int:
    return round(255 * min(1.0, max(0.0, tone)))


def _scaled(points: Iterable[Point]) -> list[Point]:
    return [(x * SCALE, y * SCALE) for x, y in points]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
