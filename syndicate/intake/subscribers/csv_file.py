"""CSV files as other tools write them: any separator, several encodings, read as a stream.

A row that is broken is handed on as such, and the next line is read as if nothing had been:
one quote that is never closed must not swallow the people below it.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO

from syndicate.errors import Refused
from syndicate.intake.subscribers.csv_injection import unescape_formula
from syndicate.intake.subscribers.export_formats import has_escaped_formulas

SEPARATORS = (",", ";", "\t")
MAX_LINE_LENGTH = 65_536
"""Characters; no tool writes more about one person."""
_MAX_ROW_LINES = 50
"""Lines of one row: somebody's notes may have some."""
_CHUNK_BYTES = 1 << 20
_ZIP_SIGNATURE = b"PK\x03\x04"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
}


class CsvCells(NamedTuple):
    """One row that says something; a tuple, since there may be millions."""

    line: int
    """That it begins on, from 1."""
    cells: list[str]
    fault: str = ""
    """Why it can't be read; its only cell is the line as it stands then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """A CSV file that was looked at, and can be read."""

    file: Path
    encoding: str
    """For people: "UTF-8", "UTF-16" or "Windows-1252"."""
    separator: str
    header: tuple[str, ...]
    lines: int
    """About how many there are, for a progress bar."""
    _codec: str
    _guarded: bool = False
    """Whether we wrote it, with a `'` before what would be a formula."""

    def rows(self) -> Iterator[CsvCells]:
        """Iterate over the rows below the header, blank ones left out; raise Refused.

        What we guarded against being run as a formula is as it was before.
        """
        with _open(self.file, self._codec) as text:
            reader = _RowReader(text, self.separator)
            next(reader, None)
            if not self._guarded:
                yield from reader
                return
            for row in reader:
                yield row._replace(cells=[unescape_formula(cell) for cell in row.cells])


def inspect_csv(file: Path, wanted: Callable[[list[str]], bool]) -> CsvFile:
    """Find out how a file is written; `wanted` says whether a header is one.

    The separator is that which makes a wanted header, or else the most columns, of
    the first line. Raise Refused for what can't be read.
    """
    codec, lines = _detect_codec(file)
    with _open(file, codec) as text:
        first = text.read(MAX_LINE_LENGTH)
    headers = [(_header(first, separator), separator) for separator in SEPARATORS]
    header, separator = max(headers, key=lambda one: (wanted(one[0]), len(one[0])))
    ours = has_escaped_formulas(header)
    return CsvFile(
        file=file,
        encoding=_ENCODING_NAMES[codec],
        separator=separator,
        header=tuple((unescape_formula(cell) if ours else cell).strip() for cell in header),
        lines=lines,
        _codec=codec,
        _guarded=ours,
    )


def _detect_codec(file: Path) -> tuple[str, int]:
    """Return how a file is encoded, and how many lines it has, in one pass over it."""
    lines = 0
    try:
        with file.open("rb") as data:
            start = data.read(4)
            if start == _ZIP_SIGNATURE:
                raise Refused(f"{file}: is a spreadsheet or a ZIP file — export it as CSV")
            marked = next(
                (codec for mark, codec in _BYTE_ORDER_MARKS if start.startswith(mark)), None
            )
            codec = marked or "utf-8"
            decoder = codecs.getincrementaldecoder(codec)()
            data.seek(0)
            while chunk := data.read(_CHUNK_BYTES):
                lines += chunk.count(b"\n")
                if codec != "cp1252":
                    codec = _check_codec(decoder, chunk, codec)
            if codec != "cp1252":
                codec = _check_codec(decoder, b"", codec)
    except OSError as error:
        raise Refused(f"{file}: can't be read: {error.strerror}") from error
    if marked and codec == "cp1252":
        raise Refused(f"{file}: begins as {_ENCODING_NAMES[marked]} and isn't — save it as UTF-8")
    return codec, lines


def _check_codec(decoder: codecs.IncrementalDecoder, chunk: bytes, codec: str) -> str:
    """Return the codec while a file is what it seemed, else what old programs on Windows write."""
    try:
        decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError:
        return "cp1252"
    return codec


def _open(file: Path, codec: str) -> TextIO:
    # five bytes mean nothing in Windows-1252; an address with one is refused, a name keeps a mark
    errors = "replace" if codec == "cp1252" else "strict"
    try:
        return file.open(encoding=codec, errors=errors, newline="")
    except OSError as error:
        raise Refused(f"{file}: can't be read: {error.strerror}") from error


def _header(first: str, separator: str) -> list[str]:
    """Read the header that a text begins with."""
    reader = _RowReader(io.StringIO(first, newline=""), separator)
    row = next(reader, None)
    return row.cells if row is not None and row.line == 1 else []


class _RowTooLong(Exception):  # noqa: N818 - never leaves this module
    """A row goes on for too long to be one."""


class _RowReader(Iterator[CsvCells]):
    """Rows of a text, each with the line that it begins on."""

    def __init__(self, text: TextIO, separator: str) -> None:
        self._read = partial(text.readline, MAX_LINE_LENGTH)
        self._again: deque[str] = deque()
        """Lines that a broken row had swallowed, to be read as their own."""
        self._taken: list[str] = []
        """Lines of the row that is being read."""
        self._line = 0
        self._separator = separator
        self._csv = self._fresh()

    def _fresh(self) -> Iterator[list[str]]:
        return csv.reader(iter(self._next_line, ""), delimiter=self._separator, strict=True)

    def __next__(self) -> CsvCells:
        while True:
            self._taken.clear()
            begins = self._line + 1
            try:
                cells = next(self._csv)
            except (csv.Error, _RowTooLong):
                return self._broken(begins)
            if any(cells) and any(map(str.strip, cells)):
                return CsvCells(begins, cells)

    def _next_line(self) -> str:
        """Return the next line; "" at the end, as `readline` does."""
        line = self._again.popleft() if self._again else self._read()
        if line:
            self._line += 1
            taken = self._taken
            taken.append(line)
            if len(line) >= MAX_LINE_LENGTH or len(taken) > _MAX_ROW_LINES:
                raise _RowTooLong
        return line

    def _broken(self, begins: int) -> CsvCells:
        """Give up the first line of what was taken, and read the others again."""
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        self._line = begins
        self._csv = self._fresh()
        if len(first) < MAX_LINE_LENGTH:
            fault = "broken CSV: a quote is never closed, or something stands behind a closed one"
            return CsvCells(begins, [first.rstrip("\r\n")], fault)
        rest = first
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._read()
        fault = f"a line of more than {MAX_LINE_LENGTH:,} characters"
        return CsvCells(begins, [first[:200]], fault)
