"""JSON that a provider sent: fields of another type than expected count as missing."""

import json
from datetime import UTC, datetime, timedelta

from syndicate.clock import EPOCH, parse_time
from syndicate.errors import WebhookMalformed
from syndicate.text import one_line

_MAX_LENGTH = 1000
"""Characters of a text; what servers reply is shorter."""
_MILLISECONDS = 100_000_000_000
"""From here on a number is a time in milliseconds: in seconds it would be the year 5138."""


class JsonObject:
    """A JSON object; one that is missing is empty."""

    def __init__(self, value: object) -> None:
        self.fields: dict[str, object] = value if isinstance(value, dict) else {}

    def raw(self, name: str) -> str | None:
        """Return a text exactly as it is; None where there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else None

    def text(self, *names: str) -> str:
        """Return the first text or number by these names, on one line; empty without one."""
        for name in names:
            value = self.fields.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                value = str(value)
            if isinstance(value, str) and (line := one_line(value[:_MAX_LENGTH])):
                return line
        return ""

    def number(self, name: str) -> int:
        """Return a whole number, also one that is written as text; 0 without one."""
        value = self.fields.get(name)
        if isinstance(value, bool):
            return 0
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - digits
            return int(value)
        return value if isinstance(value, int) else 0

    def table(self, name: str) -> "JsonObject":
        """Return an object inside of this one."""
        return JsonObject(self.fields.get(name))

    def tables(self, name: str) -> "list[JsonObject]":
        """Return the objects of a list."""
        return objects_of(self.fields.get(name))

    def texts(self, name: str) -> list[str]:
        """Return the texts of a list, or the one text in its place."""
        value = self.fields.get(name)
        values = value if isinstance(value, list) else [value]
        return [one_line(item[:_MAX_LENGTH]) for item in values if isinstance(item, str)]

    def header(self, name: str) -> list[str]:
        """Return the values of a header field in the list `headers` of names and values."""
        fields = self.tables("headers")
        return [f.text("value") for f in fields if f.text("name").casefold() == name]

    def time(self, *names: str) -> datetime | None:
        """Return the first time by these names: ISO 8601, or a number since 1970."""
        for name in names:
            at = _time(self.fields.get(name))
            if at is not None:
                return at
        return None


def given(*texts: str) -> tuple[str, ...]:
    """Return the texts that aren't empty, each once."""
    return tuple(dict.fromkeys(filter(None, texts)))


def parse_json(body: bytes) -> object:
    """Parse a body; raise WebhookMalformed where it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WebhookMalformed("the body is not JSON") from error


def objects_of(value: object) -> list[JsonObject]:
    """Return the objects of a list; empty where it is no list."""
    values = value if isinstance(value, list) else []
    return [JsonObject(item) for item in values if isinstance(item, dict)]


def parse_object(body: bytes) -> JsonObject:
    """Parse a body that is an object; raise WebhookMalformed for another."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise WebhookMalformed("the body is not a JSON object")
    return JsonObject(value)


def parse_objects(body: bytes) -> list[JsonObject]:
    """Parse a body that is an object or a list of some; raise WebhookMalformed for another."""
    value = parse_json(body)
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in values):
        raise WebhookMalformed("the body is neither a JSON object nor a list of objects")
    return objects_of(values)


def _time(value: object) -> datetime | None:
    try:
        if isinstance(value, str):
            if not value.replace(".", "", 1).isdecimal():
                return parse_time(value, UTC)
            value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return EPOCH + timedelta(seconds=value / 1000 if value >= _MILLISECONDS else value)
    except (ValueError, OverflowError):
        pass
    return None
