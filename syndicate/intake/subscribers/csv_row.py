"""Parse a row of a newsletter tool's export into a subscriber, with consent and status."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from syndicate.intake.subscribers import cell_values, export_formats
from syndicate.intake.subscribers.csv_file import CsvCells, CsvFile
from syndicate.intake.subscribers.export_formats import SUPPRESSED, ExportedStatus, normalise_column
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
_FIELD = "field."
"""The beginning of the role of a custom field."""
_SINGLE_LINE = ("email", "name", "first_name", "last_name")
_ALL_COLUMNS = ("confirmed_at", "opted_out", "left_at", "bounced_at", "attributes")
"""Roles whose columns are all read; of another, the first that the file has."""
_LABELS = (
    ("newsletter", ("newsletter",)),
    ("state", ("status", "opted_in")),
    ("agreed at", ("confirmed_at",)),
    ("left", ("opted_out", "left_at")),
    ("bounced", ("bounced_at",)),
    ("consent", ("source",)),
    ("suppressed", ("suppressed",)),
    ("language", ("language",)),
    ("tags", ("tags",)),
)
_OTHER = ("fields and language", ("attributes",))
_DEPARTURES = (
    ("opted_out", ExportedStatus.LEFT),
    ("left_at", ExportedStatus.LEFT),
    ("bounced_at", ExportedStatus.BOUNCED),
)
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

    def __init__(self, csv_file: CsvFile, options: ImportOptions, *, at: datetime) -> None:
        self._header = csv_file.header
        self._format = csv_file.export_format
        self._options = options
        self._at = at
        header = [normalise_column(cell) for cell in csv_file.header]
        by_name = {name: column for column, name in reversed([*enumerate(header)]) if name}
        self._columns: dict[str, list[int]] = {}
        """Role → its columns in this file, of which there may be none."""
        own = {_FIELD + name: (name, _FIELD + name) for name in options.fields}
        for role, names in (self._format.columns | own).items():
            found = [by_name[key] for key in map(normalise_column, names) if key in by_name]
            self._columns[role] = found if role in _ALL_COLUMNS else found[:1]
        self._single_line = [column for role in _SINGLE_LINE for column in self._columns[role]]
        self._default = export_formats.status_from_file_name(self._format, csv_file.file)
        tool = f" ({self._format.tool})" if self._format.tool else ""
        self.origin = f"{IMPORTED}{one_line(csv_file.file.name)}{tool}"
        """The beginning of `source` in all its subscriptions."""

    @property
    def has_newsletters(self) -> bool:
        """Whether each row names its newsletter."""
        return bool(self._columns["newsletter"])

    def mapped_columns(self) -> list[tuple[str, str]]:
        """Return what is read and from which columns, for the operator to check."""
        names = ("name",) if self._columns["name"] else ("first_name", "last_name")
        own = ((f"field {name}", (_FIELD + name,)) for name in self._options.fields)
        mapped = (
            (label, ", ".join(self._header[n] for role in roles for n in self._columns[role]))
            for label, roles in (("address", ("email",)), ("name", names), *_LABELS, *own, _OTHER)
        )
        return [(label, columns) for label, columns in mapped if columns]

    def parse(self, row: CsvCells) -> StagedReader | str:
        """Return the subscriber in a row, or why the row is refused."""
        cells = row.cells
        fault = row.fault or self._malformed(cells)
        if fault:
            return fault
        email = self._cell(cells, "email")
        newsletter = self._cell(cells, "newsletter") or self._options.newsletter or ""
        address, fault = cell_values.check_email(email)
        suppressed = bool(self._cell(cells, "suppressed"))
        fault = fault or ("" if suppressed else self._wrong_newsletter(newsletter))
        if fault:
            return fault
        reader = StagedReader(email, address, newsletter, self._at, "")
        status = ExportedStatus.BLOCKED if suppressed else self._status_of(cells)
        if status is ExportedStatus.CONFIRMED:
            return self._confirmed(cells, reader)
        tool = f"at {self._format.tool}" if self._format.tool else "elsewhere"
        if status is None:
            word = one_line(self._cell(cells, "status"))[:40]
            return f'state "{word}" {tool} does not imply consent'
        if status is ExportedStatus.PENDING:
            return f"pending {tool}: no consent on record"
        return self._departed(cells, reader, status, tool)

    def _confirmed(self, cells: list[str], reader: StagedReader) -> StagedReader | str:
        name = self._cell(cells, "name")
        name = one_line(
            name or f"{self._cell(cells, 'first_name')} {self._cell(cells, 'last_name')}"
        )
        if len(name) > MAX_NAME_LENGTH:
            return f"a name of more than {MAX_NAME_LENGTH} characters"
        attributes = self._read_attributes(cells) if self._columns["attributes"] else {}
        fields = {
            name: value
            for name in self._options.fields
            if (value := one_line(self._cell(cells, _FIELD + name)) or attributes.get(name, ""))
        }
        if any(len(value) > MAX_FIELD_LENGTH for value in fields.values()):
            return f"more than {MAX_FIELD_LENGTH} characters in one field"
        language = self._cell(cells, "language") or attributes.get("language", "")
        tags = cell_values.parse_tags(self._cell(cells, "tags"))
        since, how = self._consent(cells)
        return reader._replace(
            at=since or self._at,
            how=how,
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
        roles = ["bounced_at" if status in SUPPRESSED else "left_at"]
        if self._columns["source"]:  # our own export has one column with the time of any state
            roles.append("confirmed_at")
        columns = [column for role in roles for column in self._columns[role]]
        since = next(filter(None, (self._time(cells, column) for column in columns)), None)
        reason = one_line(self._cell(cells, "suppressed")) or f"{status} {tool}"
        on = f" {since:%Y-%m-%d}" if since else f", read at {self._at:%Y-%m-%d %H:%M} UTC"
        return reader._replace(
            at=since or self._at,
            dated=since is not None,
            how=f"{self.origin}, {status} there{on}",
            state=SubscriptionState.LEFT,
            suppressed=reason if status in SUPPRESSED else "",
        )

    def _status_of(self, cells: list[str]) -> ExportedStatus | None:
        """Return the most severe status in a row; None for an unknown word."""
        found = [self._default]
        if self._columns["status"]:
            status = cell_values.parse_status(self._cell(cells, "status"))
            if status is None:
                return None
            found.append(status)
        if self._columns["opted_in"] and cell_values.is_no(self._cell(cells, "opted_in")):
            found.append(ExportedStatus.LEFT)
        for role, status in _DEPARTURES:
            if not all(cell_values.is_no(_text(cells, column)) for column in self._columns[role]):
                found.append(status)
        return found[0] if len(found) == 1 else max(found, key=_SEVERITY.__getitem__)

    def _consent(self, cells: list[str]) -> tuple[datetime | None, str]:
        """Return since when they agreed, and how: as the file says, else by which column."""
        times = ((column, self._time(cells, column)) for column in self._columns["confirmed_at"])
        column, since = next((found for found in times if found[1] is not None), (0, None))
        if source := one_line(self._cell(cells, "source")):
            return since, f"{self.origin}; there: {source}"
        if since is None:
            return None, f"{self.origin} at {self._at:%Y-%m-%d %H:%M} UTC"
        confirmed = "confirm" in self._header[column].lower()
        word = "confirmed" if confirmed else "subscribed"
        return since, f"{self.origin}, {word} there {since.date()}"

    def _time(self, cells: list[str], column: int) -> datetime | None:
        """Return the time in a column; None if there is none, or it can't be true."""
        time = cell_values.parse_time(_text(cells, column))
        return time if time is not None and _EARLIEST <= time <= self._at else None

    def _read_attributes(self, cells: list[str]) -> dict[str, str]:
        """Return the custom fields and the language in columns of JSON."""
        attributes: dict[str, str] = {}
        wanted = {normalise_column(name): name for name in self._options.fields}
        for column in self._columns["attributes"]:
            for key, value in cell_values.parse_json_object(_text(cells, column)).items():
                if not isinstance(value, str | int | float) or isinstance(value, bool):
                    continue
                if normalise_column(key) in wanted:
                    attributes[wanted[normalise_column(key)]] = one_line(str(value))
                elif normalise_column(key) in _LANGUAGES:
                    attributes["language"] = str(value)
        return attributes

    def _cell(self, cells: list[str], role: str) -> str:
        columns = self._columns[role]
        return _text(cells, columns[0]) if columns else ""

    def _malformed(self, cells: list[str]) -> str:
        """Return what is wrong with the cells: a missing quote, or one too many."""
        header = self._header
        if len(cells) > len(header) and any(map(str.strip, cells[len(header) :])):
            few = len(header) <= _MAX_NAMED_COLUMNS
            expected = ",".join(header) if few else f"{len(header)}, as in the header"
            return f"{len(cells)} fields — expected {expected}"
        for column in self._single_line:
            cell = _text(cells, column)
            if "\n" in cell and "@" in cell:
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


def _text(cells: list[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""
