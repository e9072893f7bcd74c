"""How the commands speak: results on stdout, everything else on stderr, in sparse tables.

Rich's markup is off everywhere: it swallows `[mail]`. Control characters are escaped everywhere:
a file's name, a reader's or a mail server's answer may hold what moves the cursor or recolours
the terminal.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

Item = TypeVar("Item")

UNBROKEN = 100_000
"""The width for output that isn't a terminal: a script wants whole lines."""

COLOURS = {
    "new": "green",
    "revised": "green",
    "accepted": "green",
    "ok": "green",
    "missing": "red",
    "wrong": "red",
    "refused": "red",
    "failed": "red",
    "expired": "red",
    "unknown": "yellow",
    "warned": "yellow",
    "deferred": "yellow",
    "skipped": "dim",
    "unchanged": "dim",
    "known": "dim",
}
"""Colours stand for outcomes and for nothing else."""


_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e]")
"""What acts on a terminal or a line: C0, C1, ends of lines, and overrides of the direction."""
_CONTROLS_IN_TEXT = re.compile(f"(?![\n\t]){_CONTROLS.pattern}")


def escape_controls(text: str) -> str:
    """Write control characters as Python does, so that text stays on one line and does nothing."""
    return text if text.isprintable() else _CONTROLS.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNBROKEN
    return Console(
        stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=True, width=width
    )


def echo(line: str = "") -> None:
    """Print a line of the result."""
    _console(stderr=False).print(escape_controls(line))


def echo_text(text: str) -> None:
    """Print a result of several lines."""
    _console(stderr=False).print(_CONTROLS_IN_TEXT.sub(_escaped, text))


def note(line: str = "") -> None:
    """Print a line that is not the result: progress, advice, errors."""
    _console(stderr=True).print(escape_controls(line))


def echo_outcome(word: str, rest: str) -> None:
    """Print one outcome, its word coloured by what it means."""
    rest = escape_controls(rest)
    if not sys.stdout.isatty():  # thousands of lines: nothing to colour, nothing to lay out
        sys.stdout.write(f"{word:<10}{rest}\n")
        return
    _console(stderr=False).print(Text.assemble((f"{word:<10}", COLOURS.get(word, "")), rest))


def echo_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings, numbers to the right, without borders.

    A line is never broken or cut to fit: an address has to stay one that can be copied.
    """
    for line in table_lines(headings, rows):
        _console(stderr=False).print(line)


def table_lines(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Text]:
    """Go through the lines of a table."""
    body = [[_cell(cell) for cell in row] for row in rows]
    columns = list(zip(headings, *body, strict=True))
    widths = [max(cell_len(str(cell)) for cell in column) for column in columns]
    numeric = [body and all(isinstance(cell, int) for cell in column[1:]) for column in columns]
    for number, row in enumerate([headings, *body]):
        line = Text()
        for cell, width, right in zip(row, widths, numeric, strict=True):
            blank = " " * (width - cell_len(str(cell)))
            style = "dim" if number == 0 else COLOURS.get(str(cell), "")
            line.append(blank if right else "").append(str(cell), style)
            line.append("  " if right else f"{blank}  ")
        line.rstrip()
        yield line


def _cell(value: object) -> object:
    if value is None:
        return ""
    return value if isinstance(value, int) else escape_controls(str(value))


def track_progress(items: Iterable[Item], description: str, total: int) -> Iterator[Item]:
    """Go through items under a progress bar, where stderr is a terminal.

    What is printed meanwhile stands above the bar, or goes where stdout goes.
    """
    console = _console(stderr=True)
    if not console.is_terminal:
        yield from items
        return
    from rich.progress import Progress  # noqa: PLC0415 - start-up

    with Progress(console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        yield from bar.track(items, total=total, description=description)


@contextmanager
def live_display(
    *, stderr: bool = False, transient: bool = False
) -> Iterator[Callable[[Iterable[Text]], None]]:
    """Draw lines in place while the block works, each set over the one before.

    Yield what draws some. The last ones stay, unless they are `transient`. What is printed
    meanwhile stands above. Only for a terminal.
    """
    from rich.console import Group  # noqa: PLC0415 - start-up
    from rich.live import Live  # noqa: PLC0415

    console = _console(stderr=stderr)
    with Live(
        console=console,
        auto_refresh=False,
        transient=transient,
        redirect_stdout=sys.stdout.isatty(),
    ) as live:

        def draw(lines: Iterable[Text]) -> None:
            kept = list(lines)
            for line in kept:
                line.plain = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", line.plain)
                line.no_wrap, line.overflow = True, "ellipsis"
            live.update(Group(*kept), refresh=True)

        yield draw


def supports_unicode() -> bool:
    """Whether stdout can show more than ASCII, as the lines that bars are drawn of."""
    # the console's file: while something is redrawn, sys.stdout is another one
    encoding = getattr(_console(stderr=False).file, "encoding", None) or ""
    return encoding.lower().startswith("utf")


def supports_live_display(*, stderr: bool = False) -> bool:
    """Whether lines can be drawn in place: not in a file, nor where no cursor moves."""
    console = _console(stderr=stderr)
    return console.is_terminal and not console.is_dumb_terminal


def echo_json(value: Any) -> None:
    """Print a value for scripts."""
    _write_json(value, indent=2)


def echo_json_line(value: Any) -> None:
    """Print one of many values for scripts, each on a line."""
    _write_json(value, indent=None)


def _write_json(value: Any, *, indent: int | None) -> None:
    ascii_only = not sys.stdout.encoding.lower().startswith("utf")
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, default=_plain)
    # what is left are the controls that JSON allows in a string
    text = _CONTROLS_IN_TEXT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    sys.stdout.write(f"{text}\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def format_time(at: datetime | None, zone: ZoneInfo) -> str:
    """Write a time for people, in `zone`, which is named: "2026-11-24 07:00 CET"."""
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def format_slot_time(due_at: datetime, zone: ZoneInfo) -> str:
    """Write the time of a slot: with seconds, where a schedule has several slots in a minute."""
    local = due_at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S %Z}" if local.second else format_time(due_at, zone)
