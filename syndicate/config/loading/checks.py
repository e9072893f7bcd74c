"""What has to fit together in config.toml, read from the raw tables.

These checks run whatever else is wrong: they look at nothing but values of the
right type, and leave the others to the models.
"""

import ipaddress
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from syndicate.config import contrast
from syndicate.config.loading.error_messages import meant_by
from syndicate.config.loading.toml_positions import SECRET, Loc
from syndicate.config.models import ONE_TIMING
from syndicate.config.secret import mask_secrets
from syndicate.config.sections import relays
from syndicate.config.sections.mail import TransportKind
from syndicate.config.sections.segments import Subject, asks_of_clicks, named, parse
from syndicate.config.sections.theme import PAIRS, Colours, DarkColours, Masthead
from syndicate.config.sections.tracking import Tracking

Mistake = tuple[Loc, str]
"""Where a mistake is, and what was expected."""

_HERE = "http://127.0.0.1:8000"
_LOGOS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""What feed readers and mail programs show; an SVG they don't."""
_COVERS = (".png", ".jpg", ".jpeg")
"""What podcast directories take."""
_MASTHEADS = (*_LOGOS, ".svg")
"""What browsers show."""


def check(data: dict[str, Any], root: Path) -> Iterator[Mistake]:
    """Find what does not fit together; relative paths start at `root`."""
    yield from _names(data, "newsletters")
    yield from _names(data, "schedules")
    yield from _names(data, "feeds")
    yield from _reserved(data)
    yield from _names(data, "segments")
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
    mail = _table(data, "mail")
    if mail.get("transport") == TransportKind.SMTP:
        yield from _going_live(_table(data, "publication"), _table(data, "web"), mail)


def _names(data: dict[str, Any], kind: str) -> Iterator[Mistake]:
    seen = set[str]()
    for number, item in _items(data, kind):
        name = item.get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            yield (kind, number, "name"), f"there are two {kind} of that name"
        seen.add(name)


def _reserved(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that no feed has the address of those that single readers have."""
    for number, item in _items(data, "feeds"):
        if item.get("name") == "private":
            told = "is kept for the feeds of single readers; give it another name"
            yield ("feeds", number, "name"), f"/feeds/private/ {told}"


def _schedules(data: dict[str, Any]) -> Iterator[Mistake]:
    for number, item in _items(data, "schedules"):
        if ("every" in item) == ("cron" in item):
            yield ("schedules", number), ONE_TIMING
        for key, kind in (("newsletter", "newsletters"), ("segment", "segments")):
            name, known = item.get(key), _known(data, kind)
            if isinstance(name, str) and name not in known:
                yield ("schedules", number, key), _not_there(name, known, key)


def _segments(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that the newsletters of an expression are there; its grammar the model checks."""
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
        if asks_of_clicks(expression) and not tracked:
            told = 'engaged needs a newsletter with tracking = "readers", and there is none'
            yield ("segments", number, "where"), told
        for name in named(expression, Subject.NEWSLETTER):
            if name not in known:
                told = _not_there(name, known, "newsletter")
                yield ("segments", number, "where"), f'newsletter = "{name}": {told}'


def _known(data: dict[str, Any], kind: str) -> list[str]:
    return [str(item["name"]) for _, item in _items(data, kind) if "name" in item]


def _not_there(name: str, known: list[str], kind: str) -> str:
    if not known:
        return f"there is no {kind}; add [[{kind}s]]"
    meant = meant_by(name, known)
    if meant:
        return f"there is no such {kind}; did you mean {meant}?"
    return f"there is no such {kind}; there are {', '.join(known)}"


def _picture(
    data: dict[str, Any], table: str, key: str, suffixes: Sequence[str], root: Path
) -> Iterator[Mistake]:
    """Check that a picture is of a kind that is shown where it stands, and is there."""
    picture = _table(data, table).get(key)
    if not isinstance(picture, str):
        return
    if Path(picture).suffix.lower() not in suffixes:
        yield (table, key), f"expected a picture that ends in {_either(suffixes)}"
        return
    yield from _file(data, table, key, root)


def _file(data: dict[str, Any], table: str, key: str, root: Path) -> Iterator[Mistake]:
    """Check that a file is there, where one is named."""
    file = _table(data, table).get(key)
    if not isinstance(file, str):
        return
    try:
        (root / file).open("rb").close()
    except (OSError, ValueError):  # ValueError: no file has such a name
        yield (table, key), "there is no such file; put it there, or remove the key"


def _masthead(theme: dict[str, Any], publication: dict[str, Any]) -> Iterator[Mistake]:
    wanted = theme.get("masthead") == Masthead.LOGO
    if wanted and "logo" not in theme and "logo" not in publication:
        yield ("theme", "masthead"), "there is no logo; set theme.logo or publication.logo"


def _colours(theme: dict[str, Any]) -> Iterator[Mistake]:
    """Check that every text stands out from its ground, in both sets of colours."""
    for name, model in (("light", Colours), ("dark", DarkColours)):
        given = _table(theme, name)
        try:
            colours = model.model_validate(given).model_dump()
        except ValidationError:
            continue
        for text, ground, least in PAIRS:
            ratio = contrast.ratio(colours[text], colours[ground])
            if ratio < least:
                key = text if text in given or ground not in given else ground
                yield ("theme", name, key), _too_pale(text, ground, colours, ratio, least)


def _too_pale(text: str, ground: str, colours: dict[str, str], ratio: float, least: float) -> str:
    # Rounded down: 4.46 is not told as the 4.5 that it should have been.
    return (
        f"{text} {colours[text]} on {ground} {colours[ground]} has a contrast of "
        f"{math.floor(ratio * 10) / 10} : 1; expected {least:g} : 1 or more"
    )


def _without_secrets(loc: Loc, options: object) -> Iterator[Mistake]:
    """Check that what opens a storage isn't kept in the file."""
    for name, value in options.items() if isinstance(options, dict) else ():
        if SECRET.search(name):
            yield (*loc, name), "secrets come from the environment, such as AWS_SECRET_ACCESS_KEY"
        yield from _without_secrets((*loc, name), value)


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _going_live(
    publication: dict[str, Any], web: dict[str, Any], mail: dict[str, Any]
) -> Iterator[Mistake]:
    """Check that mail by a mail server says who it is from, and that readers can follow its links.

    A server on this machine may send to everywhere, or be a catcher of test mail: a `url`
    that leads here says that it is.
    """
    given = (server.get("host", "localhost") for _, server in relays.servers(mail))
    hosts = [host for host in given if isinstance(host, str)]
    outside = next((host for host in hosts if not is_loopback(host)), None)
    if not publication.get("url"):
        catcher = "" if outside else f', or for a catcher of test mail "{_HERE}"'
        server = outside or next(iter(hosts), "localhost")
        needed = f"the links in mail begin with it; set the public address{catcher}"
        yield ("publication", "url"), f"{_missing(server)}: {needed}"
    if outside is None:
        return
    for name, table in (("publication", publication), ("web", web)):
        if leads_here(table.get("url")):
            by = mask_secrets(outside)
            mistake = f"leads to this machine, and mail goes out by {by}: no reader gets there"
            yield (name, "url"), mistake
    if not publication.get("postal_address"):
        reason = "the law wants it at the foot of every mail"
        yield ("publication", "postal_address"), f"{_missing(outside)}: {reason}"


def _missing(host: str) -> str:
    return f"missing, and mail goes out by {mask_secrets(host)}"


def leads_here(url: object) -> bool:
    """Whether a URL leads to this machine, wherever it is followed."""
    try:
        host = urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:  # reported by the model
        return False
    return host is not None and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    name = host.lower().rstrip(".")
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    table = data.get(name)
    return table if isinstance(table, dict) else {}


def _items(data: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    items = data.get(name)
    for number, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, dict):
            yield number, item
