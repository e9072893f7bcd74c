"""Read CSV files of other tools as a stream: any separator, several encodings.

A broken row is reported, and reading continues on the next line: a missing closing quote
must not swallow the rows below. In our own files a `'` before a cell that a spreadsheet would run
as a formula makes it text (OWASP, "CSV injection"), and is removed when the file is imported.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO

from syndicate.errors import Refused
from syndicate.intake.subscribers import export_formats
from syndicate.text import one_line

SEPARATORS = (",", ";", "\t")
MAX_LINE_LENGTH = 65_536
"""Characters; no tool writes more about one subscriber."""
_MAX_ROW_LINES = 50
"""Lines of one row: notes in a cell may have several."""
_CHUNK_LENGTH = 1 << 20
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
_EXPECTED = (
    "expected email,name or the export of a newsletter tool, with a column for the address, "
    "separated by commas, semicolons or tabs"
)
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""The start of a cell to escape: one with a `'` already gets another, so that both come back."""


class CsvCells(NamedTuple):
    """One row that is not blank; a tuple, since there may be millions."""

    line: int
    """Its first line, from 1."""
    cells: list[str]
    fault: str = ""
    """Why it can't be parsed; then its only cell is the whole line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """A CSV file with its encoding, its header and the tool that wrote it detected."""

    file: Path
    encoding: str
    """For display: "UTF-8", "UTF-16" or "Windows-1252"."""
    separator: str
    header: tuple[str, ...]
    export_format: export_formats.ExportFormat
    lines: int
    """Approximate number, for a progress bar."""
    _codec: str
    _escaped: bool = False
    """Whether Syndicate wrote it, with a `'` before cells that look like a formula."""

    def rows(self) -> Iterator[CsvCells]:
        """Iterate over the rows below the header, except blank ones; raise Refused.

        Escaped formulas are restored.
        """
        with _open(self.file, self._codec) as text:
            reader = _RowReader(text, self.separator)
            next(reader, None)
            if not self._escaped:
                yield from reader
                return
            for row in reader:
                yield row._replace(cells=[unescape_formula(cell) for cell in row.cells])


def escape_formula(text: str) -> str:
    """Return a cell's text so that no spreadsheet runs it."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(text: str) -> str:
    """Undo `escape_formula`; other text stays as it is."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def inspect_csv(file: Path) -> CsvFile:
    """Detect what a file is; raise Refused if it can't be read or recognised.

    The separator is the one that splits the first line into a header with a column for the
    address, else into the most columns.
    """
    codec, lines = _detect_codec(file)
    with _open(file, codec) as text:
        first = text.read(MAX_LINE_LENGTH)
    headers = []
    for separator in SEPARATORS:
        row = next(_RowReader(io.StringIO(first, newline=""), separator), None)
        headers.append((row.cells if row is not None and row.line == 1 else [], separator))
    header, separator = max(
        headers, key=lambda split: (bool(export_formats.recognise_format(split[0])), len(split[0]))
    )
    escaped = export_formats.has_escaped_formulas(header)
    cells = tuple((unescape_formula(cell) if escaped else cell).strip() for cell in header)
    export_format = export_formats.recognise_format(cells)
    if export_format is None:
        raise Refused(f'{file}:1: header "{one_line(",".join(cells))[:80]}" — {_EXPECTED}')
    return CsvFile(
        file=file,
        encoding=_ENCODING_NAMES[codec],
        separator=separator,
        header=cells,
        export_format=export_format,
        lines=lines,
        _codec=codec,
        _escaped=escaped,
    )


def _detect_codec(file: Path) -> tuple[str, int]:
    """Return the codec of a file and its number of lines."""
    try:
        with file.open("rb") as data:
            start = data.read(4)
    except OSError as error:
        raise Refused(f"{file}: can't be read: {error.strerror}") from error
    if start == _ZIP_SIGNATURE:
        raise Refused(f"{file}: a spreadsheet or ZIP file — export it as CSV")
    marked = next((codec for mark, codec in _BYTE_ORDER_MARKS if start.startswith(mark)), None)
    try:
        return marked or "utf-8", _count_lines(file, marked or "utf-8")
    except UnicodeDecodeError:
        if marked:
            name = _ENCODING_NAMES[marked]
            raise Refused(f"{file}: invalid {name} — save it as UTF-8") from None
        return "cp1252", _count_lines(file, "cp1252")  # as old programs write


def _count_lines(file: Path, codec: str) -> int:
    with _open(file, codec) as text:
        return sum(chunk.count("\n") for chunk in iter(partial(text.read, _CHUNK_LENGTH), ""))


def _open(file: Path, codec: str) -> TextIO:
    # five bytes are undefined in Windows-1252: they become U+FFFD, which addresses may not have
    errors = "replace" if codec == "cp1252" else "strict"
    try:
        return file.open(encoding=codec, errors=errors, newline="")
    except OSError as error:
        raise Refused(f"{file}: can't be read: {error.strerror}") from error


class _RowReader(Iterator[CsvCells]):
    """Iterates over the rows of a text, with the first line of each."""

    def __init__(self, text: TextIO, separator: str) -> None:
        self._read = partial(text.readline, MAX_LINE_LENGTH)
        self._unread: deque[str] = deque()
        """Lines that a broken row swallowed, to be parsed again."""
        self._row_lines: list[str] = []
        """Lines of the current row."""
        self._line = 0
        self._separator = separator
        self._restart()

    def _restart(self) -> None:
        lines = iter(self._next_line, "")
        self._csv = csv.reader(lines, delimiter=self._separator, strict=True)

    def __next__(self) -> CsvCells:
        while True:
            self._row_lines.clear()
            first_line = self._line + 1
            try:
                cells = next(self._csv)
            except csv.Error:
                return self._broken(first_line)
            if any(cells) and any(map(str.strip, cells)):
                return CsvCells(first_line, cells)

    def _next_line(self) -> str:
        """Return the next line; "" at the end, as `readline` does."""
        line = self._unread.popleft() if self._unread else self._read()
        if line:
            self._line += 1
            lines = self._row_lines
            lines.append(line)
            if len(line) >= MAX_LINE_LENGTH or len(lines) > _MAX_ROW_LINES:
                raise csv.Error  # a closing quote is probably missing
        return line

    def _broken(self, line: int) -> CsvCells:
        """Return the first line of a broken row, and put the others back to be parsed again."""
        first, *others = self._row_lines
        self._unread.extendleft(reversed(others))
        self._line = line
        self._restart()
        if len(first) < MAX_LINE_LENGTH:
            fault = "broken CSV: a closing quote is missing, or has text after it"
            return CsvCells(line, [first.rstrip("\r\n")], fault)
        rest = first
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._read()
        fault = f"a line of more than {MAX_LINE_LENGTH:,} characters"
        return CsvCells(line, [first[:200]], fault)
