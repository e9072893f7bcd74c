"""Writes tables of bodies as text: in padded columns, or as a block per row."""

from collections.abc import Callable, Sequence

from lxml import etree

from syndicate.render.mail import text_width
from syndicate.render.mail.tables import MAX_RECORDS, DataTable, is_number

MAX_WIDTH = 78
"""The most characters of a line, as RFC 5322 (2.1.1) recommends."""
_GAP = "  "
_NONE = frozenset({"", "-", "\N{EN DASH}", "\N{EM DASH}"})
"""What stands for no number."""


def write_table(
    table: DataTable,
    text_of: Callable[[etree._Element], str],
    wrap: Callable[..., str],
    instead: str,
    *,
    indent: int = 0,
) -> str:
    """Write a table as lines of text; `instead` stands for one that would be too long.

    `text_of` writes a cell on one line; `wrap` is `plain_text.wrap`; `indent` are the columns that
    lists and quotations around it take.
    """
    room = MAX_WIDTH - indent
    head = [text_of(cell) for cell in table.head]
    rows = [[text_of(cell) for cell in row] for row in table.rows]
    if table.is_regular:
        lines = _padded(head, rows, _numeric_columns(table, rows))
        if max(map(text_width.columns, lines), default=0) <= room:
            return "\n".join(lines)
    if table.has_records:
        return "\n\n".join(_record(head, row, wrap) for row in rows)
    lines = [" | ".join(row) for row in (*([head] if head else []), *rows)]
    if len(lines) > MAX_RECORDS and max(map(text_width.columns, lines)) > room:
        return wrap(instead)
    return "\n".join(wrap(line, rest=_GAP) for line in lines)


def _numeric_columns(table: DataTable, rows: Sequence[Sequence[str]]) -> set[int]:
    """Return the columns that are aligned to the right: of numbers, or as their author says."""
    found = set()
    for number, column in enumerate(zip(*rows, strict=True)):
        cells = [row[number] for row in table.rows]
        is_right = all("align-right" in cell.get("class", "").split() for cell in cells)
        numbers = [text for text in column if text not in _NONE]
        if is_right or (numbers and all(map(is_number, numbers))):
            found.add(number)
    return found


def _padded(head: Sequence[str], rows: Sequence[Sequence[str]], numeric: set[int]) -> list[str]:
    """Return lines in columns; a line of dashes is below the labels."""
    all_rows = [*([head] if head else []), *rows]
    widths = [max(map(text_width.columns, column)) for column in zip(*all_rows, strict=True)]
    lines = []
    for row in all_rows:
        cells = []
        for number, (text, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - text_width.columns(text))
            cells.append(space + text if number in numeric else text + space)
        lines.append(_GAP.join(cells).rstrip())
    if head:
        lines.insert(1, _GAP.join("-" * width for width in widths))
    return lines


def _record(head: Sequence[str], row: Sequence[str], wrap: Callable[..., str]) -> str:
    """Write a row as a block: its first cell, and below it the others with their labels."""
    name, *values = row
    lines = [wrap(name)] if name else []
    for label, value in zip(head[1:], values, strict=True):
        if value:
            lines.append(wrap(f"{label}: {value}" if label else value, first=_GAP, rest=_GAP * 2))
    return "\n".join(lines)
