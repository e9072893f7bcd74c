"""What happens while a command works, on stderr, a line an event."""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from syndicate.cli.terminal.console import escape_controls

_IN_LINES = frozenset({"exception", "stack"})
"""What the renderer prints over several lines."""


def log_events() -> None:
    """Write events to stderr: in colour on a terminal, plain for a log file."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.processors.format_exc_info,
            _without_controls,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=20),
        ],
        # asked for at each event: what is drawn on a terminal meanwhile stands below them
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def _without_controls(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape control characters in values: names of files and answers of servers are foreign."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            lines = value.split("\n") if key in _IN_LINES else [value]
            event[key] = "\n".join(map(escape_controls, lines))
    return event
