"""The market square after dark."""

# ruff: noqa: INP001, PLR2004 - drawings: named for what they show, made of coordinates

import math

from press import HEIGHT, Shape, Sheet, down, glow, smooth


def night_market() -> Sheet:
    """Stalls under striped awnings and strings of lamps, after dark."""
    sheet = Sheet(71, grain=0.12)
    sheet.night.ground(down((0, 0.9), (420, 0.5), (720, 0.62), (HEIGHT, 0.9)))
    sheet.sea.ground(down((0, 0.85), (460, 0.55), (HEIGHT, 0.6)))
    sheet.coral.ground(down((200, 0.0), (560, 0.3), (HEIGHT, 0.2)))
    for x, y, radius in ((240, 620, 420), (690, 600, 460), (1150, 620, 440), (1560, 620, 360)):
        sheet.sun.add(glow(x, y, radius, 0.95))
        sheet.night.lift(glow(x, y, radius, 0.5))
        sheet.sea.lift(glow(x, y, radius, 0.6))
    _hall(sheet)
    for left, ink in ((-90, "coral"), (330, "sea"), (750, "coral"), (1170, "moss")):
        _stall(sheet, left, ink)
    _strings(sheet)
    _crowd(sheet)
    return sheet


def _hall(sheet: Sheet) -> None:
    hall = Shape().polygon([(120, 560), (120, 330), (800, 150), (1480, 330), (1480, 560)])
    sheet.night.lay(hall, 0.84)
    sheet.sea.lay(hall, 0.6)
    sheet.sun.lay(hall, 0.1)
    panes = Shape()
    for step in range(13):
        x = 200 + step * 100
        roof = 330 - (1 - abs(x - 800) / 680) * 180
        panes.box(x - 34, max(roof + 60, 300), x + 34, 470).disc(x, max(roof + 60, 300), 34)
    sheet.sun.lay(panes, 0.7)
    sheet.night.lay(panes, 0.3)
    bars = Shape()
    for step in range(13):
        x = 200 + step * 100
        bars.stroke([(x, 240), (x, 470)], 3).stroke([(x - 34, 390), (x + 34, 390)], 3)
    sheet.night.lay(bars.within(panes), 0.9)


def _stall(sheet: Sheet, left: float, ink: str) -> None:
    wide, top = 380.0, 430.0
    inside = Shape().box(left + 14, top + 80, left + wide - 14, 700)
    sheet.cut(inside)
    sheet.sun.lay(inside, down((top + 70, 0.95), (700, 0.6)))
    sheet.coral.lay(inside, down((top + 70, 0.12), (700, 0.45)))
    _keeper(sheet, left + wide * sheet.random.uniform(0.3, 0.7))
    _awning(sheet, left, top, wide, ink)
    poles = (
        Shape()
        .box(left + 10, top + 90, left + 20, 790)
        .box(left + wide - 20, top + 90, left + wide - 10, 790)
    )
    sheet.night.lay(poles, 0.95)
    table = Shape().box(left, 690, left + wide, 806)
    sheet.cut(table)
    sheet.night.lay(table, down((690, 0.6), (806, 0.9)))
    sheet.coral.lay(table, 0.5)
    _wares(sheet, left, wide)


def _awning(sheet: Sheet, left: float, top: float, wide: float, ink: str) -> None:
    strips = 10
    for step in range(strips):
        a, b = step / strips, (step + 1) / strips
        strip = Shape().polygon(
            [
                (left + 30 + (wide - 60) * a, top),
                (left + 30 + (wide - 60) * b, top),
                (left - 14 + (wide + 28) * b, top + 96),
                (left - 14 + (wide + 28) * a, top + 96),
            ]
        )
        middle = left - 14 + (wide + 28) * (a + b) / 2
        strip.disc(middle, top + 96, (wide + 28) / strips / 2)
        sheet.cut(strip)
        if step % 2:
            sheet.sun.lay(strip, 0.14)
        else:
            getattr(sheet, ink).lay(strip, 1.0)
        sheet.night.lay(strip, down((top, 0.34), (top + 120, 0.04)))


def _keeper(sheet: Sheet, x: float) -> None:
    body = (
        Shape()
        .disc(x, 578, 25, 1.15)
        .box(x - 52, 614, x + 52, 720, corner=34)
        .box(x - 28, 546, x + 28, 562, corner=6)
    )
    sheet.night.lay(body, 0.9)
    sheet.sea.lay(body, 0.5)


def _wares(sheet: Sheet, left: float, wide: float) -> None:
    for crate in range(4):
        x = left + 14 + crate * (wide - 20) / 4
        box = Shape().box(x, 668, x + 80, 712)
        ink = sheet.random.choice(("coral", "sun", "moss"))
        fruit = Shape()
        for step in range(14):
            fruit.disc(x + 10 + (step % 6) * 12, 664 - (step // 6) * 12, 9)
        sheet.cut(fruit)
        getattr(sheet, ink).lay(fruit, 1.0)
        sheet.sun.add(fruit.mask.point([v // 3 for v in range(256)]))
        sheet.cut(box)
        sheet.sun.lay(box, 0.7)
        sheet.night.lay(box, 0.4)


def _strings(sheet: Sheet) -> None:
    for (ax, ay), (bx, by) in (
        ((-20, 250), (640, 330)),
        ((560, 300), (1220, 290)),
        ((1120, 330), (1640, 230)),
        ((-20, 390), (900, 396)),
        ((860, 396), (1640, 370)),
    ):
        line = [
            (ax + (bx - ax) * t / 24, ay + (by - ay) * t / 24 + 60 * math.sin(math.pi * t / 24))
            for t in range(25)
        ]
        sheet.night.lay(Shape().stroke(line, 2), 1.0)
        for x, y in line[1:-1:3]:
            sheet.sun.add(glow(x, y + 12, 46, 0.9))
            for plate in (sheet.night, sheet.sea):
                plate.lift(glow(x, y + 12, 46, 0.6))
            bulb = Shape().disc(x, y + 12, 8)
            sheet.cut(bulb)
            sheet.sun.lay(bulb, 0.25)


def _crowd(sheet: Sheet) -> None:
    people = Shape()
    for _ in range(15):
        x, tall = sheet.random.uniform(20, 1580), sheet.random.uniform(230, 300)
        top = 930 - tall
        people.disc(x, top, 27, 1.15).polygon(
            smooth(
                [
                    (x - 20, top + 26),
                    (x - 62, top + 60),
                    (x - 74, 940),
                    (x + 74, 940),
                    (x + 62, top + 60),
                    (x + 20, top + 26),
                ],
                2,
            )
        )
        if sheet.random.random() < 0.5:
            people.disc(x, top - 14, 29, 0.72)
    sheet.night.lay(people, down((640, 0.9), (860, 1.0)))
    sheet.sea.lay(people, 0.7)
    sheet.sun.lay(people, 0.0)
    sheet.coral.lay(people, 0.0)
    sheet.moss.lay(people, 0.0)
