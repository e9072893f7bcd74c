"""What `subscribers list` and `export` tell of people: columns, in CSV and JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from syndicate.errors import ConfigError
from syndicate.intake.subscribers.csv_injection import escape_formula
from syndicate.model.subscribers import Subscriber, Subscription

FIELD = "field."
"""What the name of an own field's column may begin with; imports know it by the name alone."""


class ExportSyntax(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSONL = "jsonl"


_PERSON: Mapping[str, Callable[[Subscriber], object]] = {
    "email": lambda person: person.email,
    "name": lambda person: person.name,
    "language": lambda person: person.language,
    "tags": lambda person: list(person.tags),
    "joined": lambda person: person.created_at.isoformat(),
    "paused_until": lambda person: person.paused_until and person.paused_until.isoformat(),
    "suppressed": lambda person: person.suppressed,
}
_SUBSCRIPTION: Mapping[str, Callable[[Subscription], object]] = {
    "newsletter": lambda one: one.newsletter,
    "state": lambda one: one.state.value,
    "at": lambda one: one.at.isoformat(),
    "source": lambda one: one.source,
}
_DEFAULT = (
    "email", "name", *_SUBSCRIPTION, "suppressed", "language", "tags", "joined", "paused_until"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportColumns:
    """The columns of an export, in their order."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, wanted: str | None, fields: Sequence[str]) -> Self:
        """Read `--fields`; by default, everything. `fields` are the own fields that there are.

        Raise ConfigError for a column that there isn't.
        """
        there = (*_DEFAULT, *(f"{FIELD}{one}" if one in _DEFAULT else one for one in fields))
        if wanted is None:
            return cls(there)
        names = tuple(dict.fromkeys(name.strip() for name in wanted.split(",")))
        for name in names:
            if name not in there and not (name.startswith(FIELD) and name != FIELD):
                raise ConfigError(f"there is no column {name!r}; there are: {', '.join(there)}")
        return cls(names)

    def rows(self, person: Subscriber) -> Iterator[list[object]]:
        """Iterate over somebody's CSV rows: one a subscription, if it is told of them at all.

        What a spreadsheet would run as a formula is guarded.
        """
        if not any(name in _SUBSCRIPTION for name in self.names) or not person.subscriptions:
            yield [self._cell(name, person, None) for name in self.names]
            return
        for one in person.subscriptions:
            yield [self._cell(name, person, one) for name in self.names]

    def suppression(self, address: str, reason: str) -> list[object]:
        """Return the row of an address that is not mailed, whose owner isn't known."""
        known = {"email": escape_formula(address), "suppressed": escape_formula(reason)}
        return [known.get(name, "") for name in self.names]

    def value(self, person: Subscriber) -> dict[str, Any]:
        """Return what is told of somebody as one value."""
        told: dict[str, Any] = {}
        for name in self.names:
            if name in _PERSON:
                told[name] = _PERSON[name](person)
            elif name not in _SUBSCRIPTION:
                field = name.removeprefix(FIELD)
                if field in person.fields:
                    told.setdefault("fields", {})[field] = person.fields[field]
        chosen = [name for name in self.names if name in _SUBSCRIPTION]
        if chosen:
            told["subscriptions"] = [
                {name: _SUBSCRIPTION[name](one) for name in chosen} for one in person.subscriptions
            ]
        return told

    def _cell(self, name: str, person: Subscriber, one: Subscription | None) -> object:
        value = self._plain(name, person, one)
        return escape_formula(value) if isinstance(value, str) else value

    def _plain(self, name: str, person: Subscriber, one: Subscription | None) -> object:
        if name in _SUBSCRIPTION:
            return "" if one is None else _SUBSCRIPTION[name](one)
        if name not in _PERSON:
            return person.fields.get(name.removeprefix(FIELD), "")
        value = _PERSON[name](person)
        return ",".join(value) if isinstance(value, list) else value


def person_values(person: Subscriber) -> dict[str, Any]:
    """Return everything about somebody, as `--json` tells it."""
    fields = [f"{FIELD}{name}" for name in person.fields]
    return {"fields": {}, **ExportColumns((*_DEFAULT, *fields)).value(person)}
