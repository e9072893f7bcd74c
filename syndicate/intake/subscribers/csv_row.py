"""Parse a row of a newsletter tool's export into a subscriber, with consent and status."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from syndicate.intake.subscribers.cell_values import (
    check_email,
    is_no,
    parse_json_object,
    parse_status,
    parse_tags,
    parse_time,
)
from syndicate.intake.subscribers.csv_file import CsvCells, CsvFile
from syndicate.intake.subscribers.export_formats import (
    SUPPRESSED,
    ExportedStatus,
    ExportFormat,
    normalise_column,
    status_from_file_name,
)
from syndicate.model.subscribers import SubscriptionState
from syndicate.store import StagedReader
from syndicate.store.audience.bulk_import import IMPORTED
from syndicate.text import one_line

MAX_NAME_LENGTH = 200
MAX_FIELD_LENGTH = 500
_LANGUAGE = re.compile("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_LANGUAGES = ("language", "lang", "locale")
_MAX_NAMED_COLUMNS = 3
"""An error lists the columns if there are no more than this."""
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Earlier times can't be true; some tools write year 1 for "never"."""
_SEVERITY = {status: number for number, status in enumerate(ExportedStatus)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The operator's options for an import."""

    newsletter: str | None = None
    """The newsletter for all rows; None: each row names its own."""
    newsletters: Collection[str] = ()
    """All newsletters, to check those in rows."""
    fields: tuple[str, ...] = ()
    """The publication's custom fields."""
    tags: tuple[str, ...] = ()
    """Added to all subscribers."""


class CsvRowParser:
    """Parses the rows of one file according to its export format."""

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
        names = [normalise_column(cell) for cell in csv_file.header]
        by_name = {name: column for column, name in reversed([*enumerate(names)]) if name}

        def columns(names: Sequence[str]) -> list[int]:
            return [by_name[name] for name in names if name in by_name]

        def first_column(names: Sequence[str]) -> int | None:
            return next(iter(columns(names)), None)

        self._email = first_column(export_format.email)
        self._name = first_column(export_format.name_columns)
        self._names = [*columns(export_format.first)[:1], *columns(export_format.last)[:1]]
        short = (self._email, self._name, *self._names)
        self._short = [column for column in short if column is not None]
        """Columns that never have more than one line."""
        self._status = first_column(export_format.status)
        self._opted_in = first_column(export_format.opted_in)
        self._newsletter = first_column(export_format.newsletter)
        self._source = first_column(export_format.source)
        self._suppressed = first_column(export_format.suppressed)
        self._tags = first_column(export_format.tags)
        self._language = first_column(export_format.language)
        self._confirmed_at = columns(export_format.confirmed_at)
        self._left_at = columns(export_format.left_at)
        self._opted_out = [*columns(export_format.opted_out), *self._left_at]
        self._bounced_at = columns(export_format.bounced_at)
        self._attributes = columns(export_format.attributes)
        own = {name: map(normalise_column, (name, f"field.{name}")) for name in options.fields}
        fields = [(name, first_column([*names])) for name, names in own.items()]
        self._fields = [(name, column) for name, column in fields if column is not None]
        self._default = status_from_file_name(export_format, csv_file.file)
        tool = f" ({export_format.name})" if export_format.name else ""
        self.origin = f"{IMPORTED}{one_line(csv_file.file.name)}{tool}"
        """The beginning of `source` in all its subscriptions."""

    @property
    def has_newsletters(self) -> bool:
        """Whether each row names its newsletter."""
        return self._newsletter is not None

    def mapped_columns(self) -> list[tuple[str, str]]:
        """Return what is read and from which columns, for the operator to check."""
        columns: list[tuple[str, Sequence[int | None]]] = [
            ("address", [self._email]),
            ("name", [self._name] if self._name is not None else self._names),
            ("newsletter", [self._newsletter]),
            ("state", [self._status, self._opted_in]),
            ("agreed at", self._confirmed_at),
            ("left", self._opted_out),
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
            (label, ", ".join(header[number] for number in numbers if number is not None))
            for label, numbers in columns
        ]
        return [(label, names) for label, names in named if names]

    def parse(self, row: CsvCells) -> StagedReader | str:
        """Return the subscriber in a row, or why the row is refused."""
        cells = row.cells
        fault = row.fault or self._malformed(cells)
        if fault:
            return fault
        email = self._cell(cells, self._email)
        newsletter = self._cell(cells, self._newsletter) or self._options.newsletter or ""
        address, fault = check_email(email)
        suppressed = bool(self._cell(cells, self._suppressed))
        fault = fault or ("" if suppressed else self._wrong_newsletter(newsletter))
        if fault:
            return fault
        reader = StagedReader(email, address, newsletter, self._at, "")
        status = ExportedStatus.BLOCKED if suppressed else self._status_of(cells)
        if status is ExportedStatus.CONFIRMED:
            return self._confirmed(cells, reader)
        tool = f"at {self._format.name}" if self._format.name else "elsewhere"
        if status is None:
            word = one_line(self._cell(cells, self._status))[:40]
            return f'state "{word}" {tool} does not imply consent'
        if status is ExportedStatus.PENDING:
            return f"pending {tool}: no consent on record"
        return self._departed(cells, reader, status, tool)

    def _confirmed(self, cells: list[str], reader: StagedReader) -> StagedReader | str:
        name = self._cell(cells, self._name)
        if not name and self._names:
            name = " ".join([self._cell(cells, column) for column in self._names])
        name = one_line(name)
        if len(name) > MAX_NAME_LENGTH:
            return f"a name of more than {MAX_NAME_LENGTH} characters"
        attributes = self._read_attributes(cells) if self._attributes else {}
        fields = self._custom_fields(cells, attributes)
        if fields is None:
            return f"more than {MAX_FIELD_LENGTH} characters in one field"
        language = self._cell(cells, self._language) or attributes.get("language", "")
        tags = parse_tags(self._cell(cells, self._tags))
        since, how = self._consent(cells)
        return StagedReader(
            reader.email,
            reader.address,
            reader.newsletter,
            since or self._at,
            how,
            dated=since is not None,
            name=name,
            language=language.replace("_", "-") if _LANGUAGE.fullmatch(language) else None,
            fields=fields,
            tags=tuple(dict.fromkeys((*tags, *self._options.tags))),
        )

    def _departed(
        self, cells: list[str], reader: StagedReader, status: ExportedStatus, tool: str
    ) -> StagedReader:
        """Return somebody who must not be mailed, with no other data about them."""
        columns = self._bounced_at if status in SUPPRESSED else self._left_at
        if self._source is not None:  # our own export has one column with the time of any state
            columns = [*columns, *self._confirmed_at]
        since = self._time(cells, *columns)
        reason = ""
        if status in SUPPRESSED:
            reason = one_line(self._cell(cells, self._suppressed)) or f"{status} {tool}"
        on = f" {since:%Y-%m-%d}" if since else f", read at {self._at:%Y-%m-%d %H:%M} UTC"
        return reader._replace(
            at=since or self._at,
            dated=since is not None,
            how=f"{self.origin}, {status} there{on}",
            state=SubscriptionState.LEFT,
            suppressed=reason,
        )

    def _status_of(self, cells: list[str]) -> ExportedStatus | None:
        """Return the most severe status in a row; None for an unknown word."""
        found = [self._default]
        if self._status is not None:
            status = parse_status(self._cell(cells, self._status))
            if status is None:
                return None
            found.append(status)
        if self._opted_in is not None and is_no(self._cell(cells, self._opted_in)):
            found.append(ExportedStatus.LEFT)
        for columns, status in (
            (self._opted_out, ExportedStatus.LEFT),
            (self._bounced_at, ExportedStatus.BOUNCED),
        ):
            if not all(is_no(self._cell(cells, column)) for column in columns):
                found.append(status)
        return found[0] if len(found) == 1 else max(found, key=_SEVERITY.__getitem__)

    def _consent(self, cells: list[str]) -> tuple[datetime | None, str]:
        """Return since when they agreed, and how: as the file says, else by which column."""
        times = ((column, self._time(cells, column)) for column in self._confirmed_at)
        column, since = next((found for found in times if found[1] is not None), (0, None))
        if source := one_line(self._cell(cells, self._source)):
            return since, f"{self.origin}; there: {source}"
        if since is None:
            return None, f"{self.origin} at {self._at:%Y-%m-%d %H:%M} UTC"
        confirmed = "confirm" in self._csv_file.header[column].lower()
        word = "confirmed" if confirmed else "subscribed"
        return since, f"{self.origin}, {word} there {since.date()}"

    def _time(self, cells: list[str], *columns: int) -> datetime | None:
        """Return the first plausible time among some columns."""
        for column in columns:
            time = parse_time(self._cell(cells, column))
            if time is not None and _EARLIEST <= time <= self._at:
                return time
        return None

    def _custom_fields(
        self, cells: list[str], attributes: Mapping[str, str]
    ) -> dict[str, str] | None:
        """Return the custom fields; None if one is too long."""
        if not self._options.fields:
            return {}
        fields = {name: attributes[name] for name in self._options.fields if attributes.get(name)}
        for name, column in self._fields:
            value = one_line(self._cell(cells, column))
            if value:
                fields[name] = value
        too_long = any(len(value) > MAX_FIELD_LENGTH for value in fields.values())
        return None if too_long else fields

    def _read_attributes(self, cells: list[str]) -> dict[str, str]:
        """Return the custom fields and the language in columns of JSON."""
        attributes: dict[str, str] = {}
        wanted = {normalise_column(name): name for name in self._options.fields}
        for column in self._attributes:
            for key, value in parse_json_object(self._cell(cells, column)).items():
                if not isinstance(value, str | int | float) or isinstance(value, bool):
                    continue
                if normalise_column(key) in wanted:
                    attributes[wanted[normalise_column(key)]] = one_line(str(value))
                elif normalise_column(key) in _LANGUAGES:
                    attributes["language"] = str(value)
        return attributes

    def _cell(self, cells: list[str], column: int | None) -> str:
        return "" if column is None or column >= len(cells) else cells[column].strip()

    def _malformed(self, cells: list[str]) -> str:
        """Return what is wrong with the cells: a missing quote, or one too many."""
        header = self._csv_file.header
        if len(cells) > len(header) and any(map(str.strip, cells[len(header) :])):
            few = len(header) <= _MAX_NAMED_COLUMNS
            expected = ",".join(header) if few else f"{len(header)}, as in the header"
            return f"{len(cells)} fields — expected {expected}"
        for column in self._short:
            cell = cells[column] if column < len(cells) else ""
            if "\n" in cell and "@" in cell and "\n" in cell.strip():
                return "more than one line, with an address in it: is a closing quote missing?"
        return ""

    def _wrong_newsletter(self, newsletter: str) -> str:
        """Return why a row is not for a newsletter of this import."""
        wanted = self._options.newsletter
        if newsletter == wanted or (wanted is None and newsletter in self._options.newsletters):
            return ""
        if wanted is not None:
            return f'is for "{newsletter}", but the import is for "{wanted}"'
        names = ", ".join(self._options.newsletters) or "none"
        return f'no newsletter is called "{one_line(newsletter)[:40]}"; there are: {names}'
