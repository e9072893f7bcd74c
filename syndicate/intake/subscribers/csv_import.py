"""Subscribers from a CSV file, as another newsletter tool exports them."""

from array import array
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from syndicate.errors import Refused
from syndicate.intake.markup.text import one_line
from syndicate.intake.subscribers.csv_file import CsvCells, CsvFile, inspect_csv
from syndicate.intake.subscribers.csv_row import CsvRowParser, ImportOptions
from syndicate.intake.subscribers.export_formats import ExportFormat, recognise_format
from syndicate.model.subscribers import Actor, Cause, SubscribeOutcome, SubscriptionState
from syndicate.store import StagedReader, Store

BATCH_SIZE = 10_000
"""Rows per transaction, so that a long file doesn't keep others from writing."""
_EXPECTED = "expected email,name or the export of a newsletter tool, with a column for the address"


class RowOutcome(StrEnum):
    """What became of a row."""

    ADDED = "added"
    KNOWN = "known"
    LEFT = "left"
    """They left once, here or there; a file never brings them back."""
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    """The same stands higher up in the file."""
    REFUSED = "refused"


_OUTCOMES = {
    SubscribeOutcome.NEW: RowOutcome.ADDED,
    SubscribeOutcome.KNOWN: RowOutcome.KNOWN,
    SubscribeOutcome.LEFT: RowOutcome.LEFT,
    SubscribeOutcome.SUPPRESSED: RowOutcome.SUPPRESSED,
    SubscribeOutcome.ERASED: RowOutcome.LEFT,
}


class RowResult(NamedTuple):
    """One row of the file and what became of it; a tuple, since there may be millions."""

    line: int
    email: str
    outcome: RowOutcome
    reason: str = ""
    """Why it was refused, or what it is a duplicate of."""
    cells: tuple[str, ...] = ()
    """All of a row that was refused, so that it can be mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberCsv:
    """A file whose header was recognised."""

    csv_file: CsvFile
    export_format: ExportFormat

    @classmethod
    def recognise(cls, file: Path) -> "SubscriberCsv":
        """Find out what tool wrote a file; raise Refused for what can't be read or understood."""
        csv_file = inspect_csv(file, lambda header: recognise_format(header) is not None)
        export_format = recognise_format(csv_file.header)
        if export_format is None:
            read = one_line(",".join(csv_file.header))[:80]
            raise Refused(f'{file}:1: header "{read}" — {_EXPECTED}')
        return cls(csv_file=csv_file, export_format=export_format)

    def row_parser(self, options: ImportOptions, *, at: datetime) -> CsvRowParser:
        """Return what reads its rows."""
        return CsvRowParser(self.csv_file, self.export_format, options, at=at)


def import_subscribers(
    store: Store, file: Path, newsletter: str, *, at: datetime, dry_run: bool = False
) -> Iterator[RowResult]:
    """Subscribe everybody in a CSV file to one newsletter, with what it tells of their consent.

    Raise Refused, before anybody is subscribed, for a file that can't be read or understood.
    """
    readers = SubscriberCsv.recognise(file)
    yield from import_rows(
        store, readers, ImportOptions(newsletter=newsletter), at=at, dry_run=dry_run
    )


def import_rows(
    store: Store,
    readers: SubscriberCsv,
    options: ImportOptions,
    *,
    at: datetime,
    dry_run: bool = False,
) -> Iterator[RowResult]:
    """Bring in everybody in a file; every row comes back with what became of it.

    Some thousand rows are a transaction, so others can write in between, and who was
    stopped begins again: what is in already is known. The next rows are read while the
    database works. `dry_run` writes nothing.
    """
    parser = readers.row_parser(options, at=at)
    cause = Cause(who=Actor.IMPORT, how=f"{parser.origin} at {at:%Y-%m-%d %H:%M} UTC")
    batches = _batches(readers.csv_file.rows(), parser)
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(next, batches, None)
        while batch := coming.result():
            coming = ahead.submit(next, batches, None)
            with store.write() as tx:
                became = tx.bulk_import.add(batch.arrivals, cause=cause, at=at)
                if dry_run:
                    tx.rollback()
            yield from batch.rows(became)
    if not dry_run:
        with store.write() as tx:
            tx.bulk_import.analyze()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Some rows: those that are settled already, and places for those who arrive."""

    settled: list[RowResult | None]
    lines: list[int]
    """Of those who arrive."""
    arrivals: list[StagedReader]

    def rows(self, became: Iterable[SubscribeOutcome]) -> Iterator[RowResult]:
        """Iterate over all rows in their order."""
        arrived = zip(self.lines, self.arrivals, became, strict=True)
        for row in self.settled:
            if row is not None:
                yield row
                continue
            line, arrival, what = next(arrived)
            yield RowResult(line, arrival.email, _OUTCOMES[what])


def _batches(rows: Iterator[CsvCells], parser: CsvRowParser) -> Iterator[_Batch]:
    seen = SeenRows()
    while some := list(islice(rows, BATCH_SIZE)):
        batch = _Batch(settled=[], lines=[], arrivals=[])
        for row in some:
            arrival = parser.read(row)
            settled = _settled(row, arrival, seen)
            batch.settled.append(settled)
            if settled is None:
                assert isinstance(arrival, StagedReader)
                batch.lines.append(row.line)
                batch.arrivals.append(arrival)
        yield batch


def _settled(row: CsvCells, arrival: StagedReader | str, seen: "SeenRows") -> RowResult | None:
    """Return a row about which nothing has to be looked up."""
    if isinstance(arrival, str):
        email = row.cells[0] if len(row.cells) == 1 else ""
        return RowResult(row.line, email, RowOutcome.REFUSED, arrival, tuple(row.cells))
    # who says yes on one line and no on another has said no: only the same is the same
    left = arrival.state is SubscriptionState.LEFT
    same = (arrival.address, arrival.newsletter, left, bool(arrival.suppressed))
    first = seen.add(hash(same), row.line)
    if first == row.line:
        return None
    reason = f"{arrival.email} is on line {first} already"
    return RowResult(row.line, arrival.email, RowOutcome.DUPLICATE, reason)


class SeenRows:
    """On which line each row was met first: 12 bytes a place, where a dict takes 130.

    What is kept is a hash of 64 bits, salted by the process; that two rows of a million
    have the same is once in forty million files.
    """

    _FULL = 2 / 3

    def __init__(self) -> None:
        self._grow(1 << 16)
        self._count = 0

    def _grow(self, size: int) -> None:
        self._mask = size - 1
        self._hashes = array("Q", bytes(8 * size))
        self._lines = array("I", bytes(4 * size))

    def add(self, number: int, line: int) -> int:
        """Return the line on which `number` was met first, which may be this one."""
        number = number & 0xFFFF_FFFF_FFFF_FFFF or 1  # 0 is an empty place
        hashes, mask = self._hashes, self._mask
        place = number & mask
        while hashes[place]:
            if hashes[place] == number:
                return self._lines[place]
            place = (place + 1) & mask
        hashes[place] = number
        self._lines[place] = line
        self._count += 1
        if self._count > mask * self._FULL:
            self._double()
        return line

    def _double(self) -> None:
        hashes, lines = self._hashes, self._lines
        self._count = 0
        self._grow(2 * len(hashes))
        for number, line in zip(hashes, lines, strict=True):
            if number:
                self.add(number, line)
