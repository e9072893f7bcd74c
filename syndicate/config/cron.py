"""Cron expressions as in Unix: five fields, parsed into the values that they allow.

Minute, hour, day of the month, month, weekday (0 and 7 are Sunday). Each field
is `*`, a value, a range or a list of these, and `*` or a range may have a step:
`*/10`, `8-18/2`, `mon-fri`, `1,15`. See crontab(5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
EXAMPLE = 'such as "0 7 * * mon-fri"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """The values that each field of an expression allows.

    `weekdays` counts from Sunday, 0, to Saturday, 6. `hourly`: the hour field begins with
    `*`, so the schedule runs at intervals rather than at hours of the clock, which matters
    when the clocks change.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    hourly: bool

    def __str__(self) -> str:
        """Return the normalised expression: "0 7 1-31 1-12 1-5"."""
        fields = (self.minutes, self.hours, self.days, self.months, self.weekdays)
        minutes, hours, *rest = (_ranges(field) for field in fields)
        return " ".join((minutes, f"*/{hours}" if self.hourly else hours, *rest))


def parse(expression: str) -> Cron:
    """Parse an expression; raise ValueError with what was expected for anything else."""
    fields = expression.lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"expected five fields {EXAMPLE}: minute, hour, day, month, weekday")
    minutes, hours, days, months, weekdays = (
        field.parse(text) for field, text in zip(_FIELDS, fields, strict=True)
    )
    if _restricted(fields[2]) and _restricted(fields[4]):
        raise ValueError(
            "expected * for the day of the month or for the weekday: with both, cron means "
            "either of them and people mean both; write two schedules"
        )
    if not any(day <= _DAYS_IN_MONTH[month] for day in days for month in months):
        raise ValueError(f"expected a date that exists: no such month has a day {min(days)}")
    return Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % len(WEEKDAYS) for day in weekdays),
        hourly=fields[1].startswith("*"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    label: str
    first: int
    last: int
    names: Mapping[str, int]
    wraps: bool = False
    """Whether a range may wrap around the end, as fri-mon does."""

    def parse(self, text: str) -> frozenset[int]:
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, text: str) -> range | list[int]:
        span, slash, step = text.partition("/")
        start, dash, end = span.partition("-")
        if span == "*":
            first, last = self.first, self.last
        else:
            first = self._value(start, text)
            last = self._value(end, text) if dash else first
        if slash and span != "*" and not dash:
            raise ValueError(
                f'{self._expected(text)}: a step needs a range, "{span}-{self.last}/{step}"'
            )
        stride = self._step(step, text) if slash else 1
        if first <= last:
            return range(first, last + 1, stride)
        return self._wrapped(first, last, text)[::stride]

    def _wrapped(self, first: int, last: int, text: str) -> list[int]:
        if not self.wraps:
            parts = f"{first}-{self.last},{self.first}-{last}"
            raise ValueError(f'{self._expected(text)}: a range runs upwards, write "{parts}"')
        return [*range(first, len(WEEKDAYS)), *range(last + 1)]

    def _value(self, word: str, text: str) -> int:
        value = self.names.get(word)
        if value is None and word.isascii() and word.isdigit():
            value = int(word)
        if value is None or not self.first <= value <= self.last:
            raise ValueError(self._expected(text))
        return value

    def _step(self, word: str, text: str) -> int:
        if not (word.isascii() and word.isdigit() and 0 < int(word) <= self.last):
            raise ValueError(f"{self._expected(text)}: a step is from 1 to {self.last}")
        return int(word)

    def _expected(self, text: str) -> str:
        named = f" or {'-'.join(list(self.names)[:: len(self.names) - 1])}" if self.names else ""
        return f'expected {self.label} from {self.first} to {self.last}{named}, not "{text}"'


_FIELDS = (
    _Field(label="a minute", first=0, last=59, names={}),
    _Field(label="an hour", first=0, last=23, names={}),
    _Field(label="a day", first=1, last=31, names={}),
    _Field(label="a month", first=1, last=12, names={name: n for n, name in enumerate(MONTHS, 1)}),
    _Field(
        label="a weekday",
        first=0,
        last=7,
        names={name: n for n, name in enumerate(WEEKDAYS)},
        wraps=True,
    ),
)
_DAYS_IN_MONTH = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))
"""At most, in a leap year."""


def _restricted(text: str) -> bool:
    return text not in {"*", "*/1"}


def _ranges(values: frozenset[int]) -> str:
    """Format values as a list of ranges: "1-5,7"."""
    ordered = sorted(values)
    starts = [ordered[0], *(after for before, after in pairwise(ordered) if after - before > 1)]
    ends = [*(before for before, after in pairwise(ordered) if after - before > 1), ordered[-1]]
    return ",".join(
        str(start) if start == end else f"{start}-{end}"
        for start, end in zip(starts, ends, strict=True)
    )
