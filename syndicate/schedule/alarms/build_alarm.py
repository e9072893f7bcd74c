"""Reports builds in which a page or a feed could not be made, until one is complete."""

from collections.abc import Sequence
from datetime import datetime

from syndicate.model.alarms import AlarmCause, AlarmKind
from syndicate.store import Store
from syndicate.store.push.alarms import THIS_MACHINE
from syndicate.text import shorten

_MAX_LENGTH = 500
"""Characters of the first problem that are stored."""


def record_build(store: Store, problems: Sequence[str], at: datetime) -> None:
    """Store what a build on this machine could not make, or that it was complete."""
    with store.read() as tx:
        before = tx.alarms.on(AlarmKind.BUILD, THIS_MACHINE)
    if not problems and not before:
        return
    with store.write() as tx:
        if problems:
            tx.alarms.report(_cause(problems), at)
            return
        for alarm in before.values():
            tx.alarms.end(alarm, at)


def _cause(problems: Sequence[str]) -> AlarmCause:
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    where = f"a page or a feed could not be built on {THIS_MACHINE}"
    return AlarmCause(
        kind=AlarmKind.BUILD,
        subject="",
        machine=THIS_MACHINE,
        text=f"{where}: {shorten(problems[0], _MAX_LENGTH)}{more}",
        remedy="`syndicate build` lists them, and builds them once the mistake is corrected",
    )
