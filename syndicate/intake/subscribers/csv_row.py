"""What a row of another tool's file says about somebody: whether they agreed, since when, how."""

import csv
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any

from syndicate.intake.markup.text import one_line
from syndicate.intake.subscribers.csv_file import CsvCells, CsvFile
from syndicate.intake.subscribers.email_syntax import check_address
from syndicate.intake.subscribers.export_formats import (
    STATUS_WORDS,
    SUPPRESSED,
    ExportedStatus,
    ExportFormat,
    normalise_column,
    status_from_file_name,
)
from syndicate.model.subscribers import SubscriptionState
from syndicate.store import StagedReader
from syndicate.store.audience.bulk_import import IMPORTED

MAX_NAME_LENGTH = 200
MAX_FIELD_LENGTH = 500
MAX_TAG_LENGTH = 100
_NO_WORDS = frozenset({"", "no", "false", "n", "f", "null", "none", "n/a", "never", "nein"})
_ZEROS, _YEAR_ONE = "0-:. /", "0001-01-01"
"""How databases write a time that never was."""
_LANGUAGE = re.compile("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_LANGUAGES = ("language", "lang", "locale")
_MAX_NAMED_COLUMNS = 3
"""Columns that an error can name one by one."""
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before it there were no newsletters by mail; some tools write year 1 for "never"."""
_TIME_FORMATS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")
_SEVERITY = {status: number for number, status in enumerate(ExportedStatus)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What the operator wants done with a file."""

    newsletter: str | None = None
    """What they subscribe to; None: what each row says."""
    newsletters: Collection[str] = ()
    """Those that there are, for files with a column of them."""
    fields: tuple[str, ...] = ()
    """The publication's own fields."""
    tags: tuple[str, ...] = ()
    """For everybody."""


class CsvRowParser:
    """Reads the rows of one file, as its export_format has them."""

    def __init__(
        self,
        csv_file: CsvFile,
        export_format: ExportFormat,
        options: ImportOptions,
        *,
        at: datetime,
    ) -> None:
        self._csv_file = csv_file
        self._format = export_format
        self._options = options
        self._at = at
        places = {name: number for number, name in reversed(list(enumerate(self._columns())))}
        self._email = _first_column(places, export_format.email)
        self._name = _first_column(places, export_format.name_columns)
        self._names = [
            column
            for column in (
                _first_column(places, export_format.first),
                _first_column(places, export_format.last),
            )
            if column is not None
        ]
        self._short = [one for one in (self._email, self._name, *self._names) if one is not None]
        self._status = _first_column(places, export_format.status)
        self._willing = _first_column(places, export_format.willing)
        self._newsletter = _first_column(places, export_format.newsletter)
        self._source = _first_column(places, export_format.source)
        self._suppressed = _first_column(places, export_format.suppressed)
        self._tags = _first_column(places, export_format.tags)
        self._language = _first_column(places, export_format.language)
        self._confirmed_at = _all_columns(places, export_format.confirmed_at)
        self._words = [
            "confirmed" if "confirm" in csv_file.header[column].lower() else "subscribed"
            for column in self._confirmed_at
        ]
        self._left_at = _all_columns(places, export_format.left_at)
        self._leaving = [*_all_columns(places, export_format.unwilling), *self._left_at]
        self._bounced_at = _all_columns(places, export_format.bounced_at)
        self._attributes = _all_columns(places, export_format.attributes)
        own = {name: _first_column(places, _field_columns(name)) for name in options.fields}
        self._fields = [(name, column) for name, column in own.items() if column is not None]
        self._default = status_from_file_name(export_format, csv_file.file)
        tool = f" ({export_format.name})" if export_format.name else ""
        self.origin = f"{IMPORTED}{one_line(csv_file.file.name)}{tool}"
        """What its subscriptions have for a source, in short."""

    def _columns(self) -> Iterator[str]:
        """Give each column its name; those without one are nobody's."""
        nameless = count()
        for cell in self._csv_file.header:
            yield normalise_column(cell) or f"?{next(nameless)}"

    @property
    def has_newsletters(self) -> bool:
        """Whether each row says what it is for."""
        return self._newsletter is not None

    def mapped_columns(self) -> list[tuple[str, str]]:
        """Return what is read from which columns, as an operator would check it."""
        columns: list[tuple[str, Sequence[int | None]]] = [
            ("address", [self._email]),
            ("name", [self._name] if self._name is not None else self._names),
            ("newsletter", [self._newsletter]),
            ("state", [self._status, self._willing]),
            ("agreed at", self._confirmed_at),
            ("left", self._leaving),
            ("bounced", self._bounced_at),
            ("consent", [self._source]),
            ("suppressed", [self._suppressed]),
            ("language", [self._language]),
            ("tags", [self._tags]),
            *((f"field {name}", [column]) for name, column in self._fields),
            ("fields and language", self._attributes),
        ]
        header = self._csv_file.header
        named = [
            (what, ", ".join(header[number] for number in numbers if number is not None))
            for what, numbers in columns
        ]
        return [(what, which) for what, which in named if which]

    def read(self, row: CsvCells) -> StagedReader | str:
        """Return somebody who comes in, or why the row is refused."""
        cells = row.cells
        fault = row.fault or self._misshapen(cells)
        if fault:
            return fault
        email = self._cell(cells, self._email)
        newsletter = self._cell(cells, self._newsletter) or self._options.newsletter or ""
        address, fault = check_address(email)
        barred = bool(self._cell(cells, self._suppressed))
        fault = fault or ("" if barred else self._elsewhere(newsletter))
        if fault:
            return fault
        who = StagedReader(email, address, newsletter, self._at, "")
        status = ExportedStatus.BLOCKED if barred else self._status_of(cells)
        if status is ExportedStatus.CONFIRMED:
            return self._confirmed(cells, who)
        there = f"at {self._format.name}" if self._format.name else "elsewhere"
        if status is None:
            said = one_line(self._cell(cells, self._status))[:40]
            return f'state "{said}" {there}: it doesn\'t say that they agreed'
        if status is ExportedStatus.PENDING:
            return f"pending {there}: no consent on record"
        return self._departed(cells, who, status, there)

    # what is said

    def _confirmed(self, cells: list[str], who: StagedReader) -> StagedReader | str:
        name = self._cell(cells, self._name)
        if not name and self._names:
            name = " ".join([self._cell(cells, column) for column in self._names])
        name = _clean(name)
        if len(name) > MAX_NAME_LENGTH:
            return f"a name of more than {MAX_NAME_LENGTH} characters"
        said = self._said(cells) if self._attributes else {}
        fields = self._own(cells, said)
        if fields is None:
            return f"more than {MAX_FIELD_LENGTH} characters in one field"
        language = self._cell(cells, self._language) or said.get("language", "")
        since, word = self._since(cells)
        return StagedReader(
            who.email,
            who.address,
            who.newsletter,
            since or self._at,
            self._how(cells, since, word),
            dated=since is not None,
            name=name,
            language=language.replace("_", "-") if _LANGUAGE.fullmatch(language) else None,
            fields=fields,
            tags=self._tags_of(cells),
        )

    def _departed(
        self, cells: list[str], who: StagedReader, status: ExportedStatus, there: str
    ) -> StagedReader:
        """Read somebody who must not be mailed; no more is kept of them than that."""
        when = self._bounced_at if status in SUPPRESSED else self._left_at
        since = self._time(cells, *when, *(self._confirmed_at if self._is_ours() else ()))
        reason = ""
        if status in SUPPRESSED:
            reason = _clean(self._cell(cells, self._suppressed)) or f"{status} {there}"
        on = f" {since:%Y-%m-%d}" if since else f", read at {self._at:%Y-%m-%d %H:%M} UTC"
        return who._replace(
            at=since or self._at,
            dated=since is not None,
            how=f"{self.origin}, {status} there{on}",
            state=SubscriptionState.LEFT,
            suppressed=reason,
        )

    def _is_ours(self) -> bool:
        """Whether one column says when for every state."""
        return self._source is not None

    def _status_of(self, cells: list[str]) -> ExportedStatus | None:
        """Return the worst that a row says of somebody; None for a word that isn't known."""
        found = [self._default]
        if self._status is not None:
            status = _parse_status(self._cell(cells, self._status))
            if status is None:
                return None
            found.append(status)
        if self._willing is not None and self._is_no(cells, self._willing):
            found.append(ExportedStatus.LEFT)
        if self._leaving and not all(self._is_no(cells, column) for column in self._leaving):
            found.append(ExportedStatus.LEFT)
        if self._bounced_at and not all(self._is_no(cells, one) for one in self._bounced_at):
            found.append(ExportedStatus.BOUNCED)
        return found[0] if len(found) == 1 else max(found, key=_SEVERITY.__getitem__)

    def _is_no(self, cells: list[str], column: int) -> bool:
        said = self._cell(cells, column).lower()
        return said.strip(_ZEROS) in _NO_WORDS or said.startswith(_YEAR_ONE)

    def _since(self, cells: list[str]) -> tuple[datetime | None, str]:
        """Return since when they agreed, and the word for how sure that is."""
        for column, word in zip(self._confirmed_at, self._words, strict=True):
            since = self._time(cells, column)
            if since is not None:
                return since, word
        return None, ""

    def _how(self, cells: list[str], since: datetime | None, word: str) -> str:
        source = _clean(self._cell(cells, self._source))
        if source:
            return f"{self.origin}; there: {source}"
        if since is None:
            return f"{self.origin} at {self._at:%Y-%m-%d %H:%M} UTC"
        return f"{self.origin}, {word} there {since.date()}"

    def _time(self, cells: list[str], *columns: int) -> datetime | None:
        """Return the first time that is told and can be true."""
        for column in columns:
            found = _parse_time(self._cell(cells, column))
            if found is not None and _EARLIEST <= found <= self._at:
                return found
        return None

    def _own(self, cells: list[str], said: Mapping[str, str]) -> dict[str, str] | None:
        """Return own fields; None when one is too long."""
        if not self._options.fields:
            return {}
        fields = {name: said[name] for name in self._options.fields if said.get(name)}
        for name, column in self._fields:
            value = _clean(self._cell(cells, column))
            if value:
                fields[name] = value
        too_long = any(len(value) > MAX_FIELD_LENGTH for value in fields.values())
        return None if too_long else fields

    def _said(self, cells: list[str]) -> dict[str, str]:
        """Return what columns of JSON say that means something here."""
        said: dict[str, str] = {}
        wanted = {normalise_column(name): name for name in self._options.fields}
        for column in self._attributes:
            for key, value in _parse_json(self._cell(cells, column)).items():
                if not isinstance(value, str | int | float) or isinstance(value, bool):
                    continue
                if normalise_column(key) in wanted:
                    said[wanted[normalise_column(key)]] = _clean(str(value))
                elif normalise_column(key) in _LANGUAGES:
                    said["language"] = str(value)
        return said

    def _tags_of(self, cells: list[str]) -> tuple[str, ...]:
        told = self._cell(cells, self._tags)
        if not told:
            return self._options.tags
        return tuple(dict.fromkeys([*_parse_tags(told), *self._options.tags]))

    # how

    def _cell(self, cells: list[str], column: int | None) -> str:
        return "" if column is None or column >= len(cells) else cells[column].strip()

    def _misshapen(self, cells: list[str]) -> str:
        """Say what is wrong with a row as such: a cell that isn't quoted, or a quote too many."""
        header = self._csv_file.header
        if len(cells) > len(header) and any(map(str.strip, cells[len(header) :])):
            few = (
                ",".join(header)
                if len(header) <= _MAX_NAMED_COLUMNS
                else f"{len(header)}, as in the header"
            )
            return f"{len(cells)} fields — expected {few}"
        for column in self._short:
            cell = cells[column] if column < len(cells) else ""
            if "\n" in cell and "@" in cell and "\n" in cell.strip():
                return "more than one line with an address in it; a quote is never closed?"
        return ""

    def _elsewhere(self, newsletter: str) -> str:
        """Say why a row is not for the newsletter that is imported to."""
        wanted = self._options.newsletter
        if wanted is not None:
            other = newsletter != wanted
            return f'is for "{newsletter}", and the import is for "{wanted}"' if other else ""
        if newsletter in self._options.newsletters:
            return ""
        names = ", ".join(self._options.newsletters) or "none"
        return f'no newsletter is called "{one_line(newsletter)[:40]}"; there is: {names}'


def _field_columns(name: str) -> tuple[str, str]:
    """Return the columns of an own field: its name, or as our export has it."""
    return normalise_column(name), normalise_column(f"field.{name}")


def _first_column(places: Mapping[str, int], columns: Sequence[str]) -> int | None:
    return next((places[name] for name in columns if name in places), None)


def _all_columns(places: Mapping[str, int], columns: Sequence[str]) -> list[int]:
    return [places[name] for name in columns if name in places]


@lru_cache(maxsize=1000)
def _parse_status(said: str) -> ExportedStatus | None:
    return STATUS_WORDS.get(re.sub(r"[^a-z]+", "_", said.casefold()).strip("_"))


def _clean(text: str) -> str:
    """Return text on one line, as `one_line` does, in less time for most."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return one_line(text)


def _parse_time(text: str) -> datetime | None:
    """Read a time as the tools write it: ISO 8601 for most, in UTC where none is named."""
    if not text:
        return None
    found: datetime | None
    try:
        found = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        found = _parse_named_month(text)
    if found is None:
        return None
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:
        return None


@lru_cache(maxsize=10_000)
def _parse_named_month(text: str) -> datetime | None:
    """Read a time that names its month; one as 03/04/2021 may be two days, and is none."""
    for form in _TIME_FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


@lru_cache(maxsize=1000)
def _parse_tags(told: str) -> tuple[str, ...]:
    """Read tags in any of the ways that the tools have: JSON, or a list with commas."""
    if told.startswith("["):
        try:
            tags = [str(tag) for tag in json.loads(told)]
        except (ValueError, RecursionError):
            tags = [told]
    else:
        separator = "," if "," in told else ";"
        try:
            rows = csv.reader([told], delimiter=separator, skipinitialspace=True, strict=True)
            tags = next(rows, [])
        except csv.Error:
            tags = told.split(separator)
    cleaned = [_clean(tag)[:MAX_TAG_LENGTH].strip() for tag in tags]
    return tuple(dict.fromkeys(tag for tag in cleaned if tag))


def _parse_json(text: str) -> dict[str, Any]:
    if len(text) <= len("{}"):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
