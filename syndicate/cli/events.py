"""What happens while a command works, on stderr, a line an event."""

import logging
import sys

import structlog


def log_events() -> None:
    """Write events to stderr: in colour on a terminal, plain for a log file."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=20),
        ],
        # asked for at each event: what is drawn on a terminal meanwhile stands below them
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
