"""Checks that the tables of config.toml agree with each other, before they are parsed.

These checks run even where the models find mistakes: they look only at values of the
right type, and leave the others to the models. Whether secrets can be read is not checked.
"""

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from syndicate.clock import format_duration, parse_duration
from syndicate.config.cron import parse as parse_cron
from syndicate.config.loading.feedback_checks import check_feedback
from syndicate.config.loading.mail_checks import check_mail
from syndicate.config.loading.navigation_checks import check_navigation
from syndicate.config.loading.raw_tables import (
    both_keys,
    items_of,
    known_names,
    repeated_names,
    table_of,
    unknown_name,
)
from syndicate.config.loading.toml_positions import SECRET, Loc, Mistake
from syndicate.config.sections.publication import PAIRS, Colours, DarkColours, contrast
from syndicate.config.segment_expression import Subject, find_names, needs_click_tracking, parse
from syndicate.config.values import split_mailbox

_LOGOS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""What feed readers and mail programs show; they don't show SVG."""
_COVERS = (".png", ".jpg", ".jpeg")
"""What podcast directories take."""
_ASKED_ANYWAY = ("email", "name", "newsletter", "newsletters")
"""What the sign-up form has in any case, and files of readers have in columns of these names."""
_MASTHEADS = (*_LOGOS, ".svg")
"""What browsers show."""


def check(data: dict[str, Any], root: Path) -> Iterator[Mistake]:
    """Find what contradicts itself; relative paths start at `root`."""
    for kind in ("newsletters", "schedules", "feeds", "segments"):
        yield from repeated_names(data, kind)
    for number, feed in items_of(data, "feeds"):
        if feed.get("name") == "private":
            reserved = "is kept for the feeds of single readers; give it another name"
            yield ("feeds", number, "name"), f"/feeds/private/ {reserved}"
    yield from _signup_fields(table_of(data, "signup"))
    yield from _intake(data, root)
    yield from _schedules(data)
    yield from _segments(data)
    yield from check_navigation(data)
    yield from _file(data, "publication", "logo", root, _LOGOS)
    yield from _file(data, "publication", "icon", root, _LOGOS)
    yield from _file(data, "podcast", "image", root, _COVERS)
    yield from _file(data, "theme", "logo", root, _MASTHEADS)
    yield from _file(data, "theme", "logo_dark", root, _MASTHEADS)
    yield from _file(data, "signup", "disposable_domains", root)
    theme = table_of(data, "theme")
    shows_logo = theme.get("masthead") == "logo"
    if shows_logo and "logo" not in theme and "logo" not in table_of(data, "publication"):
        yield ("theme", "masthead"), "there is no logo; set theme.logo or publication.logo"
    yield from _colours(theme)
    yield from both_keys(("web",), table_of(data, "web"), "monitor_token_env", "monitor_token_file")
    options = table_of(data, "publish").get("mirror_options")
    yield from _without_secrets(("publish", "mirror_options"), options)
    yield from _reviewers(data)
    yield from check_mail(data)
    yield from check_feedback(data)


def _signup_fields(signup: dict[str, Any]) -> Iterator[Mistake]:
    """Check that each field is named once, and not as what the form asks anyway."""
    yield from repeated_names(signup, "fields", ("signup",))
    for number, field in items_of(signup, "fields"):
        if field.get("name") in _ASKED_ANYWAY:
            asked = "the form asks for it anyway; remove this field, or give it another name"
            yield ("signup", "fields", number, "name"), asked


def _reviewers(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that each reviewer is named once: a link is known by the address."""
    named = set[str]()
    written = table_of(data, "review").get("reviewers")
    for number, reviewer in enumerate(written if isinstance(written, list) else ()):
        address = split_mailbox(str(reviewer))[1].lower()
        if address in named:
            yield ("review", "reviewers", number), f"{address} is named already; remove one of them"
        named.add(address)


def _schedules(data: dict[str, Any]) -> Iterator[Mistake]:
    for number, item in items_of(data, "schedules"):
        if ("every" in item) == ("cron" in item):
            timing = 'needs either every = "10m" or cron = "0 7 * * mon-fri", one of them'
            yield ("schedules", number), timing
        for key, kind in (("newsletter", "newsletters"), ("segment", "segments")):
            name, known = item.get(key), known_names(data, kind)
            if isinstance(name, str) and name not in known:
                yield ("schedules", number, key), unknown_name(name, known, key)
        # the models report these
        with suppress(TypeError, ValueError, KeyError, AttributeError, OverflowError):
            gap = _shortest_gap(item)
            if "hold" in item and parse_duration(item["hold"]) >= gap:
                never_sent = (
                    f"expected less than the {format_duration(gap)} between two slots: the next "
                    "edition takes over the articles of one that is held, so none would be sent"
                )
                yield ("schedules", number, "hold"), never_sent


def _shortest_gap(schedule: dict[str, Any]) -> timedelta:
    """Return the shortest time between two slots, on a day without a change of the clocks."""
    if "every" in schedule:
        return parse_duration(schedule["every"])
    cron = parse_cron(schedule["cron"])
    times = sorted(timedelta(hours=hour, minutes=m) for hour in cron.hours for m in cron.minutes)
    following = [*times[1:], times[0] + timedelta(days=1)]
    return min(after - before for before, after in zip(times, following, strict=True))


def _segments(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that the newsletters of an expression exist; the model checks its grammar."""
    known = known_names(data, "newsletters")
    tracked = any(item.get("tracking") == "readers" for _, item in items_of(data, "newsletters"))
    for number, item in items_of(data, "segments"):
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
                unknown = unknown_name(name, known, "newsletter")
                yield ("segments", number, "where"), f'newsletter = "{name}": {unknown}'


def _file(
    data: dict[str, Any], name: str, key: str, root: Path, suffixes: Sequence[str] = ()
) -> Iterator[Mistake]:
    """Check that a file exists; with `suffixes`, in a format that is shown where it is used."""
    file = table_of(data, name).get(key)
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
        given = table_of(theme, name)
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


def _intake(data: dict[str, Any], root: Path) -> Iterator[Mistake]:
    """Refuse a folder of edition files with the articles in it, which would be none then."""
    intake = table_of(data, "intake")
    written = intake.get("editions", "editions"), intake.get("folder", "articles")
    if not all(isinstance(folder, str) for folder in written):
        return
    editions, articles = (Path(os.path.normpath(root / folder)) for folder in written)
    if articles.is_relative_to(editions):
        what = "the folder of the articles" if articles == editions else "above the articles"
        key = "editions" if "editions" in intake else "folder"
        yield ("intake", key), f"{what}; expected another one, such as editions"
