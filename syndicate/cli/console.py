"""Print results to stdout, and everything else to stderr.

Rich's markup is off, because it swallows text such as `[mail]`. Control characters are escaped:
file names, readers' input and servers' replies may contain some that act on the terminal.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

Item = TypeVar("Item")

_PIPE_WIDTH = 100_000
"""The line width for output that isn't a terminal: scripts need unbroken lines."""

COLOURS = {
    **dict.fromkeys(("new", "revised", "accepted", "ok"), "green"),
    **dict.fromkeys(("missing", "wrong", "refused", "failed", "expired"), "red"),
    **dict.fromkeys(("unknown", "warned", "deferred"), "yellow"),
    **dict.fromkeys(("skipped", "unchanged", "known"), "dim"),
}
"""The colours of outcomes; nothing else is coloured."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e]")
"""C0 and C1 controls, line and paragraph separators, and bidirectional overrides."""
_CONTROLS_IN_TEXT = re.compile(f"(?![\n\t]){_CONTROLS.pattern}")
_MULTILINE = frozenset({"exception", "stack"})
"""Fields of an event that are printed on several lines."""


def escape_controls(text: str) -> str:
    """Escape control characters as Python does, so that the text stays on one line."""
    return text if text.isprintable() else _CONTROLS.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(
        stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=True, width=width
    )


def echo(line: str = "") -> None:
    """Print a line of the result."""
    _console(stderr=False).print(escape_controls(line))


def echo_text(text: str) -> None:
    """Print a result of several lines."""
    _console(stderr=False).print(_CONTROLS_IN_TEXT.sub(_escape, text))


def note(line: str = "") -> None:
    """Print a line to stderr that is not the result: progress, advice, errors."""
    _console(stderr=True).print(escape_controls(line))


def echo_outcome(word: str, rest: str) -> None:
    """Print an outcome in its colour, and what it is about."""
    rest = escape_controls(rest)
    if not sys.stdout.isatty():  # may be thousands of lines: skip Rich
        sys.stdout.write(f"{word:<10}{rest}\n")
        return
    _console(stderr=False).print(Text.assemble((f"{word:<10}", COLOURS.get(word, "")), rest))


def echo_table(
    headings: Sequence[str], rows: Iterable[Iterable[object]], zone: ZoneInfo | None = None
) -> None:
    """Print rows under headings, with numbers right-aligned, and times in a zone.

    Lines are never wrapped or cut, so that addresses can be copied.
    """
    for line in table_lines(headings, rows, zone):
        _console(stderr=False).print(line)


def table_lines(
    headings: Sequence[str], rows: Iterable[Iterable[object]], zone: ZoneInfo | None = None
) -> Iterator[Text]:
    """Yield the lines of a table."""
    body = [[_cell(cell, zone) for cell in row] for row in rows]
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


def _cell(value: object, zone: ZoneInfo | None) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime) and zone is not None:
        return format_time(value, zone)
    return value if isinstance(value, int) else escape_controls(str(value))


def track_progress(items: Iterable[Item], description: str, total: int) -> Iterator[Item]:
    """Yield items under a progress bar, if stderr is a terminal.

    Lines printed meanwhile appear above the bar.
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
    """Yield a function that draws lines in place of the ones before, on a terminal only.

    The last lines stay, unless they are `transient`. Lines printed meanwhile appear above.
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
            drawn = list(lines)
            for line in drawn:
                line.plain = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", line.plain)
                line.no_wrap, line.overflow = True, "ellipsis"
            live.update(Group(*drawn), refresh=True)

        yield draw


def supports_unicode() -> bool:
    """Whether stdout can show more than ASCII, such as box-drawing characters."""
    # ask the console, since a live display replaces sys.stdout
    encoding = getattr(_console(stderr=False).file, "encoding", None) or ""
    return encoding.lower().startswith("utf")


def supports_live_display(*, stderr: bool = False) -> bool:
    """Whether lines can be redrawn in place: not in a file or on a dumb terminal."""
    console = _console(stderr=stderr)
    return console.is_terminal and not console.is_dumb_terminal


def echo_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a value as JSON; on one line with an `indent` of None."""
    ascii_only = not sys.stdout.encoding.lower().startswith("utf")
    text = json.dumps(
        value,
        ensure_ascii=ascii_only,
        indent=indent,
        default=lambda item: item.isoformat() if isinstance(item, datetime) else str(item),
    )
    # escape the controls that JSON allows in strings, too
    text = _CONTROLS_IN_TEXT.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    sys.stdout.write(f"{text}\n")


def format_time(at: datetime | None, zone: ZoneInfo) -> str:
    """Format a time in a zone: "2026-11-24 07:00 CET"; empty for None."""
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def format_slot_time(due_at: datetime, zone: ZoneInfo) -> str:
    """Format the time of a slot, with seconds if there are any."""
    local = due_at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S %Z}" if local.second else format_time(due_at, zone)


def log_events() -> None:
    """Log events to stderr, one line each: in colour on a terminal, plain for a log file."""
    import structlog  # noqa: PLC0415 - start-up

    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.processors.format_exc_info,
            _escape_values,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=20),
        ],
        # a new one for each event, since a live display replaces sys.stderr
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def _escape_values(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape control characters in values, which may be file names or servers' replies."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            lines = value.split("\n") if key in _MULTILINE else [value]
            event[key] = "\n".join(map(escape_controls, lines))
    return event
