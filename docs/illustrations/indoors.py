"""Indoors: the organ in the grain store, and the letters on a table."""

# ruff: noqa: D401, INP001, PLR2004 - drawings: named for what they show, made of coordinates

import math

from press import HEIGHT, WIDTH, Shape, Sheet, across, down, glow


def organ() -> Sheet:
    """The organ in the old grain store, on its opening night."""
    sheet = Sheet(101, grain=0.13)
    sheet.night.ground(down((0, 0.95), (500, 0.7), (HEIGHT, 0.95)))
    sheet.coral.ground(down((0, 0.3), (600, 0.62), (HEIGHT, 0.3)))
    sheet.sun.ground(0.25)
    sheet.night.lift(glow(800, 430, 760, 0.72, 0.8))
    sheet.sun.add(glow(800, 430, 700, 0.7, 0.8))
    _beams(sheet)
    _pipes(sheet)
    _platform(sheet)
    _listeners(sheet)
    return sheet


def letters() -> Sheet:
    """Three letters and the tin they lay in."""
    sheet = Sheet(127, grain=0.1)
    sheet.night.ground(across((0, 0.92), (760, 0.62), (WIDTH, 0.9)))
    sheet.coral.ground(0.55)
    sheet.sun.ground(0.3)
    _boards(sheet)
    sheet.night.lift(glow(760, 380, 820, 0.34))
    sheet.sun.add(glow(760, 380, 760, 0.3))
    _tin(sheet)
    _letter(sheet, (250, 180), 640, 420, 11, seed=3)
    _letter(sheet, (520, 330), 640, 420, -6, seed=4)
    _envelope(sheet)
    return sheet


def _beams(sheet: Sheet) -> None:
    beams = Shape()
    for foot in (-140, 240, 620, 980, 1360, 1740):
        beams.polygon(
            [
                (800 + (foot - 800) * 0.24, -10),
                (800 + (foot - 800) * 0.3, -10),
                (foot + 130, 760),
                (foot - 60, 760),
            ]
        )
    sheet.night.cut(beams.soft(8), 0.4)
    timber = Shape()
    for x in (90, 330, 1270, 1510):
        timber.box(x - 20, 0, x + 20, 800)
    for y in (120, 330):
        timber.box(0, y, 380, y + 30).box(1220, y, WIDTH, y + 30)
    timber.polygon([(330, 330), (350, 330), (520, 120), (490, 120)]).polygon(
        [(1270, 330), (1250, 330), (1080, 120), (1110, 120)]
    )
    sheet.night.lay(timber, 0.9)


def _pipes(sheet: Sheet) -> None:
    for x, foot, high, wide in _ranks():
        tube = Shape().box(x - wide / 2, foot - high, x + wide / 2, foot)
        tube.polygon(
            [
                (x - wide / 2, foot),
                (x + wide / 2, foot),
                (x + wide * 0.1, foot + 60),
                (x - wide * 0.1, foot + 60),
            ]
        )
        tube.disc(x, foot - high, wide / 2, 0.24)
        sheet.cut(tube)
        light = (
            (x - wide / 2, 0.55),
            (x - wide * 0.14, 0.06),
            (x + wide * 0.1, 0.2),
            (x + wide / 2, 0.85),
        )
        sheet.sun.lay(
            tube, across((x - wide / 2, 0.8), (x - wide * 0.14, 0.3), (x + wide / 2, 1.0))
        )
        sheet.coral.lay(
            tube, across((x - wide / 2, 0.3), (x - wide * 0.1, 0.05), (x + wide / 2, 0.6))
        )
        sheet.night.lay(tube, across(*light))
        mouth = Shape().polygon(
            [(x - wide * 0.3, foot - 34), (x + wide * 0.3, foot - 34), (x, foot - 34 - wide * 0.9)]
        )
        mouth.disc(x, foot - 34, wide * 0.3, 0.5)
        sheet.night.lay(mouth, 0.95)
        top = Shape().disc(x, foot - high, wide * 0.42, 0.18)
        sheet.night.lay(top, 0.95)


def _ranks() -> list[tuple[float, float, float, float]]:
    pipes = []
    for step in range(-9, 10):
        away = abs(step)
        high = 460 - 26 * away + 10 * math.sin(away)
        pipes.append((800 + step * 41.0, 560.0, high, 41 - away * 1.8))
    return sorted(pipes, key=lambda pipe: -abs(pipe[0] - 800))


def _platform(sheet: Sheet) -> None:
    case = Shape().box(410, 612, 1190, 700)
    sheet.cut(case)
    sheet.coral.lay(case, 0.75)
    sheet.sun.lay(case, 0.5)
    sheet.night.lay(case, down((612, 0.45), (700, 0.75)))
    panels = Shape()
    for step in range(12):
        panels.box(424 + step * 63.5, 626, 474 + step * 63.5, 688, corner=3)
    sheet.night.lay(panels, 0.86)
    player = (
        Shape().disc(800, 628, 20, 1.15).box(762, 654, 838, 740, corner=26).box(746, 712, 854, 728)
    )
    sheet.cut(player)
    sheet.night.lay(player, 1.0)
    desk = Shape().box(716, 668, 884, 680)
    sheet.cut(desk.without(player))
    sheet.sun.lay(desk.without(player), 0.5)


def _listeners(sheet: Sheet) -> None:
    for row, (y, size) in enumerate(((748, 20), (798, 27), (862, 37))):
        heads = Shape()
        step = size * 3.3
        x = -step * sheet.random.random()
        while x < WIDTH + step:
            lean, rise = (
                sheet.random.uniform(-6, 6),
                sheet.random.uniform(-size * 0.35, size * 0.35),
            )
            heads.disc(x + lean, y + rise, size, 1.16)
            heads.disc(x, y + rise + size * 2.5, size * 1.9, 0.95)
            x += step * sheet.random.uniform(0.92, 1.08)
        heads.box(0, min(HEIGHT - 1, y + size * 2.4), WIDTH, HEIGHT)
        sheet.cut(heads)
        sheet.night.lay(heads, 0.74 + row * 0.12)
        sheet.coral.lay(heads, 0.5 - row * 0.12)
        rim = Shape()
        rim.mask.paste(heads.mask, (0, 0))
        below = Shape()
        below.mask.paste(heads.mask, (0, 5))
        edge = rim.without(below)
        sheet.night.cut(edge, 0.6)
        sheet.sun.lay(edge, 0.9)


def _boards(sheet: Sheet) -> None:
    seams, grain = Shape(), Shape()
    for board in range(6):
        y = board * 158 + 20
        seams.box(0, y, WIDTH, y + 4)
        for _ in range(22):
            start, at = sheet.random.uniform(-200, WIDTH), y + sheet.random.uniform(14, 146)
            grain.gouge(start, at, sheet.random.uniform(120, 520), 3)
    sheet.night.lay(seams, 1.0)
    sheet.coral.cut(grain, 0.35)
    sheet.night.cut(grain, 0.25)


def _tin(sheet: Sheet) -> None:
    shadow = Shape().box(1130, 120, 1520, 420, corner=18).turned(-8, (1320, 260)).soft(16)
    sheet.night.lay(shadow, 0.95)
    tin = Shape().box(1110, 90, 1490, 390, corner=18).turned(-8, (1300, 240))
    inner = Shape().box(1132, 112, 1468, 368, corner=10).turned(-8, (1300, 240))
    sheet.cut(tin)
    sheet.sea.lay(tin, 0.75)
    sheet.sun.lay(tin, 0.3)
    sheet.night.lay(tin, 0.15)
    sheet.night.lay(inner, across((1120, 0.9), (1480, 0.5)))
    rust = Shape()
    for _ in range(40):
        rust.disc(
            sheet.random.uniform(1100, 1500),
            sheet.random.uniform(80, 400),
            sheet.random.uniform(3, 13),
            0.7,
        )
    sheet.coral.lay(rust.within(tin.without(inner)), 0.85)


def _letter(
    sheet: Sheet, corner: tuple[float, float], wide: float, high: float, turn: float, *, seed: int
) -> None:
    left, top = corner
    about = (left + wide / 2, top + high / 2)
    page = [
        (left, top),
        (left + wide, top + 4),
        (left + wide - 4, top + high),
        (left + 2, top + high - 3),
    ]
    shadow = Shape().polygon([(x + 14, y + 18) for x, y in page]).turned(turn, about).soft(12)
    sheet.night.lay(shadow, 0.96)
    paper = Shape().polygon(page).turned(turn, about)
    sheet.cut(paper)
    sheet.sun.lay(paper, across((left, 0.1), (left + wide, 0.3)))
    sheet.coral.lay(paper, 0.05)
    folds = Shape().stroke([(left, top + high / 3), (left + wide, top + high / 3)], 2)
    folds.stroke([(left, top + 2 * high / 3), (left + wide, top + 2 * high / 3)], 2)
    sheet.night.lay(folds.turned(turn, about), 0.2)
    ink = Shape()
    for line in range(10):
        y = top + 52 + line * 34
        end = left + wide - 60 if line % 4 != 3 else left + wide * 0.6
        _handwriting(ink, left + 54, y, end, phase=seed * 7 + line)
    sheet.night.lay(ink.turned(turn, about), 0.85)
    sheet.sea.lay(ink, 0.6)


def _handwriting(ink: Shape, left: float, y: float, end: float, *, phase: int) -> None:
    x, word = left, 0
    while x < end:
        long = 26 + (phase * 37 + word * 53) % 66
        line = []
        for step in range(int(long * 1.6)):
            t = step / 3 + phase * 3 + word * 5
            tall = 13 if int(t / 2.6) * 7 % 5 == 0 else 5.5
            slant = 0.5 * tall * math.sin(t)
            line.append(
                (x + step / 1.6 - slant + 3 * math.cos(t), y + tall * math.sin(t) - tall * 0.3)
            )
        ink.stroke(line, 1.8)
        x += long + 15
        word += 1


def _envelope(sheet: Sheet) -> None:
    turn, about = 9.0, (1190.0, 640.0)
    shadow = Shape().box(956, 512, 1456, 802).turned(turn, about).soft(12)
    sheet.night.lay(shadow, 0.96)
    cover = Shape().box(940, 490, 1440, 780).turned(turn, about)
    sheet.cut(cover)
    sheet.sun.lay(cover, 0.5)
    sheet.coral.lay(cover, 0.14)
    flap = Shape().polygon([(940, 490), (1440, 490), (1190, 670)]).turned(turn, about)
    sheet.sun.lay(flap, 0.36)
    sheet.night.lay(
        Shape().stroke([(940, 490), (1190, 674), (1440, 490)], 3).turned(turn, about), 0.55
    )
    sheet.night.lay(
        Shape()
        .stroke([(940, 780), (1130, 632)], 2)
        .stroke([(1440, 780), (1250, 632)], 2)
        .turned(turn, about),
        0.25,
    )
    seal = Shape()
    for step in range(20):
        a = step * math.tau / 20
        seal.disc(1190 + 38 * math.cos(a), 662 + 38 * math.sin(a), 11 + 4 * math.sin(step * 2.4))
    seal.disc(1190, 662, 42).turned(turn, about)
    sheet.cut(seal)
    sheet.coral.lay(seal, 1.0)
    sheet.night.lay(seal, 0.2)
    stamp = (
        Shape()
        .disc(1190, 662, 30)
        .without(Shape().disc(1190, 662, 26))
        .stroke([(1174, 676), (1190, 642), (1206, 676)], 4)
    )
    sheet.night.lay(stamp.turned(turn, about), 0.55)
