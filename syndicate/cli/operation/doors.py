"""`bounce` takes a report from a mail server's pipe; `bounces fetch` polls mailbox and Maildir."""

import logging
import os
import sys
from threading import Event
from typing import Annotated

from typer import Exit, Option

from syndicate import clock
from syndicate.cli.console import echo, log_events
from syndicate.cli.context import CommandContext
from syndicate.cli.reports import report_polls
from syndicate.errors import ConfigError, Refused

_RECIPIENT = ("ORIGINAL_RECIPIENT", "RECIPIENT")
"""Where Postfix (local(8)) and Exim name the envelope's recipient; Postfix has the alias's target
in the second."""


def bounce(
    command: CommandContext,
    *,
    recipient: Annotated[
        list[str] | None,
        Option(
            metavar="ADDRESS",
            help="The address that it was sent to, if the mail server knows it; may be repeated.",
        ),
    ] = None,
    verbose: Annotated[
        bool, Option("-v", "--verbose", help="Print what became of the report.")
    ] = False,
) -> None:
    """Take a report about our mail from a mail server's pipe.

    It is read from standard input; nothing is printed when it is stored. Whatever goes wrong, the
    exit code is 75 (EX_TEMPFAIL): the mail server keeps the message and tries again.
    """
    from syndicate.deliver.message.links import SignedLinks  # noqa: PLC0415 - start-up
    from syndicate.feedback.doors.door import READ_BYTES  # noqa: PLC0415
    from syndicate.feedback.recorder import FeedbackRecorder  # noqa: PLC0415
    from syndicate.store import Store  # noqa: PLC0415

    _log_only_problems()
    config = command.config
    if config.bounces.address is None:
        raise ConfigError(
            f"{command.path}: bounces.address is not set; it is the address that bounces come to"
        )
    if not Store.exists(config):  # a new one would know none of the messages that were sent
        raise Refused(f"there is no store at {config.store.url}; is this the right config.toml?")
    raw = _read_all(READ_BYTES)
    recipients = recipient or [os.environ[name] for name in _RECIPIENT if os.environ.get(name)]
    with command.store() as store:
        recorder = FeedbackRecorder(config, SignedLinks(config, store.secret("links")))
        report = recorder.take_report(
            store, raw, source="pipe", recipients=recipients, at=clock.now()
        )
    if verbose:
        echo(report.sentence)


def fetch(command: CommandContext) -> None:
    """Read the mailbox and the Maildir now.

    The exit code is 1 if one can't be read.
    """
    if not command.config.bounces.polled:
        raise ConfigError(
            f"{command.path}: neither bounces.imap.host nor bounces.maildir is set: "
            "there is nothing to read"
        )
    with command.services() as services:
        polls = services.reports.poll_all(Event())
    if not report_polls(polls):
        raise Exit(1)


def _read_all(limit: int) -> bytes:
    """Read standard input to its end, and return its beginning.

    A mail server may take it for a failure when a part isn't read.
    """
    source = sys.stdin.buffer
    raw = source.read(limit)
    while source.read(1 << 16):
        pass
    return raw


def _log_only_problems() -> None:
    """Log nothing but warnings: a mail server takes output for a sign of trouble."""
    import structlog  # noqa: PLC0415 - start-up

    log_events()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
