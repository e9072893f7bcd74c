"""The command line: `syndicate [--config PATH] COMMAND`.

Results go to stdout, everything else to stderr. Exit 0: done; 1: the work
failed or an input was refused; 2: wrong usage or config. Nothing ever prompts.
"""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit."""
    from syndicate.cli.app import app  # noqa: PLC0415 - so that importing the package is free
    from syndicate.cli.terminal import note  # noqa: PLC0415
    from syndicate.errors import SyndicateError  # noqa: PLC0415

    try:
        app()
    except SyndicateError as error:
        for line in str(error).splitlines():
            note(line)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `syndicate articles | head`
        sys.stderr.close()
        sys.exit(0)
