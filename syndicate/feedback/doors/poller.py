"""Polls the mailbox and the Maildir: records what has arrived, and whether they can be read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

import structlog

from syndicate import clock
from syndicate.config import Config
from syndicate.errors import DoorUnavailable, SecretUnreadable, StoreError
from syndicate.feedback.doors.door import Disposal, ReportDoor
from syndicate.feedback.doors.imap_mailbox import ImapMailbox
from syndicate.feedback.doors.maildir import Maildir
from syndicate.feedback.doors.report_intake import ReportIntake
from syndicate.feedback.record_failure import FailureLog, RecordFailure
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.store import Store
from syndicate.text import count_of, one_line

MAILDIR_INTERVAL = timedelta(seconds=2)
"""How often the Maildir is read."""
_RENEW_AFTER = timedelta(seconds=50)
"""How often it is stored at most that a door was read, where nothing came."""
_RETRY_AFTER = timedelta(seconds=30)
"""How long to wait for a store that can't be used."""
_EARLY = timedelta(seconds=10)
"""How much too early a poll may be: cron is not exact."""
_REMEDY = (
    "it stays where it is, and each poll tries again; if that does not help, move it elsewhere, "
    "and please report it"
)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPoll:
    """What one poll of a door found."""

    door: str
    reports: int = 0
    """How many came, those included that were taken before."""
    for_a_person: int = 0
    unrecorded: int = 0
    """How many could not be recorded, and stay where they are."""
    was_read: bool = True
    """Whether it was read to the end."""
    problem: str = ""
    """Why it was not, with the remedy, or else what could not be recorded."""


class DoorPoller:
    """The doors of one publication that are polled."""

    def __init__(self, store: Store, config: Config, recorder: FeedbackRecorder) -> None:
        settings = config.bounces
        self._store = store
        self._recorder = recorder
        self._logged: dict[str, str] = {}
        """What was last logged as wrong, by door."""
        self._stored: dict[str, tuple[datetime, str]] = {}
        """When the state of a door was last stored, and what was wrong then."""
        self._retry_at: dict[str, datetime] = {}
        self._failures = FailureLog(_REMEDY)
        self.doors: list[tuple[ReportDoor, timedelta]] = []
        """Those that are configured, and how often to poll each."""
        if settings.maildir is not None:
            self.doors.append((Maildir(config.path(settings.maildir)), MAILDIR_INTERVAL))
        if settings.imap.host is not None:
            self.doors.append((ImapMailbox(settings.imap, config.root), settings.imap.every))

    def poll_all(self, stop: Event, *, only_due: bool = False) -> list[DoorPoll]:
        """Poll each door once; with `only_due`, not a mailbox that was tried a moment ago.

        Raise StoreError.
        """
        return [
            self._read(door, stop)
            for door, every in self.doors
            if not only_due or self._is_due(door, every)
        ]

    def poll(self, door: ReportDoor, stop: Event) -> None:
        """Poll a door, again and again; log a problem when it begins, changes or ends.

        A store that can't be used at all ends the poll, and is left in peace for half a minute.
        """
        if clock.now() < self._retry_at.get(door.name, clock.EPOCH):
            return
        try:
            found = self._read(door, stop)
            problem = "" if found.was_read else found.problem
        except StoreError as error:
            self._retry_at[door.name] = clock.now() + _RETRY_AFTER
            problem = one_line(str(error))
        before = self._logged.get(door.name, "")
        self._logged[door.name] = problem
        if problem and problem != before:
            log.error("reports can't be read", door=door.name, reason=problem)
        elif before and not problem:
            log.info("reports can be read again", door=door.name)

    def _read(self, door: ReportDoor, stop: Event) -> DoorPoll:
        """Record what has arrived at a door, each report in a transaction of its own.

        A report is put away after the commit; one that can't be recorded stays where it is. Raise
        StoreError where the store can't be used at all.
        """
        intake = ReportIntake(self._store, self._recorder, door.name)
        problem = ""
        try:
            door.read(intake.take, stop)
        except (DoorUnavailable, SecretUnreadable) as error:
            problem = one_line(str(error))  # it may have a file's name in it
        failures, counts = intake.failures, intake.counts
        found = DoorPoll(
            door=door.name,
            reports=counts[Disposal.DONE] + counts[Disposal.FOR_A_PERSON],
            for_a_person=counts[Disposal.FOR_A_PERSON],
            unrecorded=len(failures),
            was_read=not problem,
            problem=problem or _summary(failures),
        )
        if failures:
            self._failures.note(door.name, failures, known=self._is_known(found))
        if not stop.is_set() or problem:
            self._store_state(found)
        return found

    def _is_known(self, found: DoorPoll) -> bool:
        """Whether a process before this one has found, and logged, the same failures."""
        if len(self._failures) or not found.was_read:
            return False
        with self._store.read() as tx:
            state = tx.doors.find(found.door)
        return state is not None and state.reason == found.problem

    def _store_state(self, found: DoorPoll) -> None:
        """Store how a door was found, unless this process has just stored the same."""
        at, (stored_at, problem) = clock.now(), self._stored.get(found.door, (clock.EPOCH, ""))
        is_news = found.reports or found.problem != problem
        if not is_news and at - stored_at < _RENEW_AFTER:
            return
        with self._store.write() as tx:
            if found.was_read:
                tx.doors.succeed(found.door, found.reports, at, unrecorded=found.problem)
            else:
                tx.doors.fail(found.door, found.problem, at)
        self._stored[found.door] = at, found.problem

    def _is_due(self, door: ReportDoor, every: timedelta) -> bool:
        with self._store.read() as tx:
            state = tx.doors.find(door.name)
        return state is None or clock.now() - state.tried_at >= every - _EARLY


def _summary(failures: list[RecordFailure]) -> str:
    """Say what could not be recorded; empty where everything was."""
    if not failures:
        return ""
    count = count_of(len(failures), "report")
    reasons = list(dict.fromkeys(failure.reason for failure in failures))
    more = f", and {len(reasons) - 1} other reasons" if len(reasons) > 1 else ""
    return f"{count} could not be recorded: {reasons[0]}{more}; nothing is lost, the log has more"
