"""The command line: `syndicate [--config PATH] COMMAND`.

Results go to stdout, everything else to stderr. Exit 0: done; 1: the work
failed or an input was refused; 2: wrong usage or config; 129, 130 and 143: broken
off by SIGHUP, SIGINT and SIGTERM, with what was in hand finished. Nothing prompts
but `subscribers erase`, and that only on a terminal.
"""

import gc
import io
import os
import signal
import sys

__all__ = ["main"]

YOUNG = 50_000
"""Objects after which garbage is collected: what a start imports is none."""


def main() -> None:
    """Run the command line and exit."""
    gc.set_threshold(YOUNG)
    # whoever takes this signal for another thing than the end has yet to be imported
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from syndicate.cli.app import app  # noqa: PLC0415 - so that importing the package is free
    from syndicate.cli.operation.signals import install_interrupt_handlers  # noqa: PLC0415
    from syndicate.cli.terminal.console import note  # noqa: PLC0415
    from syndicate.errors import SyndicateError  # noqa: PLC0415

    install_interrupt_handlers()
    _write_anything()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
            gc.freeze()  # the end frees everything, and need not look for garbage in it first
    except SyndicateError as error:
        for line in error.lines:
            note(line)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder that can't be written to, `| head`
        _give_up_output()
        if not isinstance(error, BrokenPipeError):
            note(_told(error))
        sys.exit(1)


def _write_anything() -> None:
    """Escape what a terminal can't show, in place of failing: names come in every script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _give_up_output() -> None:
    """Let go what could not be written: at its exit, Python would try again, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: OSError) -> str:
    said = error.strerror or str(error)
    return f"{error.filename}: {said}" if error.filename else said
