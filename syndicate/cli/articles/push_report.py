"""Push, as commands that publish tell of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from syndicate import clock
from syndicate.cli.terminal.console import note, say
from syndicate.errors import SyndicateError

if TYPE_CHECKING:
    from syndicate.publish.push.change_notifier import ChangeNotifier


def tell(herald: "ChangeNotifier | None", *, said: Callable[[str], None] = say) -> bool:
    """Tell hubs and search engines, if any are to be told; return whether nothing failed.

    How many were told is `said`, as a result or as a note beside another one. A command
    that publishes doesn't fail by that: what could not be told waits in the store.
    """
    if herald is None:
        return True
    from syndicate.cli.terminal.event_log import log_events  # noqa: PLC0415 - start-up

    log_events()
    try:
        told = herald.follow(clock.now())
    except SyndicateError as error:
        note(f"push: {error}; tried again later")
        return False
    sent = f", {told.worked.delivered} deliveries" if told.worked else ""
    said(f"push: {told.pinged} pings, {told.submitted} addresses{sent}")
    for problem in told.problems:
        note(f"push: {problem}; `syndicate push` says when it is tried again")
    return not told.problems
