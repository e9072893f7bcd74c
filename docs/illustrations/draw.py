"""Draw the demonstration's pictures: `python docs/illustrations/draw.py [NAME…]`.

They are written to `articles/pictures/`, portraits to `authors/`. Needs nothing but Pillow.
"""

# ruff: noqa: INP001 - a script

import sys
from collections.abc import Callable
from pathlib import Path

import ferry
import indoors
import land
import portraits
import quay
import square
import tram
from press import Sheet

ROOT = Path(__file__).parents[2]
PICTURES, AUTHORS = ROOT / "articles" / "pictures", ROOT / "authors"
SCENES: dict[str, Callable[[], Sheet]] = {
    "barley": land.barley,
    "cranes": quay.cranes,
    "ferry-chart": ferry.ferry_chart,
    "ferry-fog": ferry.ferry_fog,
    "harbour-dawn": quay.harbour_dawn,
    "letters": indoors.letters,
    "night-market": square.night_market,
    "observatory": land.observatory,
    "organ": indoors.organ,
    "pitch": land.pitch_from_above,
    "tram-map": tram.tram_map,
    "tram-rain": tram.tram_rain,
}


def main(names: list[str]) -> None:
    """Draw the named pictures, or all of them."""
    for name in names or sorted([*SCENES, *portraits.PEOPLE]):
        path = (AUTHORS if name in portraits.PEOPLE else PICTURES) / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in portraits.PEOPLE:
            portraits.save(name, path)
        else:
            SCENES[name]().save(path)
        sys.stdout.write(f"{path.name}  {path.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
