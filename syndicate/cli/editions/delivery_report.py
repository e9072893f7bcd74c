"""Print the result of a delivery pass, for the commands that deliver."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from syndicate.cli.terminal.console import echo, note

if TYPE_CHECKING:
    from syndicate.deliver.worker import DeliveryReport


def report_delivery(report: "DeliveryReport", *, write: Callable[[str], None] = echo) -> bool:
    """Print the counts with `write`, and the problems as notes; return whether there were none."""
    counts = {
        "accepted": report.accepted,
        "failed": report.failed,
        "deferred": report.deferred,
        "skipped": report.skipped,
        "unknown": report.unknown,
        "expired": report.expired,
    }
    summary = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    write(f"delivered: {summary or ('nothing' if report.unavailable else 'nothing was due')}")
    for reason in report.unavailable:
        note(f"the rest waits: {reason}")
    for edition in report.paused:
        note(
            f"edition {edition} paused itself: too many recipients were refused permanently; "
            f"see `syndicate editions show {edition}`, then resume, replace or cancel it"
        )
    return not report.unavailable and not report.paused
