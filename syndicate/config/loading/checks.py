"""Checks that the tables of config.toml agree with each other, before they are parsed.

These checks run even where the models find mistakes: they look only at values of the
right type, and leave the others to the models.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from syndicate.config.loading.error_messages import closest_match
from syndicate.config.loading.toml_positions import SECRET, Loc, Mistake
from syndicate.config.sections.newsletters import Tracking
from syndicate.config.sections.theme import PAIRS, Colours, DarkColours, Masthead, contrast
from syndicate.config.segment_expression import Subject, find_names, needs_click_tracking, parse

_LOGOS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""What feed readers and mail programs show; they don't show SVG."""
_COVERS = (".png", ".jpg", ".jpeg")
"""What podcast directories take."""
_MASTHEADS = (*_LOGOS, ".svg")
"""What browsers show."""


def check(data: dict[str, Any], root: Path) -> Iterator[Mistake]:
    """Find what contradicts itself; relative paths start at `root`."""
    for kind in ("newsletters", "schedules", "feeds", "segments"):
        yield from repeated_names(data, kind)
    for number, feed in items(data, "feeds"):
        if feed.get("name") == "private":
            reserved = "is kept for the feeds of single readers; give it another name"
            yield ("feeds", number, "name"), f"/feeds/private/ {reserved}"
    yield from _schedules(data)
    yield from _segments(data)
    yield from _file(data, "publication", "logo", root, _LOGOS)
    yield from _file(data, "publication", "icon", root, _LOGOS)
    yield from _file(data, "podcast", "image", root, _COVERS)
    yield from _file(data, "theme", "logo", root, _MASTHEADS)
    yield from _file(data, "theme", "logo_dark", root, _MASTHEADS)
    yield from _file(data, "signup", "disposable_domains", root)
    theme = table(data, "theme")
    shows_logo = theme.get("masthead") == Masthead.LOGO
    if shows_logo and "logo" not in theme and "logo" not in table(data, "publication"):
        yield ("theme", "masthead"), "there is no logo; set theme.logo or publication.logo"
    yield from _colours(theme)
    yield from both(("web",), table(data, "web"), "monitor_token_env", "monitor_token_file")
    options = table(data, "publish").get("mirror_options")
    yield from _without_secrets(("publish", "mirror_options"), options)


def _schedules(data: dict[str, Any]) -> Iterator[Mistake]:
    for number, item in items(data, "schedules"):
        if ("every" in item) == ("cron" in item):
            timing = 'needs either every = "10m" or cron = "0 7 * * mon-fri", one of them'
            yield ("schedules", number), timing
        for key, kind in (("newsletter", "newsletters"), ("segment", "segments")):
            name, known = item.get(key), _known(data, kind)
            if isinstance(name, str) and name not in known:
                yield ("schedules", number, key), _unknown_name(name, known, key)


def _segments(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that the newsletters of an expression exist; the model checks its grammar."""
    known = _known(data, "newsletters")
    tracked = any(
        item.get("tracking") == Tracking.READERS for _, item in items(data, "newsletters")
    )
    for number, item in items(data, "segments"):
        where = item.get("where")
        try:
            expression = parse(where if isinstance(where, str) else "")
        except ValueError:
            continue
        if needs_click_tracking(expression) and not tracked:
            untracked = 'engaged needs a newsletter with tracking = "readers", and there is none'
            yield ("segments", number, "where"), untracked
        for name in find_names(expression, Subject.NEWSLETTER):
            if name not in known:
                unknown = _unknown_name(name, known, "newsletter")
                yield ("segments", number, "where"), f'newsletter = "{name}": {unknown}'


def _known(data: dict[str, Any], kind: str) -> list[str]:
    return [str(item["name"]) for _, item in items(data, kind) if "name" in item]


def _unknown_name(name: str, known: list[str], kind: str) -> str:
    if not known:
        return f"there is no {kind}; add [[{kind}s]]"
    match = closest_match(name, known)
    if match:
        return f"there is no such {kind}; did you mean {match}?"
    return f"there is no such {kind}; there are {', '.join(known)}"


def _file(
    data: dict[str, Any], name: str, key: str, root: Path, suffixes: Sequence[str] = ()
) -> Iterator[Mistake]:
    """Check that a file exists; with `suffixes`, in a format that is shown where it is used."""
    file = table(data, name).get(key)
    if not isinstance(file, str):
        return
    if suffixes and Path(file).suffix.lower() not in suffixes:
        *others, last = suffixes
        yield (name, key), f"expected a picture that ends in {', '.join(others)} or {last}"
        return
    try:
        (root / file).open("rb").close()
    except (OSError, ValueError):  # ValueError: no file has such a name
        yield (name, key), "there is no such file; put it there, or remove the key"


def _colours(theme: dict[str, Any]) -> Iterator[Mistake]:
    for name, model in (("light", Colours), ("dark", DarkColours)):
        given = table(theme, name)
        try:
            colours = model.model_validate(given).model_dump()
        except ValidationError:
            continue
        for text, background, minimum in PAIRS:
            ratio = contrast(colours[text], colours[background])
            if ratio < minimum:
                key = text if text in given or background not in given else background
                shown = math.floor(ratio * 10) / 10  # so that 4.46 isn't the 4.5 that is expected
                low = (
                    f"{text} {colours[text]} on {background} {colours[background]} has a contrast "
                    f"of {shown} : 1; expected {minimum:g} : 1 or more"
                )
                yield ("theme", name, key), low


def _without_secrets(loc: Loc, options: object) -> Iterator[Mistake]:
    """Check that config.toml has no credentials of the storage."""
    for name, value in options.items() if isinstance(options, dict) else ():
        if SECRET.search(name):
            yield (*loc, name), "secrets come from the environment, such as AWS_SECRET_ACCESS_KEY"
        yield from _without_secrets((*loc, name), value)


def repeated_names(data: dict[str, Any], kind: str, loc: Loc = ()) -> Iterator[Mistake]:
    """Find tables of a list, inside of the table at `loc`, whose name another one has."""
    names = set[str]()
    for number, item in items(data, kind):
        name = item.get("name")
        if isinstance(name, str):
            if name in names:
                yield (*loc, kind, number, "name"), f"there are two {kind} of that name"
            names.add(name)


def both(loc: Loc, data: dict[str, Any], first: str, second: str) -> Iterator[Mistake]:
    """Find two keys of which a table may have one."""
    if first in data and second in data:
        yield (*loc, second), f"expected one of {first} and {second}, not both"


def table(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a table inside of another one; an empty one where it is missing or no table."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def items(data: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Iterate over a list of tables, numbered; over nothing where it is missing or no list."""
    values = data.get(name)
    for number, item in enumerate(values if isinstance(values, list) else []):
        if isinstance(item, dict):
            yield number, item
