"""Out of town: the observatory on its hill, the barley, the football ground."""

# ruff: noqa: D401, INP001 - drawings: named for what they show, made of coordinates

import math

from press import HEIGHT, WIDTH, Shape, Sheet, across, down, glow, ridge, smooth, water

HOME = [(520, 300), (640, 560), (840, 420), (450, 640), (930, 700), (1040, 250), (380, 400)]
AWAY = [(300, 380), (360, 560), (480, 460), (600, 380), (760, 620), (880, 280), (160, 452)]


def observatory() -> Sheet:
    """The dome open under the wheeling stars."""
    sheet = Sheet(97, grain=0.12)
    sheet.night.ground(down((0, 1.0), (420, 0.72), (720, 0.32), (HEIGHT, 0.6)))
    sheet.sea.ground(down((0, 0.9), (560, 0.85), (760, 0.45), (HEIGHT, 0.7)))
    sheet.coral.ground(down((380, 0.0), (720, 0.34), (HEIGHT, 0.1)))
    sheet.sun.ground(down((500, 0.0), (740, 0.4), (HEIGHT, 0.0)))
    _trails(sheet, 1010, 250)
    for base, swing, tone in ((720, 60, 0.55), (770, 50, 0.8)):
        hill = Shape().polygon(ridge(sheet.random, base, swing))
        sheet.night.lay(hill, tone)
        sheet.sea.lay(hill, 0.7)
        sheet.sun.lay(hill, 0.0)
        sheet.coral.lay(hill, 0.0)
    _knoll(sheet)
    _dome(sheet)
    return sheet


def barley() -> Sheet:
    """A field of salt barley, and the sea behind the dyke."""
    sheet = Sheet(109, grain=0.1)
    sheet.sea.ground(down((0, 0.62), (300, 0.25), (410, 0.08)))
    sheet.sun.ground(down((0, 0.0), (410, 0.3), (500, 0.8), (HEIGHT, 0.95)))
    sheet.coral.ground(down((120, 0.0), (410, 0.14), (540, 0.2), (HEIGHT, 0.5)))
    for x, y, size in ((300, 150, 1.0), (1160, 150, 1.2), (760, 240, 0.55), (1500, 300, 0.6)):
        _cumulus(sheet, x, y, size)
    sea = Shape().box(0, 404, WIDTH, 476)
    sheet.cut(sea)
    sheet.sea.lay(sea, down((404, 0.95), (476, 0.5)))
    sheet.sea.cut(water(sheet.random, 410, 474, marks=120, wide=0.6), 0.6)
    for x, size in ((1040, 1.0), (1150, 0.9), (1262, 1.06), (1380, 0.86)):
        _turbine(sheet, x, 408, size)
    dyke = Shape().polygon(ridge(sheet.random, 470, 16, to=540))
    sheet.cut(dyke)
    sheet.moss.lay(dyke, 0.85)
    sheet.sun.lay(dyke, 0.35)
    _field(sheet)
    return sheet


def pitch_from_above() -> Sheet:
    """The ground of Harbour Athletic late in the afternoon, from the air."""
    sheet = Sheet(83, grain=0.14)
    sheet.moss.ground(1.0)
    sheet.sun.ground(0.42)
    sheet.sea.ground(across((0, 0.22), (WIDTH, 0.4)))
    stripes = Shape()
    for step in range(0, 20, 2):
        stripes.box(step * 80, 0, step * 80 + 80, HEIGHT)
    sheet.moss.lay(stripes, 0.72)
    sheet.sea.cut(stripes, 0.55)
    _markings(sheet)
    stand = Shape().polygon([(0, 0), (520, 0), (180, HEIGHT), (0, HEIGHT)])
    sheet.night.lay(stand.soft(3), 0.58)
    _players(sheet)
    for plate in (sheet.night, sheet.sea):
        plate.lift(glow(1260, 380, 620, 0.1))
    return sheet


def _markings(sheet: Sheet) -> None:
    lines = (
        Shape()
        .box(120, -40, 128, 940)
        .stroke([(124, 60), (1640, 60)], 8)
        .stroke([(124, 840), (1640, 840)], 8)
    )
    lines.stroke([(1180, 60), (1180, 840)], 8).arc(1180, 450, 150, 0, 360, width=8).disc(
        1180, 450, 10
    )
    lines.stroke([(124, 220), (420, 220), (420, 680), (124, 680)], 8)
    lines.stroke([(124, 340), (230, 340), (230, 560), (124, 560)], 8).disc(336, 450, 9)
    outside = Shape().box(424, 0, WIDTH, HEIGHT)
    sheet.cut(lines, but=[sheet.sun])
    sheet.cut(Shape().arc(336, 450, 150, 0, 360, width=8).within(outside), but=[sheet.sun])
    sheet.sun.lay(lines, 0.06)
    net = Shape()
    for step in range(9):
        net.stroke([(76, 394 + step * 14), (124, 394 + step * 14)], 1.5).stroke(
            [(76 + step * 6, 394), (76 + step * 6, 506)], 1.5
        )
    sheet.cut(net)


def _players(sheet: Sheet) -> None:
    shadows, heads = Shape(), Shape()
    for x, y in HOME + AWAY:
        shadows.polygon([(x - 9, y - 4), (x + 9, y + 6), (x + 122, y + 66), (x + 104, y + 52)])
        shadows.disc(x + 118, y + 60, 12, 0.8)
        heads.disc(x, y, 10)
    sheet.night.lay(shadows, 0.62)
    for team, plate in ((HOME, sheet.coral), (AWAY, sheet.night)):
        for x, y in team:
            body = Shape().disc(x, y, 23, 0.56).disc(x - 22, y + 6, 8).disc(x + 22, y - 6, 8)
            body.turned(sheet.random.uniform(0, 180), (x, y))
            sheet.cut(body)
            plate.lay(body, 0.95)
    sheet.cut(heads)
    sheet.sun.lay(heads, 0.4)
    sheet.night.lay(heads, 0.45)
    sheet.night.lay(Shape().polygon([(420, 400), (430, 406), (470, 428), (462, 420)]), 0.62)
    sheet.cut(Shape().disc(424, 402, 9))


def _trails(sheet: Sheet, x: float, y: float) -> None:
    for ring in range(86):
        radius = 22 + ring * 14 + sheet.random.uniform(-5, 5)
        arcs = Shape()
        for _ in range(sheet.random.choice((1, 2, 2, 3))):
            start = sheet.random.uniform(0, 360)
            arcs.arc(
                x,
                y,
                radius,
                start,
                start + sheet.random.uniform(14, 46),
                width=sheet.random.choice((1.2, 1.6, 2.4)),
            )
        depth = sheet.random.uniform(0.45, 1.0)
        for plate in (sheet.night, sheet.sea):
            plate.cut(arcs, depth)
        if ring % 6 == 0:
            sheet.sun.lay(arcs, 0.7)
    pole = Shape().disc(x, y, 3.5)
    sheet.cut(pole)


def _knoll(sheet: Sheet) -> None:
    left = [(-20, 900), (60, 800), (260, 716), (520, 706)]
    right = [(760, 770), (980, 850), (1120, 910), (-20, 910)]
    knoll = Shape().polygon(smooth([*left, *right]))
    sheet.cut(knoll)
    sheet.night.lay(knoll, 0.97)
    sheet.sea.lay(knoll, 0.6)
    bend = [(420, 790), (380, 900), (200, 900), (330, 800)]
    path = Shape().polygon(smooth([(300, 724), (336, 724), *bend, (300, 724)], 2))
    sheet.sun.lay(path, 0.4)
    sheet.night.lay(path, down((720, 0.55), (900, 0.9)))


def _dome(sheet: Sheet) -> None:
    wall = Shape().box(250, 566, 560, 724)
    cap = Shape().disc(405, 560, 172).within(Shape().box(0, 0, WIDTH, 566)).box(226, 556, 584, 580)
    for shape in (wall, cap):
        sheet.cut(shape)
        sheet.sun.lay(shape, 0.12)
        sheet.sea.lay(shape, across((230, 0.3), (590, 0.75)))
        sheet.night.lay(shape, across((230, 0.05), (420, 0.25), (590, 0.72)))
    ribs = Shape()
    for step in (-0.86, -0.6, -0.3, 0.3, 0.6, 0.86):
        quarter = [t * math.pi / 24 for t in range(13)]
        ribs.stroke([(405 + 172 * step * math.cos(a), 560 - 172 * math.sin(a)) for a in quarter], 2)
    sheet.night.lay(ribs.within(cap), 0.7)
    _slit(sheet, cap.within(Shape().box(0, 0, WIDTH, 556)))
    door = Shape().box(300, 640, 336, 724).box(384, 606, 408, 632).box(470, 606, 494, 632)
    sheet.cut(door)
    sheet.sun.lay(door, 0.95)
    sheet.coral.lay(door, 0.2)


def _slit(sheet: Sheet, cap: Shape) -> None:
    slit = Shape().polygon([(440, 560), (512, 560), (486, 404), (448, 380)]).within(cap)
    sheet.cut(slit)
    sheet.sun.lay(slit, down((380, 0.6), (560, 0.95)))
    sheet.coral.lay(slit, 0.25)
    sheet.night.lay(Shape().stroke([(452, 556), (498, 436)], 26).within(slit), 0.95)
    sheet.sun.add(glow(476, 440, 200, 0.4))


def _cumulus(sheet: Sheet, x: float, y: float, size: float) -> None:
    cloud = Shape()
    for dx, dy, r in ((-110, 8, 46), (-50, -18, 66), (30, -34, 82), (110, -4, 58), (170, 14, 36)):
        cloud.disc(x + dx * size, y + dy * size, r * size)
    flat = Shape().box(0, 0, WIDTH, y + 26 * size)
    cloud.within(flat)
    sheet.cut(cloud)
    shade = Shape()
    for dx, dy, r in ((-96, 26, 46), (-36, 14, 62), (40, 6, 76), (116, 22, 52)):
        shade.disc(x + dx * size, y + dy * size, r * size)
    shade.within(cloud)
    sheet.coral.lay(shade, 0.12)
    sheet.sun.lay(shade, 0.12)


def _turbine(sheet: Sheet, x: float, foot: float, size: float) -> None:
    hub = (x, foot - 170 * size)
    mill = Shape().polygon(
        [
            (x - 5 * size, foot),
            (x + 5 * size, foot),
            (x + 2.5 * size, hub[1]),
            (x - 2.5 * size, hub[1]),
        ]
    )
    turn = sheet.random.uniform(0, 2)
    for blade in range(3):
        a = turn + blade * math.tau / 3
        tip = (hub[0] + 98 * size * math.cos(a), hub[1] + 98 * size * math.sin(a))
        root = (hub[0] + 22 * size * math.cos(a + 0.24), hub[1] + 22 * size * math.sin(a + 0.24))
        mill.polygon([hub, root, tip])
    sheet.cut(mill.disc(*hub, 6 * size))
    sheet.sea.lay(mill, 0.12)


def _field(sheet: Sheet) -> None:
    for y, size, tone in (
        (566, 0.3, 0.1),
        (604, 0.42, 0.16),
        (664, 0.6, 0.22),
        (752, 0.9, 0.34),
        (886, 1.4, 0.52),
    ):
        ground = Shape().box(0, y - 60 * size, WIDTH, HEIGHT)
        sheet.coral.lay(ground, down((y - 60 * size, tone), (y + 130 * size, tone + 0.34)))
        sheet.moss.lay(ground, down((y - 60 * size, 0.12), (y + 130 * size, 0.3)))
        _row(sheet, y, size, tone)


def _row(sheet: Sheet, y: float, size: float, tone: float) -> None:
    stalks, awns, light, shade = Shape(), Shape(), Shape(), Shape()
    x = -60.0
    while x < WIDTH + 20:
        lean = 0.2 + sheet.random.uniform(-0.13, 0.13)
        _ear(
            (stalks, awns, light, shade), (x, y + sheet.random.uniform(-22, 22) * size), size, lean
        )
        x += 58 * size * sheet.random.uniform(0.75, 1.25)
    sheet.moss.lay(stalks, 0.6)
    sheet.coral.lay(stalks, tone)
    sheet.coral.lay(awns, tone * 0.4)
    sheet.moss.lay(awns, 0.0)
    sheet.cut(light)
    sheet.cut(shade)
    sheet.sun.lay(light, 0.7)
    sheet.sun.lay(shade, 1.0)
    sheet.coral.lay(shade, 0.3 + tone / 2)


def _ear(plates: tuple[Shape, ...], foot: tuple[float, float], size: float, lean: float) -> None:
    stalks, awns, light, shade = plates
    x, y = foot

    def at(up: float, side: float = 0.0) -> tuple[float, float]:
        bend = lean * (0.3 + up / 150)
        return (
            x + (up * math.sin(bend) + side * math.cos(bend)) * size,
            y - (up * math.cos(bend) - side * math.sin(bend)) * size,
        )

    stalks.stroke([at(up) for up in range(-160, 60, 20)], 3.4 * size)
    for grain in range(7):
        up = 36 + grain * 13
        for side, half in ((-1, light), (1, shade)):
            half.polygon(
                [at(up), at(up + 8, side * 10), at(up + 23, side * 8), at(up + 19, side * 1.5)]
            )
            awns.stroke([at(up + 20, side * 7), at(up + 100, side * 19)], 1.0 * size)
