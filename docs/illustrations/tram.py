"""The tram: at its stop in the rain, and its line on the plan of the town."""

# ruff: noqa: D401, INP001, PLR2004 - drawings: named for what they show, made of coordinates

import math

from press import HEIGHT, WIDTH, Shape, Sheet, down, glow, smooth


def tram_rain() -> Sheet:
    """The new tram at its stop on a wet evening."""
    sheet = Sheet(57, grain=0.1)
    street = 640.0
    sheet.sea.ground(down((0, 0.95), (380, 0.62), (street, 0.4), (street + 2, 0.8), (HEIGHT, 0.95)))
    sheet.night.ground(
        down((0, 0.62), (400, 0.22), (street, 0.12), (street + 2, 0.5), (HEIGHT, 0.85))
    )
    sheet.sun.ground(down((240, 0.0), (street, 0.4), (760, 0.1), (HEIGHT, 0.0)))
    _terrace(sheet, street)
    wires = Shape().stroke([(0, 196), (WIDTH, 176)], 2.5).stroke([(0, 150), (WIDTH, 138)], 1.5)
    sheet.night.lay(wires, 0.95)
    for x in (150, 1440):
        _lamp(sheet, x, street)
    _tram(sheet, 330, 300)
    _mirror(sheet)
    _rain(sheet)
    return sheet


def tram_map() -> Sheet:
    """The line from the station to the harbour mouth, on the plan of the town."""
    sheet = Sheet(61, grain=0.1)
    sheet.sun.ground(0.14)
    _blocks(sheet)
    shore = smooth(
        [
            (-10, 690),
            (220, 640),
            (430, 690),
            (700, 620),
            (930, 660),
            (1130, 560),
            (1330, 600),
            (1620, 500),
        ]
    )
    river = smooth([(560, -20), (610, 160), (540, 330), (690, 470), (720, 700)])
    sheet.cut(Shape().stroke(river, 54))
    sheet.sea.lay(Shape().stroke(river, 46), 0.42)
    sea = Shape().polygon([*shore, (1620, 920), (-10, 920)])
    sheet.cut(sea)
    sheet.sea.lay(sea, down((500, 0.35), (HEIGHT, 0.75)))
    park = Shape().polygon(
        smooth([(860, 110), (1120, 80), (1190, 240), (1010, 320), (850, 250), (860, 110)])
    )
    sheet.cut(park)
    sheet.moss.lay(park, 0.6)
    mole = Shape().stroke(smooth([(1180, 570), (1250, 700), (1400, 740)]), 16)
    sheet.cut(mole)
    sheet.night.lay(mole, 0.75)
    _line(sheet)
    return sheet


def _terrace(sheet: Sheet, street: float) -> None:
    left = -40.0
    while left < WIDTH:
        wide, top = sheet.random.uniform(110, 190), sheet.random.uniform(170, 300)
        step = Shape().polygon(
            [
                (left, street),
                (left, top + 50),
                (left + wide * 0.3, top + 50),
                (left + wide * 0.3, top + 20),
                (left + wide * 0.42, top),
                (left + wide * 0.58, top),
                (left + wide * 0.7, top + 20),
                (left + wide * 0.7, top + 50),
                (left + wide, top + 50),
                (left + wide, street),
            ]
        )
        sheet.night.lay(step, sheet.random.uniform(0.5, 0.72))
        sheet.coral.lay(step, sheet.random.uniform(0.0, 0.3))
        sheet.sea.lay(step, 0.55)
        _windows(sheet, left, top + 84, wide)
        left += wide
    mist = Shape().box(0, 500, WIDTH, street).soft(50)
    for plate in (sheet.night, sheet.sea):
        plate.cut(mist, 0.3)


def _windows(sheet: Sheet, left: float, top: float, wide: float) -> None:
    lit = Shape()
    columns = max(2, round(wide / 46))
    for row in range(5):
        for column in range(columns):
            if sheet.random.random() < 0.42:
                x = left + (column + 0.5) * wide / columns
                lit.box(x - 8, top + row * 62, x + 8, top + row * 62 + 30)
    sheet.cut(lit)
    sheet.sun.lay(lit, 0.95)
    sheet.coral.lay(lit, 0.14)


def _lamp(sheet: Sheet, x: float, street: float) -> None:
    post = Shape().stroke([(x, street + 20), (x, 330)], 7).stroke([(x, 336), (x + 46, 318)], 5)
    sheet.night.lay(post)
    sheet.sun.add(glow(x + 50, 330, 210, 0.9))
    for plate in (sheet.night, sheet.sea):
        plate.lift(glow(x + 50, 330, 210, 0.5))
    bulb = Shape().disc(x + 50, 326, 15)
    sheet.cut(bulb)
    sheet.sun.lay(bulb, 0.2)


def _tram(sheet: Sheet, left: float, top: float) -> None:
    long, foot = 980.0, top + 360
    nose = [
        (left + 800, top),
        (left + long - 70, top),
        (left + long - 30, top + 20),
        (left + long + 8, top + 170),
        (left + long + 30, foot - 90),
        (left + long + 16, foot - 16),
        (left + 800, foot - 10),
    ]
    body = Shape().box(left, top, left + 860, foot - 10, corner=26).polygon(smooth(nose, 2))
    sheet.cut(body)
    sheet.sun.lay(body, 0.2)
    sheet.night.lay(body, down((top, 0.0), (foot, 0.12)))
    belt = Shape().box(0, top + 212, WIDTH, HEIGHT).within(body)
    sheet.cut(belt)
    sheet.coral.lay(belt, 1.0)
    sheet.night.lay(belt, down((top + 230, 0.0), (foot, 0.38)))
    _tram_windows(sheet, left, top, long)
    skirt = Shape().box(left + 30, foot - 40, left + long - 30, foot)
    wheels = Shape()
    for x in (left + 130, left + 220, left + long - 260, left + long - 170):
        wheels.disc(x, foot - 8, 28)
    sheet.night.lay(skirt.within(body), 0.9)
    sheet.night.lay(wheels, 1.0)
    arm = Shape().stroke([(left + 420, top), (left + 360, top - 52), (left + 430, top - 112)], 5)
    arm.stroke([(left + 392, top - 112), (left + 470, top - 114)], 6)
    sheet.night.lay(arm.box(left + 380, top - 12, left + 640, top + 4, corner=4))
    _headlamp(sheet, left + long + 2, foot - 72)


def _tram_windows(sheet: Sheet, left: float, top: float, long: float) -> None:
    panes = Shape()
    for step in range(7):
        panes.box(left + 36 + step * 122, top + 58, left + 144 + step * 122, top + 190, corner=10)
    front = Shape().polygon(
        [
            (left + long - 84, top + 46),
            (left + long - 44, top + 46),
            (left + long + 2, top + 180),
            (left + long - 84, top + 180),
        ]
    )
    sheet.cut(panes)
    sheet.sun.lay(panes, down((top + 50, 0.55), (top + 200, 0.95)))
    sheet.cut(front)
    sheet.sea.lay(front, 0.75)
    sheet.night.lay(front, 0.35)
    people = Shape()
    for step in range(15):
        x = left + 64 + step * 58 + sheet.random.uniform(-12, 12)
        y = top + sheet.random.choice((108, 116, 138))
        people.disc(x, y, 14, 1.2).box(x - 23, y + 18, x + 23, top + 200, corner=18)
    people.within(panes)
    sheet.night.lay(people, 0.82)
    sheet.coral.lay(people, 0.3)
    sign = Shape().box(left + long - 330, top + 14, left + long - 120, top + 44, corner=4)
    sheet.cut(sign)
    sheet.night.lay(sign, 1.0)
    letters = Shape().text(left + long - 225, top + 29, "4  HARBOUR MOUTH", 20)
    sheet.night.cut(letters)
    sheet.sun.lay(letters, 0.9)


def _headlamp(sheet: Sheet, x: float, y: float) -> None:
    sheet.sun.add(glow(x + 60, y + 10, 300, 0.7, 0.45))
    for plate in (sheet.night, sheet.sea):
        plate.lift(glow(x + 60, y + 10, 300, 0.5, 0.45))
    lamp = Shape().disc(x, y, 15)
    sheet.cut(lamp)
    sheet.sun.lay(lamp, 0.15)


def _mirror(sheet: Sheet) -> None:
    street, light = 662.0, Shape()
    for column in range(7):
        x = 420 + column * 122
        for step in range(16):
            y = street + 34 + step * 12 + sheet.random.uniform(-3, 3)
            spread = 44 + sheet.random.uniform(-18, 22)
            light.gouge(x - spread, y, 2 * spread, 5)
    for x in (200, 1490):
        for step in range(22):
            spread = 22 + step * 1.6
            light.gouge(x - spread, street + step * 11, 2 * spread, 4.5)
    for plate in (sheet.sea, sheet.night):
        plate.cut(light, 0.72)
    sheet.sun.lay(light, 0.75)
    red = Shape()
    for step in range(26):
        y = street + 8 + step * 7
        red.gouge(340 + sheet.random.uniform(-40, 40), y, 960 + sheet.random.uniform(-120, 80), 2.6)
    sheet.coral.lay(red, 0.7)
    rails = Shape().stroke([(0, 690), (WIDTH, 690)], 4).stroke([(0, 716), (WIDTH, 716)], 5)
    sheet.night.lay(rails, 0.85)


def _rain(sheet: Sheet) -> None:
    rain = Shape()
    for _ in range(420):
        x, y = sheet.random.uniform(-40, WIDTH + 60), sheet.random.uniform(-40, HEIGHT)
        long = sheet.random.uniform(18, 58)
        rain.stroke([(x, y), (x - long * 0.24, y + long)], 1.2)
    for plate in (sheet.night, sheet.sea, sheet.coral):
        plate.cut(rain, 0.42)


def _blocks(sheet: Sheet) -> None:
    blocks = Shape()
    for row in range(-3, 17):
        for column in range(-6, 26):
            x, y = column * 84 + row * 15, row * 64 - column * 9
            wide, high = 84 - sheet.random.uniform(10, 18), 64 - sheet.random.uniform(10, 16)
            blocks.polygon(
                [
                    (x, y),
                    (x + wide, y - wide * 0.11),
                    (x + wide + high * 0.22, y + high - wide * 0.11),
                    (x + high * 0.22, y + high),
                ]
            )
    sheet.sun.lay(blocks, 0.42)
    sheet.coral.lay(blocks, 0.12)
    some = Shape()
    for _ in range(90):
        some.disc(
            sheet.random.uniform(0, WIDTH),
            sheet.random.uniform(0, 640),
            sheet.random.uniform(16, 60),
        )
    sheet.coral.lay(blocks.within(some), 0.26)


def _line(sheet: Sheet) -> None:
    stops = [
        (150, 170),
        (330, 260),
        (520, 360),
        (800, 420),
        (1000, 470),
        (1160, 530),
        (1270, 690),
        (1396, 738),
    ]
    names = [
        "Station",
        "Rope Walk",
        "Old Bridge",
        "Town Hall",
        "Grain Store",
        "Fish Quay",
        "",
        "Harbour Mouth",
    ]
    track = smooth(stops, 3)
    sheet.cut(Shape().stroke(track, 22))
    sheet.coral.lay(Shape().stroke(track, 14), 1.0)
    dots, rings, letters, labels = Shape(), Shape(), Shape(), Shape()
    for (x, y), name in zip(stops, names, strict=True):
        if not name:
            continue
        close = min(track, key=lambda spot: math.hypot(spot[0] - x, spot[1] - y))
        rings.disc(*close, 19)
        dots.disc(*close, 11)
        wide = 13.4 * len(name) + 28
        labels.box(close[0] - wide / 2, close[1] - 76, close[0] + wide / 2, close[1] - 34, corner=3)
        letters.text(close[0], close[1] - 55, name, 25)
    for shape in (labels, rings):
        sheet.cut(shape)
    sheet.night.lay(rings, 1.0)
    sheet.night.cut(dots)
    sheet.night.lay(letters, 1.0)
