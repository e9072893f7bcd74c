"""`subscribers import`: import readers, and their consent, from a CSV file."""

import csv
import gc
import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Exit, Option

from syndicate import clock
from syndicate.cli.console import echo, echo_json, echo_outcome, note, track_progress
from syndicate.cli.context import AsJson, CommandContext
from syndicate.errors import ConfigError, Refused
from syndicate.intake.subscribers.csv_file import escape_formula
from syndicate.intake.subscribers.export_formats import REFUSAL_COLUMNS
from syndicate.private_file import open_private

if TYPE_CHECKING:  # start-up
    from syndicate.intake.subscribers.csv_file import CsvFile
    from syndicate.intake.subscribers.csv_import import RowResult
    from syndicate.intake.subscribers.csv_row import CsvRowParser, ImportOptions

_ROWS_SHOWN = 20
"""Refused rows to print; all of them are in a file beside the CSV file."""

_GC_THRESHOLD = 100_000
"""Objects allocated before garbage is collected: rows have no reference cycles."""


def import_(
    command: CommandContext,
    file: Annotated[Path, Argument(help="CSV: email[,name], or as a newsletter tool exports it.")],
    newsletter: Annotated[
        str | None, Option(help="What they subscribe to. Default: the file's newsletter column.")
    ] = None,
    *,
    tag: Annotated[list[str] | None, Option(help="A tag for everybody; may be repeated.")] = None,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Show what would happen; change nothing.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Subscribe people who have agreed to it, from a CSV file.

    The file may be an export of any newsletter tool. People who unsubscribed or bounced there
    are not mailed here either.
    """
    from syndicate.intake.subscribers.csv_file import inspect_csv  # noqa: PLC0415 - start-up
    from syndicate.intake.subscribers.csv_import import import_rows  # noqa: PLC0415
    from syndicate.intake.subscribers.csv_row import CsvRowParser  # noqa: PLC0415

    at = clock.now()
    options = _options(command, newsletter, tag or [])
    csv_file = inspect_csv(file)
    parser = CsvRowParser(csv_file, options, at=at)
    _require_newsletter(parser, options)
    if not json:
        _introduce(csv_file, parser, dry_run=dry_run)
    report = _ImportReport(file, quiet=json)
    gc.set_threshold(_GC_THRESHOLD)
    with command.store() as store, _RefusedRows(csv_file) as refused:
        rows = import_rows(store, csv_file, options, at=at, dry_run=dry_run)
        for row in track_progress(rows, f"Reading {file.name}", csv_file.lines):
            report.add(row)
            if row.outcome == "refused" and not dry_run:
                refused.add(row)
    if json:
        echo_json(_values(csv_file, parser, report, refused.path) | {"dry_run": dry_run})
    else:
        report.close(refused.path, dry_run=dry_run)
    if report.counts["refused"]:
        raise Exit(1)


def _options(command: CommandContext, newsletter: str | None, tags: list[str]) -> "ImportOptions":
    from syndicate.intake.subscribers.csv_row import ImportOptions  # noqa: PLC0415 - start-up

    if newsletter is not None:
        command.newsletter(newsletter)
    labels = tuple(dict.fromkeys(tag.strip() for tag in tags))
    if not all(label and label.isprintable() for label in labels):
        raise ConfigError('--tag "" — expected a word such as --tag members')
    return ImportOptions(
        newsletter=newsletter,
        newsletters=[item.name for item in command.config.newsletters],
        fields=tuple(field.name for field in command.config.signup.fields),
        tags=labels,
    )


def _require_newsletter(parser: "CsvRowParser", options: "ImportOptions") -> None:
    """Raise ConfigError unless the option or each row says what they subscribe to."""
    if options.newsletter is None and not parser.has_newsletters:
        names = ", ".join(options.newsletters)
        known = f"there is: {names}" if names else "there is none in the configuration"
        raise ConfigError(f"--newsletter NAME is missing: what they subscribe to; {known}")


def _introduce(csv_file: "CsvFile", parser: "CsvRowParser", *, dry_run: bool) -> None:
    """Print how the file is read: whenever that is a guess, and in full in a dry run."""
    tool = csv_file.export_format.tool
    if csv_file.encoding == "Windows-1252" or tool or dry_run:
        kind = f"an export of {tool}" if tool else "a plain list"
        note(f"{csv_file.file}: {kind}, in {csv_file.encoding}")
    if not dry_run:
        return
    mapped = parser.mapped_columns()
    width = max(len(column) for column, _ in mapped)
    for column, meaning in mapped:
        echo(f"  {column:<{width}}  {meaning}")


def _values(
    csv_file: "CsvFile", parser: "CsvRowParser", report: "_ImportReport", refused: Path | None
) -> dict[str, object]:
    return {
        "file": str(csv_file.file),
        "tool": csv_file.export_format.tool or None,
        "encoding": csv_file.encoding,
        "columns": dict(parser.mapped_columns()),
        "rows": report.counts.total(),
        "outcomes": dict(report.counts),
        "problems": report.problems,
        "refused_file": None if refused is None else str(refused),
    }


class _ImportReport:
    """Counts the rows by outcome, and prints the first ones that have a problem."""

    def __init__(self, file: Path, *, quiet: bool) -> None:
        self._file = file
        self._quiet = quiet
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []

    def add(self, row: "RowResult") -> None:
        """Count a row, and print its problem if it has one."""
        self.counts[row.outcome.value] += 1
        if row.reason and self.counts[row.outcome.value] <= _ROWS_SHOWN:
            line = f"{self._file}:{row.line}: {row.reason}"
            self.problems.append(line)
            if not self._quiet:
                echo_outcome(row.outcome, line)

    def close(self, refused: Path | None, *, dry_run: bool) -> None:
        """Print the counts, and where the refused rows are."""
        for word in ("refused", "duplicate"):
            more = self.counts[word] - _ROWS_SHOWN
            if more > 0:
                echo_outcome(word, f"and {more:,} more")
        counts = ", ".join(f"{count} {word}" for word, count in self.counts.items())
        rows = self.counts.total()
        total = f" of {rows} rows" if len(self.counts) > 1 else ""
        would = "would be: " if dry_run else ""
        echo(f"{would}{counts}{total}" if rows else "no rows")
        if refused is not None:
            note(f"all refused rows are in {refused}: correct them, and import that file")


class _RefusedRows(ExitStack):
    """Writes refused rows unchanged, with line and reason, to a file beside the CSV file.

    Formulas are escaped for spreadsheets; importing the file removes the escapes.
    """

    path: Path | None = None
    """The file, once it exists."""

    def __init__(self, csv_file: "CsvFile") -> None:
        super().__init__()
        self._csv_file = csv_file
        self._writer: Any = None

    def add(self, row: "RowResult") -> None:
        """Write a row; raise Refused if the file can't be written."""
        file, header = self._csv_file.file, self._csv_file.header
        path = file.with_name(f"{file.stem}.refused.csv")
        try:
            if self.path is None:
                stream = os.fdopen(open_private(path), "w", encoding="utf-8", newline="")
                self.enter_context(stream)
                self._writer = csv.writer(stream, delimiter=self._csv_file.separator)
                self._writer.writerow(map(escape_formula, [*header, *REFUSAL_COLUMNS]))
                self.path = path
            missing = [""] * (len(header) - len(row.cells))
            cells = [*row.cells, *missing, str(row.line), row.reason]
            self._writer.writerow(map(escape_formula, cells))
        except OSError as error:
            raise Refused(f"{path}: can't be written: {error.strerror}") from error
