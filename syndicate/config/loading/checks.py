"""Checks that the tables of config.toml agree with each other, before they are parsed.

These checks run even where the models find mistakes: they look only at values of the
right type, and leave the others to the models.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from syndicate.config.loading.dkim_checks import check_dkim
from syndicate.config.loading.error_messages import closest_match
from syndicate.config.loading.mail_checks import check_mail
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
        yield from _names(data, kind)
    yield from _reserved(data)
    yield from _schedules(data)
    yield from _segments(data)
    yield from _picture(data, "publication", "logo", _LOGOS, root)
    yield from _picture(data, "publication", "icon", _LOGOS, root)
    yield from _picture(data, "podcast", "image", _COVERS, root)
    yield from _picture(data, "theme", "logo", _MASTHEADS, root)
    yield from _picture(data, "theme", "logo_dark", _MASTHEADS, root)
    yield from _file(data, "signup", "disposable_domains", root)
    yield from _masthead(_table(data, "theme"), _table(data, "publication"))
    yield from _colours(_table(data, "theme"))
    web = _table(data, "web")
    if "monitor_token_env" in web and "monitor_token_file" in web:
        both = "expected one of monitor_token_env and monitor_token_file, not both"
        yield ("web", "monitor_token_file"), both
    options = _table(data, "publish").get("mirror_options")
    yield from _without_secrets(("publish", "mirror_options"), options)
    yield from check_dkim(data)
    yield from check_mail(_table(data, "mail"), _table(data, "publication"), web)


def _names(data: dict[str, Any], kind: str) -> Iterator[Mistake]:
    names = set[str]()
    for number, item in _items(data, kind):
        name = item.get("name")
        if isinstance(name, str):
            if name in names:
                yield (kind, number, "name"), f"there are two {kind} of that name"
            names.add(name)


def _reserved(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that no feed takes the address of the private feeds."""
    for number, item in _items(data, "feeds"):
        if item.get("name") == "private":
            reserved = "is kept for the feeds of single readers; give it another name"
            yield ("feeds", number, "name"), f"/feeds/private/ {reserved}"


def _schedules(data: dict[str, Any]) -> Iterator[Mistake]:
    for number, item in _items(data, "schedules"):
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
        item.get("tracking") == Tracking.READERS for _, item in _items(data, "newsletters")
    )
    for number, item in _items(data, "segments"):
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
    return [str(item["name"]) for _, item in _items(data, kind) if "name" in item]


def _unknown_name(name: str, known: list[str], kind: str) -> str:
    if not known:
        return f"there is no {kind}; add [[{kind}s]]"
    match = closest_match(name, known)
    if match:
        return f"there is no such {kind}; did you mean {match}?"
    return f"there is no such {kind}; there are {', '.join(known)}"


def _picture(
    data: dict[str, Any], table: str, key: str, suffixes: Sequence[str], root: Path
) -> Iterator[Mistake]:
    """Check that a picture exists, in a format that is shown where it is used."""
    picture = _table(data, table).get(key)
    if not isinstance(picture, str):
        return
    if Path(picture).suffix.lower() not in suffixes:
        yield (table, key), f"expected a picture that ends in {_alternatives(suffixes)}"
        return
    yield from _file(data, table, key, root)


def _file(data: dict[str, Any], table: str, key: str, root: Path) -> Iterator[Mistake]:
    file = _table(data, table).get(key)
    if not isinstance(file, str):
        return
    try:
        (root / file).open("rb").close()
    except (OSError, ValueError):  # ValueError: no file has such a name
        yield (table, key), "there is no such file; put it there, or remove the key"


def _masthead(theme: dict[str, Any], publication: dict[str, Any]) -> Iterator[Mistake]:
    shows_logo = theme.get("masthead") == Masthead.LOGO
    if shows_logo and "logo" not in theme and "logo" not in publication:
        yield ("theme", "masthead"), "there is no logo; set theme.logo or publication.logo"


def _colours(theme: dict[str, Any]) -> Iterator[Mistake]:
    for name, model in (("light", Colours), ("dark", DarkColours)):
        given = _table(theme, name)
        try:
            colours = model.model_validate(given).model_dump()
        except ValidationError:
            continue
        for text, background, minimum in PAIRS:
            ratio = contrast(colours[text], colours[background])
            if ratio < minimum:
                key = text if text in given or background not in given else background
                yield ("theme", name, key), _low_contrast(text, background, colours, ratio, minimum)


def _low_contrast(
    text: str, background: str, colours: dict[str, str], ratio: float, minimum: float
) -> str:
    # Rounded down, so that 4.46 is not shown as the 4.5 that is expected.
    return (
        f"{text} {colours[text]} on {background} {colours[background]} has a contrast of "
        f"{math.floor(ratio * 10) / 10} : 1; expected {minimum:g} : 1 or more"
    )


def _without_secrets(loc: Loc, options: object) -> Iterator[Mistake]:
    """Check that config.toml has no credentials of the storage."""
    for name, value in options.items() if isinstance(options, dict) else ():
        if SECRET.search(name):
            yield (*loc, name), "secrets come from the environment, such as AWS_SECRET_ACCESS_KEY"
        yield from _without_secrets((*loc, name), value)


def _alternatives(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    table = data.get(name)
    return table if isinstance(table, dict) else {}


def _items(data: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    items = data.get(name)
    for number, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, dict):
            yield number, item
