"""Report what the mirror, the hubs and the mail servers took, and what came back by mail.

The counts are printed with `write`, the problems as notes.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from syndicate import clock
from syndicate.cli.console import echo, log_events, note
from syndicate.errors import SyndicateError
from syndicate.text import count_of

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.deliver.worker import DeliveryReport
    from syndicate.feedback.doors.poller import DoorPoll
    from syndicate.publish.mirror import Mirror
    from syndicate.publish.push.change_notifier import ChangeNotifier


def note_assumed_address(config: "Config") -> None:
    """Say where links lead if the configuration doesn't: `run` may listen on another port."""
    if not config.publication.url:
        note(f"links lead to {config.url}, since publication.url isn't set")


def update_mirror(mirror: "Mirror | None", *, write: Callable[[str], None] = echo) -> bool:
    """Copy what was built to the mirror, if there is one; return whether nothing failed."""
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


def notify(notifier: "ChangeNotifier | None", *, write: Callable[[str], None] = echo) -> bool:
    """Notify hubs and search engines, if there are any; return whether nothing failed.

    A failure doesn't fail a command that publishes: the calls wait in the store.
    """
    if notifier is None:
        return True
    log_events()
    try:
        report = notifier.run(clock.now())
    except SyndicateError as error:
        note(f"push: {error}; it is retried later")
        return False
    sent = f", {report.hub.delivered:,} delivered" if report.hub else ""
    write(f"push: {count_of(report.pinged, 'ping')}, {count_of(report.submitted, 'page')}{sent}")
    for problem in report.problems:
        note(f"push: {problem}; `syndicate push` shows when it is retried")
    return not report.problems


def report_delivery(report: "DeliveryReport", *, write: Callable[[str], None] = echo) -> bool:
    """Report what a delivery pass did; return whether there were no problems."""
    from syndicate.schedule.mail_status import describe_pause  # noqa: PLC0415 - start-up

    waits = report.unavailable or report.pause is not None
    states = ("accepted", "failed", "deferred", "skipped", "unknown", "expired")
    counts = ((getattr(report, state), state) for state in states)
    summary = ", ".join(f"{count} {state}" for count, state in counts if count)
    write(f"delivered: {summary or ('nothing' if waits else 'nothing was due')}")
    if report.pause is not None:
        paused_by = describe_pause(report.pause)
        note(f"all mail is paused ({paused_by}): it leaves after `syndicate resume --all`")
    for reason in report.unavailable:
        note(f"the rest waits: {reason}")
    for edition in report.paused:
        note(
            f"edition {edition} paused itself: too many recipients were refused permanently; "
            f"see `syndicate editions show {edition}`, then resume, replace or cancel it"
        )
    return not report.unavailable and not report.paused


def report_polls(polls: "Iterable[DoorPoll]", *, only_news: bool = False) -> bool:
    """Print what came by each door, and why one can't be read; return whether none failed."""
    failed = False
    for poll in polls:
        if poll.reports or not (only_news or poll.problem):
            person = f", {poll.for_a_person} for a person" if poll.for_a_person else ""
            echo(f"{poll.door}: {count_of(poll.reports, 'report')}{person}")
        if poll.problem:
            failed = True
            note(f"{poll.door}: {poll.problem}")
    return not failed
