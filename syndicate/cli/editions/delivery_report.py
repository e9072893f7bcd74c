"""What a pass over the mail did, as commands that deliver tell of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from syndicate.cli.terminal.console import note, say

if TYPE_CHECKING:
    from syndicate.deliver.worker import DeliveryReport


def tell_delivered(drained: "DeliveryReport", *, said: Callable[[str], None] = say) -> bool:
    """Tell what became of what was due; return whether nothing was in the way.

    The counts are `said`, as a result or as a note beside another one.
    """
    counts = {
        "accepted": drained.accepted,
        "failed": drained.failed,
        "deferred": drained.deferred,
        "held back": drained.skipped,
        "unknown": drained.unknown,
        "expired": drained.expired,
    }
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    said(f"delivered: {told or ('nothing' if drained.unavailable else 'nothing was due')}")
    for reason in drained.unavailable:
        note(f"the rest waits: {reason}")
    for edition in drained.paused:
        note(
            f"edition {edition} paused itself: too many are refused for good; "
            f"see `syndicate editions show {edition}`, then resume, replace or cancel it"
        )
    return not drained.unavailable and not drained.paused
