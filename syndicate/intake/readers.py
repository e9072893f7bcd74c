"""Subscribers from a CSV file, as another newsletter tool exports them."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from syndicate.errors import Refused
from syndicate.intake.text import one_line
from syndicate.model.subscribers import Cause, Subscribed, Who, normal_address
from syndicate.store import Store, Transaction

BATCH = 500
"""Rows per transaction, so that a long file doesn't keep others from writing."""
_HEADERS = (["email"], ["email", "name"])
_LONGEST_NAME = 200


class Outcome(StrEnum):
    """What became of a row."""

    ADDED = "added"
    KNOWN = "known"
    LEFT = "left"
    """They left once; a file never brings them back."""
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    """The same address stands higher up in the file."""
    REFUSED = "refused"


_OUTCOMES = {
    Subscribed.NEW: Outcome.ADDED,
    Subscribed.KNOWN: Outcome.KNOWN,
    Subscribed.LEFT: Outcome.LEFT,
    Subscribed.SUPPRESSED: Outcome.SUPPRESSED,
    Subscribed.ERASED: Outcome.LEFT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the file and what became of it."""

    line: int
    email: str
    outcome: Outcome
    reason: str = ""
    """Why it was refused, or what it is a duplicate of."""


def import_readers(store: Store, file: Path, newsletter: str, *, at: datetime) -> Iterator[Row]:
    """Subscribe everybody in a CSV file, confirmed, with the file and time as their consent.

    Raise Refused, before anybody is subscribed, for a file that can't be read
    or has another header than `email` or `email,name`.
    """
    rows = _rows(_text(file), file)
    how = f"imported from {file.name} at {at:%Y-%m-%d %H:%M} UTC"
    cause = Cause(who=Who.IMPORT, how=how)
    seen: dict[str, int] = {}
    while batch := list(islice(rows, BATCH)):
        with store.write() as tx:
            done = [
                _subscribe(tx, line, cells, newsletter, seen=seen, cause=cause, at=at)
                for line, cells in batch
            ]
        yield from done


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise Refused(f"{file}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(
            f"{file}:{line}: byte 0x{data[error.start]:02x} — expected text in UTF-8"
        ) from error


def _rows(text: str, file: Path) -> Iterator[tuple[int, list[str]]]:
    """Iterate over rows that say something, each with the line that it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    if [cell.strip().lower() for cell in header] not in _HEADERS:
        read = ",".join(header)[:80]
        raise Refused(f'{file}:1: header "{read}" — expected email or email,name')
    line = reader.line_num + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Refused(f"{file}:{line}: broken CSV: {error}; a quote is never closed?") from error


def _subscribe(
    tx: Transaction,
    line: int,
    cells: list[str],
    newsletter: str,
    *,
    seen: dict[str, int],
    cause: Cause,
    at: datetime,
) -> Row:
    email = cells[0].strip()
    reason = _fault(cells)
    if reason:
        return Row(line=line, email=email, outcome=Outcome.REFUSED, reason=reason)
    first = seen.setdefault(normal_address(email), line)
    if first != line:
        reason = f"{email} is on line {first} already"
        return Row(line=line, email=email, outcome=Outcome.DUPLICATE, reason=reason)
    name = one_line(cells[1]) if len(cells) > 1 else ""
    came = tx.subscribers.subscribe(email, newsletter, name=name, cause=cause, at=at)
    return Row(line=line, email=email, outcome=_OUTCOMES[came])


def _fault(cells: list[str]) -> str:
    """Say what is wrong with a row; an address is judged by its syntax alone, never by DNS."""
    if any(cell.strip() for cell in cells[2:]):
        return f"{len(cells)} fields — expected email,name"
    email = cells[0].strip()
    if len(cells) > 1 and len(one_line(cells[1])) > _LONGEST_NAME:
        return f"a name of more than {_LONGEST_NAME} characters"
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        return f'"{one_line(email)[:80]}" is no email address: {error}'
    return ""
