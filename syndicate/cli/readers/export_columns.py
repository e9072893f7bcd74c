"""The columns of `subscribers list` and `export`, as CSV and JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from syndicate.errors import ConfigError
from syndicate.intake.subscribers.csv_file import escape_formula
from syndicate.model.subscribers import Subscriber, Subscription

FIELD = "field."
"""Optional prefix of a custom field's column; imports expect the name without it."""


class ExportSyntax(StrEnum):
    """The format of an export."""

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
    "newsletter": lambda subscription: subscription.newsletter,
    "state": lambda subscription: subscription.state.value,
    "at": lambda subscription: subscription.at.isoformat(),
    "source": lambda subscription: subscription.source,
}
_DEFAULT = (
    "email", "name", *_SUBSCRIPTION, "suppressed", "language", "tags", "joined", "paused_until"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportColumns:
    """The columns of an export, in order."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, wanted: str | None, fields: Sequence[str]) -> Self:
        """Parse `--fields`; by default, all columns. `fields` are the stored custom fields.

        Raise ConfigError for an unknown column.
        """
        known = (*_DEFAULT, *(f"{FIELD}{name}" if name in _DEFAULT else name for name in fields))
        if wanted is None:
            return cls(known)
        names = tuple(dict.fromkeys(name.strip() for name in wanted.split(",")))
        for name in names:
            if name not in known and not (name.startswith(FIELD) and name != FIELD):
                raise ConfigError(f"there is no column {name!r}; there are: {', '.join(known)}")
        return cls(names)

    def rows(self, person: Subscriber) -> Iterator[list[object]]:
        """Yield a person's CSV rows: one per subscription, if a column is about subscriptions.

        Formulas are escaped for spreadsheets.
        """
        listed = any(name in _SUBSCRIPTION for name in self.names)
        for subscription in (person.subscriptions if listed else ()) or (None,):
            yield [self._cell(name, person, subscription) for name in self.names]

    def suppression(self, address: str, reason: str) -> list[object]:
        """Return the row of a suppressed address that belongs to nobody in the store."""
        known = {"email": escape_formula(address), "suppressed": escape_formula(reason)}
        return [known.get(name, "") for name in self.names]

    def value(self, person: Subscriber) -> dict[str, Any]:
        """Return a person as one JSON value."""
        values: dict[str, Any] = {}
        for name in self.names:
            if name in _PERSON:
                values[name] = _PERSON[name](person)
            elif name not in _SUBSCRIPTION:
                field = name.removeprefix(FIELD)
                if field in person.fields:
                    values.setdefault("fields", {})[field] = person.fields[field]
        chosen = [name for name in self.names if name in _SUBSCRIPTION]
        if chosen:
            values["subscriptions"] = [
                {name: _SUBSCRIPTION[name](subscription) for name in chosen}
                for subscription in person.subscriptions
            ]
        return values

    def _cell(self, name: str, person: Subscriber, subscription: Subscription | None) -> object:
        if name in _SUBSCRIPTION:
            value = "" if subscription is None else _SUBSCRIPTION[name](subscription)
        elif name in _PERSON:
            value = _PERSON[name](person)
        else:
            value = person.fields.get(name.removeprefix(FIELD), "")
        if isinstance(value, list):
            value = ",".join(value)
        return escape_formula(value) if isinstance(value, str) else value


def person_values(person: Subscriber) -> dict[str, Any]:
    """Return a person with all columns, for `--json`."""
    fields = [f"{FIELD}{name}" for name in person.fields]
    return {"fields": {}, **ExportColumns((*_DEFAULT, *fields)).value(person)}
