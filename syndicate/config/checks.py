"""What has to fit together in config.toml, read from the raw tables.

These checks run whatever else is wrong: they look at nothing but values of the
right type, and leave the others to the models.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from syndicate.config.lines import Loc
from syndicate.config.mail import Mail, Transport
from syndicate.config.models import ONE_TIMING
from syndicate.config.secret import from_environment, from_file
from syndicate.config.wording import meant_by

Mistake = tuple[Loc, str]
"""Where a mistake is, and what was expected."""

_LOGOS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""What feed readers and mail programs show; an SVG they don't."""


def check(data: dict[str, Any], root: Path) -> Iterator[Mistake]:
    """Find what does not fit together; relative paths start at `root`."""
    yield from _names(data, "newsletters")
    yield from _names(data, "schedules")
    yield from _schedules(data)
    yield from _logo(_table(data, "publication"), root)
    mail = _table(data, "mail")
    if "password_env" in mail and "password_file" in mail:
        yield ("mail", "password_file"), "expected one of password_env and password_file, not both"
    if mail.get("transport") == Transport.SMTP:
        yield from _login(mail, root)
        yield from _going_live(_table(data, "publication"), mail)


def _names(data: dict[str, Any], kind: str) -> Iterator[Mistake]:
    seen = set[str]()
    for number, item in _items(data, kind):
        name = item.get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            yield (kind, number, "name"), f"there are two {kind} of that name"
        seen.add(name)


def _schedules(data: dict[str, Any]) -> Iterator[Mistake]:
    known = [str(item["name"]) for _, item in _items(data, "newsletters") if "name" in item]
    for number, item in _items(data, "schedules"):
        if ("every" in item) == ("cron" in item):
            yield ("schedules", number), ONE_TIMING
        newsletter = item.get("newsletter")
        if isinstance(newsletter, str) and newsletter not in known:
            yield ("schedules", number, "newsletter"), _no_newsletter(newsletter, known)


def _no_newsletter(name: str, known: list[str]) -> str:
    if not known:
        return "there is no newsletter; add [[newsletters]]"
    meant = meant_by(name, known)
    if meant:
        return f"there is no such newsletter; did you mean {meant}?"
    return f"there is no such newsletter; there are {', '.join(known)}"


def _logo(publication: dict[str, Any], root: Path) -> Iterator[Mistake]:
    """Check that the logo is a picture of a kind that is shown everywhere, and is there."""
    logo = publication.get("logo")
    if not isinstance(logo, str):
        return
    if Path(logo).suffix.lower() not in _LOGOS:
        yield ("publication", "logo"), f"expected a picture that ends in {_either(_LOGOS)}"
        return
    try:
        (root / logo).open("rb").close()
    except (OSError, ValueError):  # ValueError: no file has such a name
        yield ("publication", "logo"), "there is no such file; put it there, or remove the key"


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _login(mail: dict[str, Any], root: Path) -> Iterator[Mistake]:
    """Check that the password can be read, where one is needed."""
    if not isinstance(mail.get("username"), str):
        return
    variable, file = mail.get("password_env"), mail.get("password_file")
    if variable is None and file is None:
        yield ("mail", "username"), "needs password_env or password_file"
    try:
        if isinstance(variable, str):
            from_environment(variable)
    except ValueError as error:
        yield ("mail", "password_env"), str(error)
    try:
        if isinstance(file, str):
            from_file(root / file)
    except ValueError as error:
        yield ("mail", "password_file"), str(error)


def _going_live(publication: dict[str, Any], mail: dict[str, Any]) -> Iterator[Mistake]:
    """Check that mail to the outside says who it is from and where to leave."""
    host = mail.get("host", Mail.model_fields["host"].default)
    if not isinstance(host, str) or _is_loopback(host):
        return
    reasons = {
        "url": "the links in mail lead there",
        "postal_address": "the law wants it at the foot of every mail",
    }
    for key, reason in reasons.items():
        if not publication.get(key):
            yield ("publication", key), f"missing, and mail goes out by {host}: {reason}"


def _is_loopback(host: str) -> bool:
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
