"""Log events to stderr, one line each."""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from syndicate.cli.terminal.console import escape_controls

_MULTILINE = frozenset({"exception", "stack"})
"""Fields that the renderer prints on several lines."""


def log_events() -> None:
    """Configure logging: in colour on a terminal, plain for a log file."""
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


def _escape_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape control characters in values, which may be file names or servers' replies."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            lines = value.split("\n") if key in _MULTILINE else [value]
            event[key] = "\n".join(map(escape_controls, lines))
    return event
