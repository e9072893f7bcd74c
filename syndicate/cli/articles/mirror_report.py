"""Update the mirror and print the result, for the commands that publish."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from syndicate.cli.terminal.console import echo, note

if TYPE_CHECKING:
    from syndicate.publish.mirror.mirror import Mirror


def update_mirror(mirror: "Mirror | None", *, write: Callable[[str], None] = echo) -> bool:
    """Copy what was built to the mirror, if there is one; return whether nothing failed.

    The counts are printed with `write`, the problems as notes.
    """
    if mirror is None:
        return True
    report = mirror.update()
    write(f"mirror: {report.uploaded} uploaded, {report.deleted} deleted")
    if report.skipped:
        note(
            f"mirror: {report.skipped} skipped because they changed after the build; "
            "`syndicate build --all` restores files that were edited by hand"
        )
    for problem in report.failed:
        note(f"mirror: {problem}; the next build tries again")
    return not report.failed
