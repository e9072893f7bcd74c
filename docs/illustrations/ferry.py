"""The ferry: on the sandbank in the fog, and where that is on the chart."""

# ruff: noqa: D401, INP001, PLR2004 - drawings: named for what they show, made of coordinates

import math
from itertools import pairwise

from press import HEIGHT, WIDTH, Shape, Sheet, down, glow, gulls, ridge, smooth, water


def ferry_fog() -> Sheet:
    """The island ferry, heeling a little, on a sandbank in the fog."""
    sheet = Sheet(23)
    sheet.sea.ground(down((0, 0.5), (330, 0.22), (520, 0.2), (HEIGHT, 0.72)))
    sheet.night.ground(down((0, 0.16), (300, 0.03), (560, 0.02), (HEIGHT, 0.28)))
    sheet.sun.ground(down((0, 0.02), (420, 0.2), (600, 0.14), (HEIGHT, 0.0)))
    for plate in (sheet.sea, sheet.night):
        plate.lift(glow(980, 360, 620, 0.3, 0.6))
    far = Shape().polygon(ridge(sheet.random, 400, 46, to=452)).soft(6)
    sheet.sea.lay(far, 0.36)
    for y, length, depth in ((458, 1700, 0.5), (420, 1200, 0.35)):
        sheet.sea.cut(Shape().disc(WIDTH / 2, y, length / 2, 0.03).soft(10), depth)
    sheet.sea.cut(water(sheet.random, 470, 890, marks=240), 0.75)
    sheet.night.cut(water(sheet.random, 640, 890, marks=90), 0.9)
    _ferry(sheet)
    _sandbank(sheet)
    _veil(sheet)
    gulls(sheet, [(330, 250, 30), (410, 215, 20), (1290, 210, 22), (1370, 250, 15)])
    return sheet


def ferry_chart() -> Sheet:
    """The chart of the Sallow: depths, the marked channel, and where the ferry lies."""
    sheet = Sheet(31, grain=0.12)
    sheet.sea.ground(0.3)
    sheet.sun.ground(0.1)
    for step, tone in enumerate((0.2, 0.1, 0.0)):
        sheet.sea.lay(Shape().polygon(_shoal(860, 470, 520 - step * 110, 210 - step * 48)), tone)
    dry = Shape().polygon(_shoal(890, 480, 190, 66))
    sheet.sun.lay(dry, 0.55)
    sheet.moss.lay(dry, 0.25)
    for step in range(3):
        outline = _shoal(860, 470, 520 - step * 110, 210 - step * 48)
        sheet.night.lay(Shape().stroke([*outline, outline[0]], 1.4), 0.6)
    _coast(sheet, [(0, 0), (0, 330), (120, 300), (210, 330), (260, 210), (400, 120), (430, 0)])
    _coast(sheet, [(1600, 900), (1600, 640), (1520, 610), (1430, 680), (1380, 790), (1290, 900)])
    _soundings(sheet)
    _course(sheet)
    _compass(sheet, 1440, 186, 98)
    frame = Shape().box(0, 0, WIDTH, HEIGHT).without(Shape().box(26, 26, WIDTH - 26, HEIGHT - 26))
    sheet.cut(frame)
    sheet.night.lay(Shape().box(26, 26, 1574, 874).without(Shape().box(30, 30, 1570, 870)))
    return sheet


def _ferry(sheet: Sheet) -> None:
    heel, about = 3.2, (800.0, 640.0)

    def parts(*boxes: tuple[float, float, float, float], soft: float = 4) -> Shape:
        shape = Shape()
        for left, top, right, bottom in boxes:
            shape.box(left, top, right, bottom, corner=soft)
        return shape.turned(heel, about)

    hull = (
        Shape()
        .polygon([(420, 508), (1236, 508), (1276, 484), (1196, 690), (480, 654), (424, 600)])
        .turned(heel, about)
    )
    upper = parts((462, 436, 1150, 512), (520, 372, 1060, 440), (860, 316, 1010, 376))
    sheet.cut(upper)
    sheet.sun.lay(upper, 0.12)
    sheet.sea.lay(upper, down((316, 0.05), (512, 0.28)))
    sheet.cut(hull)
    sheet.night.lay(hull, down((480, 0.72), (640, 0.95)))
    sheet.sea.lay(hull, 0.6)
    band = (
        Shape()
        .polygon([(420, 508), (1236, 508), (1262, 494), (1250, 532), (420, 532)])
        .turned(heel, about)
    )
    sheet.night.lay(band, 0.1)
    sheet.coral.lay(band, 0.95)
    sheet.sea.lay(band, 0.0)
    funnel = parts((650, 286, 748, 374))
    sheet.cut(funnel)
    sheet.coral.lay(funnel, 0.95)
    cap = parts((646, 282, 752, 306), (660, 272, 738, 288), soft=2)
    sheet.night.lay(cap, 0.95)
    _ferry_lights(sheet, heel, about)


def _ferry_lights(sheet: Sheet, heel: float, about: tuple[float, float]) -> None:
    panes = Shape()
    for column in range(26):
        panes.box(482 + column * 25, 456, 500 + column * 25, 482, corner=3)
    for column in range(16):
        panes.box(540 + column * 32, 392, 562 + column * 32, 416, corner=3)
    panes.box(870, 332, 1000, 352, corner=2)
    panes.turned(heel, about)
    sheet.night.lay(panes, 0.55)
    lit = Shape()
    for column in range(26):
        if sheet.random.random() < 0.75:
            lit.box(482 + column * 25, 456, 500 + column * 25, 482, corner=3)
    lit.turned(heel, about)
    sheet.night.cut(lit)
    sheet.sun.lay(lit, 0.95)
    rigging = (
        Shape().polygon([(928, 316), (944, 316), (939, 236), (933, 236)]).box(912, 252, 960, 259)
    )
    rigging.stroke([(936, 238), (1196, 500)], 1.5).stroke([(936, 238), (748, 300)], 1.5)
    rigging.stroke([(1200, 500), (1200, 440)], 4).stroke([(480, 440), (480, 396)], 3)
    sheet.night.lay(rigging.turned(heel, about), 0.9)
    lamp = (914, 234)
    sheet.sun.add(glow(*lamp, 90, 0.6))
    bulb = Shape().disc(*lamp, 8)
    sheet.cut(bulb)
    sheet.sun.lay(bulb, 0.3)


def _sandbank(sheet: Sheet) -> None:
    foam = Shape().polygon(_shoal(850, 668, 640, 38))
    sheet.cut(foam)
    sheet.sea.lay(foam, 0.1)
    sand = Shape().polygon(_shoal(860, 666, 560, 26))
    sheet.cut(sand)
    sheet.sun.lay(sand, down((640, 0.34), (690, 0.6)))
    sheet.moss.lay(sand, 0.2)
    ripples = Shape()
    for _ in range(60):
        y = sheet.random.uniform(646, 690)
        ripples.gouge(sheet.random.uniform(340, 1320), y, sheet.random.uniform(30, 120), 3)
    sheet.night.lay(ripples.within(sand), 0.35)
    keel = Shape().polygon([(440, 642), (1216, 634), (1180, 652), (520, 662)])
    sheet.night.lay(keel.soft(3), 0.5)


def _veil(sheet: Sheet) -> None:
    veil = Shape()
    for x, y, width in (
        (330, 560, 380),
        (1310, 470, 420),
        (760, 700, 520),
        (1130, 330, 360),
        (520, 330, 300),
    ):
        veil.disc(x, y, width, 0.075)
    veil.soft(26)
    for plate, depth in ((sheet.night, 0.6), (sheet.sea, 0.5), (sheet.coral, 0.35)):
        plate.cut(veil, depth)


def _shoal(x: float, y: float, wide: float, high: float) -> list[tuple[float, float]]:
    points = []
    for step in range(120):
        a = step / 120 * math.tau
        wobble = 1 + 0.1 * math.sin(3 * a + 1) + 0.06 * math.sin(5 * a) + 0.03 * math.sin(9 * a + 2)
        points.append((x + wide * wobble * math.cos(a), y + high * wobble * math.sin(a)))
    return points


def _coast(sheet: Sheet, points: list[tuple[float, float]]) -> None:
    points = smooth(points)
    land = Shape().polygon(points)
    sheet.cut(land)
    sheet.sun.lay(land, 0.5)
    sheet.moss.lay(land, 0.22)
    sheet.night.lay(Shape().stroke([*points, points[0]], 4), 0.9)


def _soundings(sheet: Sheet) -> None:
    figures = Shape()
    for row in range(11):
        for column in range(19):
            x = 110 + column * 78 + sheet.random.uniform(-18, 18)
            y = 90 + row * 74 + sheet.random.uniform(-16, 16)
            reach = math.hypot((x - 870) / 520, (y - 475) / 210)
            on_land = (x < 460 and y < 360) or (x > 1300 and (y > 590 or y < 330))
            if on_land or reach < 0.5:
                continue
            depth = max(1, round((reach - 0.35) * 9 + sheet.random.uniform(-0.6, 0.9)))
            figures.text(x, y, str(depth), 19)
    sheet.night.lay(figures, 0.62)


def _course(sheet: Sheet) -> None:
    buoys = [(700, 190), (1000, 190), (1290, 330)]
    planned = smooth([(250, 240), (420, 250), *buoys, (1420, 640)], rounds=2)
    dashes = Shape()
    for (ax, ay), (bx, by) in pairwise(planned):
        steps = max(1, round(math.hypot(bx - ax, by - ay) / 30))
        for step in range(steps):
            a, b = step / steps, (step + 0.55) / steps
            dashes.stroke(
                [
                    (ax + (bx - ax) * a, ay + (by - ay) * a),
                    (ax + (bx - ax) * b, ay + (by - ay) * b),
                ],
                4,
            )
    sheet.night.lay(dashes, 0.9)
    strayed = Shape().stroke(smooth([(660, 200), (740, 200), (810, 280), (838, 404)]), 8)
    sheet.cut(strayed)
    sheet.coral.lay(strayed, 1.0)
    wreck = Shape().disc(840, 420, 25).without(Shape().disc(840, 420, 17)).disc(840, 420, 9)
    sheet.cut(Shape().disc(840, 420, 30))
    sheet.coral.lay(wreck, 1.0)
    for x, y in ((700, 158), (1000, 158), (1310, 300)):
        buoy = Shape().polygon([(x - 11, y + 12), (x + 11, y + 12), (x, y - 16)])
        sheet.cut(Shape().disc(x, y, 20))
        sheet.coral.lay(buoy, 0.95)
        sheet.night.lay(Shape().stroke([(x - 16, y + 14), (x + 16, y + 14)], 3))


def _compass(sheet: Sheet, x: float, y: float, radius: float) -> None:
    rose = Shape().arc(x, y, radius, 0, 360, width=2.5).arc(x, y, radius * 0.82, 0, 360, width=1.5)
    for step in range(72):
        a = step * math.tau / 72
        inner = radius * (0.9 if step % 2 else 0.84)
        rose.stroke(
            [
                (x + inner * math.sin(a), y - inner * math.cos(a)),
                (x + radius * math.sin(a), y - radius * math.cos(a)),
            ],
            1.5,
        )
    for step in range(8):
        a, long = step * math.tau / 8, radius * (0.76 if step % 2 == 0 else 0.46)
        b = a + math.tau / 16
        rose.polygon(
            [
                (x, y),
                (x + long * math.sin(a), y - long * math.cos(a)),
                (x + radius * 0.16 * math.sin(b), y - radius * 0.16 * math.cos(b)),
            ]
        )
    sheet.night.lay(rose, 0.85)
    sheet.night.lay(Shape().text(x, y - radius - 22, "N", 28), 0.95)
