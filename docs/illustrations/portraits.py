"""The people of the demonstration, in the same inks as its pictures: head and shoulders, flat.

Each is drawn in the middle of a sheet and cut to a square.
"""

# ruff: noqa: INP001 - a script's neighbour; its numbers are shares and sizes

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from press import HEIGHT, WIDTH, Shape, Sheet, down, smooth

SIDE = 720
"""Pixels of a portrait."""
X, Y = WIDTH / 2, 400
"""The middle of a face."""

Mix = Mapping[str, float]
"""How much of each ink."""

FAIR: Mix = {"coral": 0.16, "sun": 0.1}
OLIVE: Mix = {"coral": 0.26, "sun": 0.3, "night": 0.06}
BROWN: Mix = {"coral": 0.42, "sun": 0.5, "night": 0.3}
DARK: Mix = {"coral": 0.5, "sun": 0.55, "night": 0.52}


@dataclass(frozen=True)
class Face:
    """What all people have, in their own proportions."""

    sheet: Sheet
    skin: Mix
    wide: float = 150
    long: float = 196
    brow: Mix = field(default_factory=lambda: {"night": 0.86})
    """The ink of the brows."""

    def paint(self, shape: Shape, mix: Mix) -> None:
        """Put a shape over whatever is there."""
        self.sheet.cut(shape)
        for ink, tone in mix.items():
            getattr(self.sheet, ink).lay(shape, tone)

    def shaded(self, more: float = 0.12) -> Mix:
        """Return the skin in the shade."""
        return {
            **self.skin,
            "coral": self.skin.get("coral", 0) + more,
            "night": self.skin.get("night", 0) + more / 2,
        }

    def shoulders(self, mix: Mix, *, wide: float = 330, top: float = 640) -> Shape:
        """Draw neck and shoulders, clothed; return the clothes."""
        neck = Shape().polygon(
            [(X - 68, Y + 90), (X + 68, Y + 90), (X + 84, top + 60), (X - 84, top + 60)]
        )
        self.paint(neck, self.shaded(0.16))
        line = smooth(
            [
                (X - 80, top - 16),
                (X - 150, top + 22),
                (X - wide + 50, top + 70),
                (X - wide, top + 170),
                (X - wide - 10, HEIGHT),
            ]
        )
        other = [(2 * X - x, y) for x, y in reversed(line)]
        collar = smooth(
            [
                (X + 80, top - 16),
                (X + 46, top + 44),
                (X, top + 66),
                (X - 46, top + 44),
                (X - 80, top - 16),
            ]
        )
        clothes = Shape().polygon([*line, *other, *collar])
        self.paint(clothes, mix)
        return clothes

    def head(self) -> None:
        """Draw ears and face, one cheek in the shade."""
        for side in (-1, 1):
            self.paint(Shape().disc(X + side * self.wide, Y + 18, 30, 1.35), self.shaded(0.1))
        self.paint(self.outline(), self.skin)
        shade = self.outline().without(self.outline(-44, -12))
        self.paint(shade, self.shaded(0.1))

    def outline(self, right: float = 0, lower: float = 0) -> Shape:
        """Return the outline of the face, moved."""
        x, y, w, h = X + right, Y + lower, self.wide, self.long
        half = [
            (x, y + h),
            (x + w * 0.42, y + h * 0.94),
            (x + w * 0.86, y + h * 0.52),
            (x + w, y),
            (x + w * 0.96, y - h * 0.5),
            (x + w * 0.6, y - h * 0.92),
            (x, y - h),
        ]
        points = smooth([*half, *((2 * x - px, py) for px, py in reversed(half))])
        return Shape().polygon(points)

    def features(self, *, smile: float = 1.0, eyes: float = 62, lips: Mix | None = None) -> None:
        """Draw brows, eyes, nose and mouth."""
        for side in (-1, 1):
            x = X + side * eyes
            self.paint(Shape().disc(x, Y + 2, 12.5, 1.1), {"night": 1})
            brow = smooth([(x - side * 34, Y - 36), (x, Y - 52), (x + side * 34, Y - 38)])
            self.paint(Shape().stroke(brow, 11), self.brow)
        nose = smooth([(X + 4, Y + 6), (X + 20, Y + 62), (X + 2, Y + 76), (X - 12, Y + 70)])
        self.paint(Shape().stroke(nose, 8), self.shaded(0.3))
        w, dip = 50, 16 * smile
        mouth = smooth(
            [
                (X - w, Y + 112),
                (X - w / 2, Y + 112 + dip),
                (X + w / 2, Y + 112 + dip),
                (X + w, Y + 110),
            ]
        )
        self.paint(Shape().stroke(mouth, 10), lips or {"coral": 0.85, "night": 0.32})

    def glasses(self, *, round_: bool = True, mix: Mix | None = None) -> None:
        """Draw a pair of spectacles."""
        ink = mix or {"night": 0.95}
        for side in (-1, 1):
            x = X + side * 62
            if round_:
                rim = Shape().disc(x, Y + 2, 50).without(Shape().disc(x, Y + 2, 42))
            else:
                rim = (
                    Shape()
                    .box(x - 52, Y - 36, x + 52, Y + 40, corner=22)
                    .without(Shape().box(x - 44, Y - 28, x + 44, Y + 32, corner=16))
                )
            self.paint(rim, ink)
            self.paint(
                Shape().stroke([(x + side * 50, Y - 6), (X + side * self.wide, Y - 10)], 8), ink
            )
        self.paint(Shape().arc(X, Y + 4, 14, 180, 360, width=8), ink)


def _ground(seed: int, mix: Mix) -> Sheet:
    sheet = Sheet(seed, grain=0.1)
    for ink, tone in mix.items():
        getattr(sheet, ink).ground(down((0, tone), (HEIGHT, tone * 0.72)))
    return sheet


def adaeze_lind() -> Sheet:
    """Draw the city editor: round dark curls, a yellow raincoat."""
    face = Face(_ground(11, {"sea": 0.5}), DARK, wide=146, long=188)
    curls = Shape()
    for x, y, r in (
        (-150, -70, 92),
        (-104, -158, 92),
        (0, -196, 104),
        (108, -158, 92),
        (152, -66, 92),
        (168, 30, 74),
        (-168, 30, 74),
        (-150, 112, 58),
        (152, 112, 58),
    ):
        curls.disc(X + x, Y + y, r)
    face.paint(curls, {"night": 0.94, "coral": 0.4})
    coat = face.shoulders({"sun": 0.95, "coral": 0.06})
    face.paint(
        Shape()
        .polygon([(X - 24, 700), (X + 22, 700), (X + 34, HEIGHT), (X - 34, HEIGHT)])
        .within(coat),
        {"sun": 1, "coral": 0.34},
    )
    face.head()
    fringe = Shape()
    for x, y, r in (
        (-112, -134, 52),
        (-58, -172, 56),
        (6, -184, 58),
        (66, -170, 54),
        (116, -130, 50),
    ):
        fringe.disc(X + x, Y + y, r)
    face.paint(fringe, {"night": 0.94, "coral": 0.4})
    face.features(smile=1.5, lips={"coral": 1, "night": 0.45})
    for side in (-1, 1):
        face.paint(Shape().disc(X + side * 152, Y + 74, 15), {"sun": 1})
    return face.sheet


def ines_marou() -> Sheet:
    """Draw the science editor: a grey bob, round glasses."""
    grey: Mix = {"night": 0.34, "sea": 0.12}
    face = Face(
        _ground(12, {"moss": 0.5, "sun": 0.12}), OLIVE, wide=140, long=192, brow={"night": 0.6}
    )
    bob = [
        (-128, 190),
        (-196, 176),
        (-204, 0),
        (-176, -150),
        (-84, -238),
        (30, -248),
        (140, -200),
        (196, -90),
        (206, 40),
        (196, 176),
        (128, 190),
    ]
    face.paint(Shape().polygon(smooth([(X + x, Y + y) for x, y in bob])), grey)
    face.shoulders({"night": 0.82, "sea": 0.3})
    face.head()
    fringe = [
        (-152, 40),
        (-166, -60),
        (-140, -168),
        (-40, -222),
        (70, -216),
        (150, -150),
        (168, -50),
        (152, 44),
        (136, -40),
        (90, -112),
        (-10, -124),
        (-96, -96),
        (-136, -30),
    ]
    face.paint(Shape().polygon(smooth([(X + x, Y + y) for x, y in fringe])), grey)
    face.features(smile=0.7)
    face.glasses()
    return face.sheet


def jonas_ebbing() -> Sheet:
    """Draw the port correspondent: a red beard, a dark blue knitted cap."""
    red: Mix = {"coral": 0.78, "sun": 0.55, "night": 0.14}
    face = Face(
        _ground(13, {"sun": 0.42}), FAIR, wide=150, long=200, brow={"coral": 0.8, "night": 0.3}
    )
    collar = face.shoulders({"night": 0.55, "sea": 0.75}, wide=346)
    for side in (-1, 1):
        flap = Shape().polygon(
            [
                (X + side * 20, 730),
                (X + side * 84, 616),
                (X + side * 176, 676),
                (X + side * 110, 786),
            ]
        )
        face.paint(flap.within(collar), {"night": 0.75, "sea": 0.8})
    face.head()
    beard = [
        (-154, 20),
        (-150, 130),
        (-96, 214),
        (0, 246),
        (96, 214),
        (150, 130),
        (154, 20),
        (120, 62),
        (70, 84),
        (0, 76),
        (-70, 84),
        (-120, 62),
    ]
    face.paint(Shape().polygon(smooth([(X + x, Y + y) for x, y in beard])), red)
    cap = [(-164, -62), (-168, -170), (-100, -262), (0, -282), (100, -262), (168, -170), (164, -62)]
    face.paint(
        Shape().polygon(smooth([(X + x, Y + y) for x, y in cap])), {"night": 0.85, "sea": 0.4}
    )
    face.paint(
        Shape().box(X - 174, Y - 118, X + 174, Y - 52, corner=26), {"night": 0.7, "sea": 0.55}
    )
    for step in range(-5, 6):
        face.paint(
            Shape().stroke([(X + step * 31, Y - 106), (X + step * 31, Y - 64)], 5),
            {"night": 0.95, "sea": 0.4},
        )
    face.features(smile=0.9, lips={"coral": 0.75, "night": 0.2})
    return face.sheet


def maren_tolk() -> Sheet:
    """Draw the editor: short white hair, a coral scarf."""
    face = Face(
        _ground(14, {"night": 0.42, "sea": 0.3}), FAIR, wide=142, long=194, brow={"night": 0.36}
    )
    white: Mix = {"night": 0.07, "sea": 0.05}
    back = [
        (-160, 60),
        (-178, -60),
        (-150, -180),
        (-60, -256),
        (60, -258),
        (152, -186),
        (180, -60),
        (162, 60),
    ]
    face.paint(Shape().polygon(smooth([(X + x, Y + y) for x, y in back])), white)
    face.shoulders({"night": 0.9, "moss": 0.2})
    face.head()
    fringe = [
        (-154, 10),
        (-166, -90),
        (-110, -196),
        (0, -236),
        (110, -206),
        (166, -96),
        (156, 10),
        (132, -84),
        (40, -150),
        (-40, -112),
        (-124, -96),
    ]
    face.paint(Shape().polygon(smooth([(X + x, Y + y) for x, y in fringe])), white)
    face.features(smile=1.1)
    scarf = smooth(
        [
            (X - 150, 636),
            (X - 80, 588),
            (X, 606),
            (X + 80, 588),
            (X + 150, 636),
            (X + 130, 716),
            (X + 20, 748),
            (X - 110, 722),
        ]
    )
    face.paint(Shape().polygon(scarf), {"coral": 0.92})
    face.paint(
        Shape().stroke(smooth([(X - 124, 668), (X - 10, 700), (X + 124, 660)]), 8),
        {"coral": 1, "night": 0.34},
    )
    face.paint(
        Shape().polygon([(X + 40, 716), (X + 112, 700), (X + 146, 880), (X + 62, 900)]),
        {"coral": 0.84, "sun": 0.1},
    )
    return face.sheet


def pelle_hartwig() -> Sheet:
    """Draw the sports reporter: fair hair combed to one side, a green jersey."""
    fair: Mix = {"sun": 0.7, "coral": 0.14, "night": 0.06}
    face = Face(
        _ground(15, {"coral": 0.36, "sun": 0.2}),
        FAIR,
        wide=144,
        long=196,
        brow={"sun": 0.7, "night": 0.36},
    )
    jersey = face.shoulders({"moss": 0.95, "night": 0.2}, wide=340)
    for edge in (-1, 1):
        face.paint(
            Shape().stroke([(X + edge * 178, 690), (X + edge * 236, HEIGHT)], 24).within(jersey),
            {"sun": 0.2},
        )
    face.head()
    hair = [
        (-158, -16),
        (-176, -130),
        (-118, -246),
        (10, -276),
        (126, -236),
        (176, -130),
        (160, -10),
        (140, -92),
        (84, -150),
        (-40, -128),
        (-126, -118),
        (-138, -60),
    ]
    face.paint(Shape().polygon(smooth([(X + x, Y + y) for x, y in hair])), fair)
    face.paint(
        Shape().stroke(smooth([(X - 104, Y - 150), (X - 10, Y - 214), (X + 112, Y - 176)]), 8),
        {"sun": 0.85, "coral": 0.26, "night": 0.16},
    )
    face.features(smile=1.3)
    for side in (-1, 1):
        for dx, dy in ((0, 0), (22, 10), (-16, 16)):
            face.paint(Shape().disc(X + side * (88 + dx * 0.8), Y + 54 + dy, 4), face.shaded(0.26))
    return face.sheet


def yusra_haddam() -> Sheet:
    """Draw the culture editor: a sea-blue headscarf."""
    blue: Mix = {"sea": 0.82, "night": 0.16}
    face = Face(_ground(16, {"sun": 0.3, "coral": 0.2}), BROWN, wide=132, long=180)
    face.shoulders({"coral": 0.62, "night": 0.5}, top=650)
    veil = [
        (-196, 330),
        (-232, 200),
        (-202, 40),
        (-196, -90),
        (-128, -232),
        (0, -274),
        (128, -232),
        (196, -90),
        (202, 40),
        (232, 200),
        (196, 330),
        (90, 372),
        (-60, 380),
    ]
    face.paint(Shape().polygon(smooth([(X + x, Y + y) for x, y in veil])), blue)
    opening = Face(face.sheet, BROWN, wide=132, long=180)
    face.paint(opening.outline(), BROWN)
    face.paint(opening.outline().without(opening.outline(-40, -12)), face.shaded(0.1))
    edge = opening.outline().without(Shape().disc(X, Y + 46, 150, 1.32))
    face.paint(edge, {"sea": 0.95, "night": 0.34})
    for points in (
        ((-150, 150), (-60, 236), (70, 262), (176, 232)),
        ((-180, 214), (-70, 300), (60, 322)),
        ((-120, -160), (-10, -222), (110, -180)),
    ):
        face.paint(
            Shape().stroke(smooth([(X + x, Y + y) for x, y in points]), 7),
            {"sea": 0.95, "night": 0.42},
        )
    face.features(smile=1.1, eyes=56, lips={"coral": 0.95, "night": 0.4})
    return face.sheet


PEOPLE = {
    "adaeze-lind": adaeze_lind,
    "ines-marou": ines_marou,
    "jonas-ebbing": jonas_ebbing,
    "maren-tolk": maren_tolk,
    "pelle-hartwig": pelle_hartwig,
    "yusra-haddam": yusra_haddam,
}


def save(name: str, path: Path) -> None:
    """Draw a person and write the square as a JPEG."""
    left, top = (WIDTH - SIDE) // 2, 84
    square = PEOPLE[name]().pulled().crop((left, top, left + SIDE, top + SIDE))
    square.save(path, quality=82, optimize=True, progressive=True)
