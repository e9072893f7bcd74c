"""The command line. Results go to stdout, everything else to stderr.

`app` assembles the commands; `context` has the config and store that a command works on;
`articles/`, `editions/`, `readers/` and `operation/` have the commands; `console` prints results,
notes and tables; `reports` says what mirror, hubs and mail servers took and what came back.

Exit codes: 0 success; 1 the work failed or an input was refused; 2 wrong usage or config;
129, 130 and 143 interrupted by SIGHUP, SIGINT and SIGTERM, with the work in flight finished.
"bounce" has only 0 and 75 (EX_TEMPFAIL): with any other a mail server would lose the message.
"""

import gc
import io
import os
import signal
import sys

__all__ = ["main"]

EX_TEMPFAIL = 75
"""From sysexits.h: try again later."""
GC_THRESHOLD = 50_000
"""Allocations before garbage is collected; the imports at start-up make no garbage."""


def main() -> None:
    """Run the command line and exit."""
    if _named_command(sys.argv[1:]) != "bounce":
        _run()
        return
    try:
        _run()
    except SystemExit as end:
        sys.exit(EX_TEMPFAIL if end.code else 0)
    except BaseException:  # noqa: BLE001 - printed as ever
        sys.excepthook(*sys.exc_info())
        sys.exit(EX_TEMPFAIL)


def _named_command(words: list[str]) -> str | None:
    """Return the first word that is no option of the program itself."""
    rest = iter(words)
    for word in rest:
        if word == "--config":
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return None


def _run() -> None:
    gc.set_threshold(GC_THRESHOLD)
    # it stays pending until the code that handles it is imported
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from syndicate.cli.app import app  # noqa: PLC0415 - so that importing the package is free
    from syndicate.cli.console import note  # noqa: PLC0415
    from syndicate.cli.operation.signals import install_interrupt_handlers  # noqa: PLC0415
    from syndicate.errors import SyndicateError  # noqa: PLC0415

    install_interrupt_handlers()
    for stream in (sys.stdout, sys.stderr):  # escape what the terminal's encoding lacks
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
            gc.freeze()  # skip the collection at exit: all memory is freed anyway
    except SyndicateError as error:
        for line in error.lines:
            note(line)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder that can't be written to, `| head`
        # discard unwritten output: Python would try to flush it at exit, and print an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            reason = error.strerror or str(error)
            note(f"{error.filename}: {reason}" if error.filename else reason)
        sys.exit(1)
