"""The mirror, as commands that publish bring it along and tell of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from syndicate.cli.terminal.console import note, say

if TYPE_CHECKING:
    from syndicate.publish.mirror.mirror import Mirror


def follow(mirror: "Mirror | None", *, said: Callable[[str], None] = say) -> bool:
    """Bring the mirror, if there is one, to what was built; return whether nothing failed.

    How much that was is `said`, as a result or as a note beside another one.
    """
    if mirror is None:
        return True
    mirrored = mirror.follow()
    said(f"mirror: {mirrored.uploaded} uploaded, {mirrored.deleted} deleted")
    if mirrored.passed:
        note(
            f"mirror: {mirrored.passed} passed over, since they were changed after the build; "
            "`syndicate build --all` mends what was changed by hand"
        )
    for problem in mirrored.failed:
        note(f"mirror: {problem}; tried again by the next build")
    return not mirrored.failed
