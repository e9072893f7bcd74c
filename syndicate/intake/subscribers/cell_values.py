"""Parse the values of CSV cells as newsletter tools write them: address, time, tags and so on."""

import csv
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES

from syndicate.intake.subscribers.export_formats import STATUS_WORDS, ExportedStatus
from syndicate.model.subscribers import normalise_email
from syndicate.text import email_error, one_line

MAX_TAG_LENGTH = 100
_NO_WORDS = frozenset({"", "no", "false", "n", "f", "null", "none", "n/a", "never", "nein"})
_ZEROS, _YEAR_ONE = "0-:. /", "0001-01-01"
"""How databases write a missing time."""
_TIME_FORMATS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ORDINARY = re.compile(
    rf"(?=.{{3,254}}\Z){_ATOM}(?:\.{_ATOM})*@(?![^@]*--)(?:{_LABEL}\.)+([A-Za-z]{{2,63}})\Z"
)
"""Addresses that are certainly valid; email-validator takes fifty times as long for them."""
_SPECIAL = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


def check_email(email: str) -> tuple[str, str]:
    """Return an address normalised (`normalise_email`), and what is wrong with it, or ""."""
    if is_ordinary(email):
        return email.lower(), ""
    if error := email_error(email):
        return "", f'"{one_line(email)[:80]}" is not an email address: {error}'
    if "\ufffd" in email:  # an undecodable byte: it would be another address
        return "", "the address has a character that can't be read"
    return normalise_email(email), ""


def is_ordinary(email: str) -> bool:
    """Whether an address has the form of nearly all, and is certainly valid."""
    found = _ORDINARY.match(email)
    return found is not None and found[1].lower() not in _SPECIAL


def is_no(text: str) -> bool:
    """Whether a text means no, or is a missing time."""
    text = text.lower()
    return text.strip(_ZEROS) in _NO_WORDS or text.startswith(_YEAR_ONE)


@lru_cache(maxsize=1000)
def parse_status(text: str) -> ExportedStatus | None:
    """Return the status that a newsletter tool's word means; None for an unknown word."""
    return STATUS_WORDS.get(re.sub(r"[^a-z]+", "_", text.casefold()).strip("_"))


def parse_time(text: str) -> datetime | None:
    """Parse a time: mostly ISO 8601, in UTC if it has no offset; None if it is invalid."""
    if not text:
        return None
    time: datetime | None
    try:
        time = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        time = _parse_other_time(text)
    if time is None:
        return None
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        return None


@lru_cache(maxsize=10_000)
def _parse_other_time(text: str) -> datetime | None:
    """Parse a time in another format; 03/04/2021 is refused, since it is ambiguous."""
    for time_format in _TIME_FORMATS:
        with suppress(ValueError):
            return datetime.strptime(text, time_format).replace(tzinfo=UTC)
    return None


@lru_cache(maxsize=1000)
def parse_tags(text: str) -> tuple[str, ...]:
    """Parse tags: a JSON list, or a list with commas or semicolons."""
    if text.startswith("["):
        try:
            tags = [str(tag) for tag in json.loads(text)]
        except (ValueError, RecursionError):
            tags = [text]
    else:
        separator = "," if "," in text else ";"
        try:
            rows = csv.reader([text], delimiter=separator, skipinitialspace=True, strict=True)
            tags = next(rows, [])
        except csv.Error:
            tags = text.split(separator)
    cleaned = [one_line(tag)[:MAX_TAG_LENGTH].strip() for tag in tags]
    return tuple(dict.fromkeys(tag for tag in cleaned if tag))


def parse_json_object(text: str) -> dict[str, Any]:
    """Parse a JSON object; empty if it is anything else."""
    value = None
    if len(text) > len("{}"):
        with suppress(ValueError, RecursionError):
            value = json.loads(text)
    return value if isinstance(value, dict) else {}
