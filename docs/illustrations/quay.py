"""The quay: a ship before sunrise, and the idle cranes."""

# ruff: noqa: D401, INP001 - drawings: named for what they show, made of coordinates

import math

from PIL import Image
from press import HEIGHT, WIDTH, Shape, Sheet, down, glow, gulls, ridge, water


def harbour_dawn() -> Sheet:
    """A ship at the quay before sunrise, on the cable that feeds it."""
    sheet = Sheet(11)
    horizon = 520.0
    sheet.sun.ground(down((0, 0.05), (300, 0.35), (horizon, 0.95), (700, 0.55), (HEIGHT, 0.15)))
    sheet.coral.ground(down((0, 0.25), (330, 0.32), (horizon, 0.5), (620, 0.3), (HEIGHT, 0.2)))
    sheet.sea.ground(down((0, 0.55), (330, 0.1), (horizon, 0.0), (540, 0.3), (HEIGHT, 0.95)))
    for plate in (sheet.coral, sheet.sea):
        plate.lift(glow(1130, horizon, 420, 0.5))
    sun = Shape().disc(1130, horizon - 30, 78)
    sheet.cut(sun, but=[sheet.sun])
    sheet.sun.lay(sun, 0.45)
    _clouds(sheet, 60, 400)
    far = Shape().polygon(ridge(sheet.random, horizon - 6, 22, to=horizon + 4))
    sheet.sea.lay(far, 0.65)
    sheet.coral.lay(far, 0.35)
    _reflection(sheet, 1130, horizon)
    _cargo_ship(sheet)
    _quay(sheet)
    gulls(sheet, [(720, 180, 26), (800, 150, 18), (860, 205, 14), (1320, 130, 16)])
    return sheet


def cranes() -> Sheet:
    """Gantry cranes with their booms up over stacked containers, at dusk."""
    sheet = Sheet(43, grain=0.12)
    sheet.coral.ground(down((0, 0.16), (280, 0.4), (600, 0.66), (720, 0.2)))
    sheet.sun.ground(down((0, 0.0), (240, 0.3), (620, 0.95), (720, 0.3)))
    sheet.sea.ground(down((0, 0.88), (240, 0.42), (560, 0.0)))
    sheet.night.ground(down((0, 0.2), (220, 0.0)))
    moon = Shape().disc(1240, 170, 44)
    sheet.cut(moon)
    sheet.sun.lay(moon, 0.2)
    _clouds(sheet, 200, 470)
    land = Shape().polygon(ridge(sheet.random, 640, 30, to=720))
    sheet.sea.lay(land, 0.6)
    for x, size in ((1290, 0.62), (1050, 0.68)):
        _crane(sheet, x, 690, size, tone=0.55)
    for x, size in ((180, 1.0), (590, 1.06)):
        _crane(sheet, x, 712, size, tone=1.0)
    _containers(sheet)
    return sheet


def _clouds(sheet: Sheet, top: float, bottom: float) -> None:
    shape = Shape()
    for _ in range(26):
        y = sheet.random.uniform(top, bottom)
        shape.gouge(
            sheet.random.uniform(-200, 1500),
            y,
            sheet.random.uniform(160, 620),
            4 + 12 * sheet.random.random(),
        )
    sheet.sea.cut(shape, 0.7)
    sheet.night.cut(shape, 0.5)
    sheet.coral.cut(shape, 0.45)


def _reflection(sheet: Sheet, x: float, top: float) -> None:
    path = Shape()
    for step in range(44):
        depth = step / 44
        y = top + 10 + depth * 350
        spread = 26 + 120 * depth
        for _ in range(2):
            length = spread * sheet.random.uniform(0.4, 1.3)
            path.gouge(
                x + sheet.random.uniform(-spread, spread) - length / 2, y, length, 2 + 7 * depth
            )
    sheet.cut(path, but=[sheet.sun])
    sheet.sun.lay(path, 0.6)
    sheet.sea.cut(water(sheet.random, top + 20, 880, marks=200), 0.45)


def _cargo_ship(sheet: Sheet) -> None:
    hull = Shape().polygon([(40, 520), (880, 520), (912, 494), (846, 640), (70, 640)])
    for plate, tone in ((sheet.night, 0.9), (sheet.sea, 0.8), (sheet.sun, 0.0), (sheet.coral, 0.2)):
        plate.lay(hull, tone)
    belt = Shape().polygon([(62, 610), (860, 610), (846, 644), (70, 644)])
    sheet.night.lay(belt, 0.35)
    sheet.coral.lay(belt, 0.9)
    colours = (("coral", 0.95), ("sea", 0.85), ("sun", 0.9), ("night", 0.7), ("moss", 0.85))
    for column in range(11):
        for row in range(sheet.random.choice((2, 3, 3, 4))):
            left, foot = 262 + column * 54, 518 - row * 30
            block = Shape().box(left, foot - 28, left + 51, foot)
            sheet.cut(block)
            ink, tone = sheet.random.choice(colours)
            getattr(sheet, ink).lay(block, tone)
            sheet.night.add(_shade(block, 0.18))
    house = Shape().box(96, 356, 226, 520).box(80, 356, 242, 384).box(150, 300, 176, 356)
    sheet.cut(house)
    sheet.sun.lay(house, 0.22)
    sheet.sea.lay(house, 0.25)
    windows = Shape()
    for row in range(4):
        for column in range(6):
            windows.box(106 + column * 20, 396 + row * 30, 118 + column * 20, 408 + row * 30)
    windows.box(88, 364, 234, 376)
    sheet.sun.lay(windows, 1.0)
    sheet.night.lay(windows, 0.0)
    mast = Shape().polygon([(157, 300), (169, 300), (165, 236), (161, 236)]).box(146, 244, 180, 250)
    sheet.night.lay(mast.stroke([(165, 238), (226, 356)], 1.5))


def _shade(shape: Shape, depth: float) -> Image.Image:
    return shape.mask.point([round(v * depth) for v in range(256)])


def _quay(sheet: Sheet) -> None:
    quay = Shape().polygon([(0, 720), (700, 720), (980, 900), (0, 900)])
    sheet.cut(quay)
    sheet.night.lay(quay, down((720, 0.82), (900, 0.97)))
    sheet.sea.lay(quay, 0.5)
    edge = Shape().polygon([(0, 712), (704, 712), (712, 722), (0, 722)])
    sheet.cut(edge, but=[sheet.sun])
    sheet.sun.lay(edge, 0.6)
    post = Shape().box(356, 590, 404, 730, corner=8)
    sheet.cut(post)
    sheet.night.lay(post, 1.0)
    sheet.sun.lay(Shape().box(368, 606, 392, 624), 1.0)
    sheet.night.lay(Shape().box(368, 606, 392, 624), 0.0)
    cable = [(404.0, 650.0)]
    cable += [
        (404 + 130 * t / 20, 650 + 66 * math.sin(math.pi * t / 20) - 70 * t / 20) for t in range(21)
    ]
    sheet.cut(Shape().stroke(cable, 11))
    hatch = Shape().box(520, 560, 560, 600, corner=3)
    sheet.cut(hatch)
    sheet.night.lay(hatch, 0.5)
    sheet.coral.lay(Shape().stroke(cable, 11), 1.0)
    sheet.sun.lay(Shape().stroke(cable, 11), 0.5)
    bollards = Shape()
    for x in (90, 250, 560):
        bollards.box(x, 684, x + 26, 716).disc(x + 13, 684, 20, 0.5)
    sheet.night.lay(bollards)


def _crane(sheet: Sheet, x: float, foot: float, size: float, *, tone: float) -> None:
    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + px * size, foot - py * size) for px, py in points]

    shape = Shape()
    for leg in (0, 150):
        shape.stroke(at((leg, 0), (leg, 330)), 15 * size)
    shape.stroke(at((0, 120), (150, 120)), 10 * size).stroke(at((0, 130), (150, 320)), 6 * size)
    shape.stroke(at((150, 130), (0, 320)), 6 * size)
    shape.stroke(at((-150, 330), (170, 330)), 18 * size)
    shape.stroke(at((110, 330), (150, 470), (150, 330)), 10 * size)
    shape.stroke(at((160, 336), (330, 560)), 15 * size)
    shape.stroke(at((150, 470), (300, 520)), 4 * size).stroke(at((150, 470), (-140, 336)), 4 * size)
    for step in range(9):
        px, py = 160 + 170 * step / 9, 336 + 224 * step / 9
        shape.stroke(at((px, py), (px - 8, py + 30)), 4 * size)
    shape.polygon(at((-70, 338), (0, 338), (0, 384), (-70, 384)))
    shape.polygon(at((-16, 0), (18, 0), (18, 14), (-16, 14))).polygon(
        at((132, 0), (168, 0), (168, 14), (132, 14))
    )
    sheet.night.lay(shape, tone)
    sheet.sea.lay(shape, 0.5)
    if tone == 1.0:
        lamps = Shape().disc(*at((330, 560))[0], 6).disc(*at((150, 474))[0], 6)
        sheet.cut(lamps)
        sheet.coral.lay(lamps)


def _containers(sheet: Sheet) -> None:
    ground = Shape().box(0, 708, WIDTH, HEIGHT)
    sheet.cut(ground)
    sheet.night.lay(ground, 0.96)
    sheet.sea.lay(ground, 0.7)
    colours = (("coral", 0.9), ("sea", 0.9), ("sun", 0.8), ("moss", 0.9), ("coral", 0.5))
    for column in range(14):
        height = sheet.random.choice((1, 2, 2, 3, 3)) if column not in (3, 4, 9) else 1
        for row in range(height):
            left, foot = -30 + column * 120, 868 - row * 52
            block = Shape().box(left, foot - 49, left + 116, foot)
            sheet.cut(block)
            ink, tone = sheet.random.choice(colours)
            getattr(sheet, ink).lay(block, tone)
            ribs = Shape()
            for rib in range(11):
                ribs.box(left + 7 + rib * 10, foot - 43, left + 10 + rib * 10, foot - 6)
            sheet.night.lay(block, 0.42)
            sheet.night.lay(ribs, 0.72)
            top = Shape().box(left, foot - 49, left + 116, foot - 45)
            sheet.night.lay(top, 0.12)
