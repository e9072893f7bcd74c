"""Import subscribers from a CSV file that another newsletter tool exported."""

from array import array
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from syndicate.intake.subscribers.csv_file import CsvCells, CsvFile
from syndicate.intake.subscribers.csv_row import CsvRowParser, ImportOptions
from syndicate.model.subscribers import Actor, Cause, SubscribeOutcome, SubscriptionState
from syndicate.store import StagedReader, Store

BATCH_SIZE = 10_000
"""Rows per transaction, so that a long file doesn't lock the store."""


class RowOutcome(StrEnum):
    """What the import of a row did."""

    ADDED = "added"
    KNOWN = "known"
    LEFT = "left"
    """They unsubscribed here or in the other tool; an import never subscribes them again."""
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    """An earlier row of the file is the same."""
    REFUSED = "refused"


_OUTCOMES = {
    SubscribeOutcome.NEW: RowOutcome.ADDED,
    SubscribeOutcome.KNOWN: RowOutcome.KNOWN,
    SubscribeOutcome.LEFT: RowOutcome.LEFT,
    SubscribeOutcome.SUPPRESSED: RowOutcome.SUPPRESSED,
    SubscribeOutcome.ERASED: RowOutcome.LEFT,
}


class RowResult(NamedTuple):
    """The outcome of one row; a tuple, since there may be millions."""

    line: int
    email: str
    outcome: RowOutcome
    reason: str = ""
    """Why it was refused, or what it is a duplicate of."""
    cells: tuple[str, ...] = ()
    """All cells of a refused row, so that it can be corrected."""


def import_rows(
    store: Store, csv_file: CsvFile, options: ImportOptions, *, at: datetime, dry_run: bool = False
) -> Iterator[RowResult]:
    """Subscribe everybody in a file, with their consent; return the outcome of every row.

    `BATCH_SIZE` rows are a transaction, so that others can write in between; an interrupted
    import can be run again: subscribers imported before are known. The next rows are
    parsed while the database works. `dry_run` writes nothing.
    """
    parser = CsvRowParser(csv_file, options, at=at)
    how = f"{parser.origin} at {at:%Y-%m-%d %H:%M} UTC"
    cause = Cause(who=Actor.IMPORT, how=how, at=at)
    rows, seen = csv_file.rows(), SeenRows()
    batches = (
        [(row.line, _decide(row, parser.parse(row), seen)) for row in chunk]
        for chunk in iter(lambda: list(islice(rows, BATCH_SIZE)), [])
    )
    with ThreadPoolExecutor(1) as executor:
        next_batch = executor.submit(next, batches, None)
        while batch := next_batch.result():
            next_batch = executor.submit(next, batches, None)
            readers = [reader for _, reader in batch if isinstance(reader, StagedReader)]
            with store.write() as tx:
                outcomes = iter(tx.bulk_import.add(readers, cause=cause))
                if dry_run:
                    tx.rollback()
            for line, decided in batch:
                if isinstance(decided, RowResult):
                    yield decided
                else:
                    yield RowResult(line, decided.email, _OUTCOMES[next(outcomes)])
    if not dry_run:
        with store.write() as tx:
            tx.bulk_import.analyze()


def _decide(
    row: CsvCells, reader: StagedReader | str, seen: "SeenRows"
) -> RowResult | StagedReader:
    """Return the result of a refused or duplicate row; the reader in any other."""
    if isinstance(reader, str):
        email = row.cells[0] if len(row.cells) == 1 else ""
        return RowResult(row.line, email, RowOutcome.REFUSED, reader, tuple(row.cells))
    # a subscriber who agrees in one row and leaves in another has left: they are not duplicates
    left = reader.state is SubscriptionState.LEFT
    same = (reader.address, reader.newsletter, left, bool(reader.suppressed))
    first = seen.add(hash(same), row.line)
    if first == row.line:
        return reader
    reason = f"{reader.email} is on line {first} already"
    return RowResult(row.line, reader.email, RowOutcome.DUPLICATE, reason)


class SeenRows:
    """The line of each distinct row: a hash table of 12 bytes a slot, where a dict takes 130.

    It stores 64-bit hashes, salted per process: two of a million rows collide in one of
    forty million files.
    """

    _FULL = 2 / 3

    def __init__(self) -> None:
        self._hashes, self._lines = array("Q"), array("I")
        self._grow(1 << 16)

    def _grow(self, size: int) -> None:
        added = zip(self._hashes, self._lines, strict=True)
        self._hashes, self._lines = array("Q", bytes(8 * size)), array("I", bytes(4 * size))
        self._mask, self._count = size - 1, 0
        for number, line in added:
            if number:
                self.add(number, line)

    def add(self, number: int, line: int) -> int:
        """Add a row's hash; return the line on which it was added first, which may be this one."""
        number = number & 0xFFFF_FFFF_FFFF_FFFF or 1  # 0 is an empty slot
        hashes, mask = self._hashes, self._mask
        slot = number & mask
        while hashes[slot]:
            if hashes[slot] == number:
                return self._lines[slot]
            slot = (slot + 1) & mask
        hashes[slot] = number
        self._lines[slot] = line
        self._count += 1
        if self._count > mask * self._FULL:
            self._grow(2 * len(hashes))
        return line
