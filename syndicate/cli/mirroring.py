"""The mirror, as commands that publish bring it along and tell of it."""

from typing import TYPE_CHECKING

from syndicate.cli.terminal import note, say

if TYPE_CHECKING:
    from syndicate.publish.mirror import Mirror


def follow(mirror: "Mirror | None") -> bool:
    """Bring the mirror, if there is one, to what was built; return whether nothing failed."""
    if mirror is None:
        return True
    mirrored = mirror.follow()
    say(f"mirror: {mirrored.uploaded} uploaded, {mirrored.deleted} deleted")
    if mirrored.passed:
        note(
            f"mirror: {mirrored.passed} passed over, since they were changed after the build; "
            "`syndicate build --all` mends what was changed by hand"
        )
    for problem in mirrored.failed:
        note(f"mirror: {problem}; tried again by the next build")
    return not mirrored.failed
