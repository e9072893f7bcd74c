"""Notify hubs and search engines and print the result, for the commands that publish."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from syndicate import clock
from syndicate.cli.terminal.console import echo, note
from syndicate.errors import SyndicateError

if TYPE_CHECKING:
    from syndicate.publish.push.change_notifier import ChangeNotifier


def notify(notifier: "ChangeNotifier | None", *, write: Callable[[str], None] = echo) -> bool:
    """Notify hubs and search engines, if there are any; return whether nothing failed.

    The counts are printed with `write`, the problems as notes. A failure doesn't fail a
    command that publishes: the calls wait in the store.
    """
    if notifier is None:
        return True
    from syndicate.cli.terminal.event_log import log_events  # noqa: PLC0415 - start-up

    log_events()
    try:
        report = notifier.run(clock.now())
    except SyndicateError as error:
        note(f"push: {error}; it is retried later")
        return False
    sent = f", {report.hub.delivered} deliveries" if report.hub else ""
    write(f"push: {report.pinged} pings, {report.submitted} addresses{sent}")
    for problem in report.problems:
        note(f"push: {problem}; `syndicate push` shows when it is retried")
    return not report.problems
