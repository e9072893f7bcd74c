"""Cron expressions as in Unix: five fields, parsed into the values that they allow.

Minute, hour, day of the month, month, weekday (0 and 7 are Sunday). Each field
is `*`, a value, a range or a list of these, and `*` or a range may have a step:
`*/10`, `8-18/2`, `mon-fri`, `1,15`. See crontab(5).
"""

from dataclasses import dataclass
from itertools import groupby

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


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
        example = 'such as "0 7 * * mon-fri"'
        raise ValueError(f"expected five fields {example}: minute, hour, day, month, weekday")
    minutes, hours, days, months, weekdays = (
        field.parse(text) for field, text in zip(_FIELDS, fields, strict=True)
    )
    if not {"*", "*/1"} & {fields[2], fields[4]}:
        raise ValueError(
            "expected * for the day of the month or for the weekday: with both, cron means "
            "either of them and people mean both; write two schedules"
        )
    if not any(day <= _DAYS_IN_MONTH[month - 1] for day in days for month in months):
        raise ValueError(f"expected a date that exists: no such month has a day {min(days)}")
    return Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % len(WEEKDAYS) for day in weekdays),
        hourly=fields[1].startswith("*"),
    )


@dataclass(frozen=True, slots=True)
class _Field:
    label: str
    first: int
    last: int
    names: tuple[str, ...] = ()
    """Those of the values from `first` on."""

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
            hint = f'a step needs a range, "{span}-{self.last}/{step}"'
            raise ValueError(f"{self._expected(text)}: {hint}")
        stride = _number(step) if slash else 1
        if not 0 < stride <= self.last:
            raise ValueError(f"{self._expected(text)}: a step is from 1 to {self.last}")
        if first <= last:
            return range(first, last + 1, stride)
        if self.names != WEEKDAYS:  # fri-mon wraps around the end
            parts = f"{first}-{self.last},{self.first}-{last}"
            raise ValueError(f'{self._expected(text)}: a range runs upwards, write "{parts}"')
        return [*range(first, len(WEEKDAYS)), *range(last + 1)][::stride]

    def _value(self, word: str, text: str) -> int:
        value = self.first + self.names.index(word) if word in self.names else _number(word)
        if not self.first <= value <= self.last:
            raise ValueError(self._expected(text))
        return value

    def _expected(self, text: str) -> str:
        named = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f'expected {self.label} from {self.first} to {self.last}{named}, not "{text}"'


_FIELDS = (
    _Field("a minute", 0, 59),
    _Field("an hour", 0, 23),
    _Field("a day", 1, 31),
    _Field("a month", 1, 12, MONTHS),
    _Field("a weekday", 0, 7, WEEKDAYS),
)
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""At most, in a leap year."""


def _number(word: str) -> int:
    """Return a whole number in ASCII digits; -1 for any other word."""
    return int(word) if word.isascii() and word.isdigit() else -1


def _ranges(values: frozenset[int]) -> str:
    """Format values as a list of ranges: "1-5,7"."""
    ranges = []
    for _, run in groupby(enumerate(sorted(values)), lambda item: item[1] - item[0]):
        first, *others = (value for _, value in run)
        ranges.append(f"{first}-{others[-1]}" if others else f"{first}")
    return ",".join(ranges)
