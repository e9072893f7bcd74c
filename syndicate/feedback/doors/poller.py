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
from syndicate.feedback.recorder import FeedbackRecorder, RecordedReport
from syndicate.model.feedback import ReportOutcome
from syndicate.store import Store
from syndicate.text import one_line

MAILDIR_INTERVAL = timedelta(seconds=2)
"""How often the Maildir is read."""
_RENEW_AFTER = timedelta(seconds=50)
"""How often it is stored at most that a door was read, where nothing came."""
_RETRY_AFTER = timedelta(seconds=30)
"""How long to wait for a store that can't be used."""
_EARLY = timedelta(seconds=10)
"""How much too early a poll may be: cron is not exact."""
_SEE_LOG = "nothing is lost, the log has it; please report it"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPoll:
    """What one poll of a door found."""

    door: str
    reports: int = 0
    """How many came, those included that were taken before."""
    for_a_person: int = 0
    problem: str = ""
    """Why it could not be read to the end, with the remedy."""


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
        self._failed: set[int] = set()
        """Hashes of reports that could not be recorded."""
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

        Raise StoreError, and then leave the store in peace for half a minute.
        """
        if clock.now() < self._retry_at.get(door.name, clock.EPOCH):
            return
        try:
            found = self._read(door, stop)
        except StoreError:
            self._retry_at[door.name] = clock.now() + _RETRY_AFTER
            raise
        before = self._logged.get(found.door, "")
        self._logged[found.door] = found.problem
        if found.problem and found.problem != before:
            log.error("reports can't be read", door=found.door, reason=found.problem)
        elif before and not found.problem:
            log.info("reports can be read again", door=found.door)

    def _read(self, door: ReportDoor, stop: Event) -> DoorPoll:
        """Record what has arrived at a door, each report in a transaction of its own.

        A report is put away after the commit. Raise StoreError; the reports that could not be
        stored stay where they are.
        """
        counts = dict.fromkeys(Disposal, 0)

        def take(raw: bytes) -> Disposal:
            disposal = self._take(raw, door.name)
            counts[disposal] += 1
            return disposal

        problem = ""
        try:
            door.read(take, stop)
        except (DoorUnavailable, SecretUnreadable) as error:
            problem = one_line(str(error))  # it may have a file's name in it
        if (kept := counts[Disposal.KEEP]) and not problem:
            what = "1 report" if kept == 1 else f"{kept} reports"
            problem = f"{what} could not be recorded because of an internal error; {_SEE_LOG}"
        found = DoorPoll(
            door=door.name,
            reports=sum(counts.values()),
            for_a_person=counts[Disposal.FOR_A_PERSON],
            problem=problem,
        )
        if not stop.is_set() or problem:
            self._store_state(found)
        return found

    def _take(self, raw: bytes, source: str) -> Disposal:
        try:
            report = self._recorder.take_report(self._store, raw, source=source, at=clock.now())
        except StoreError:
            raise
        except Exception:
            if (digest := hash(raw)) not in self._failed:  # else it was logged
                self._failed.add(digest)
                log.exception("a report could not be recorded", source=source)
            return Disposal.KEEP
        return Disposal.FOR_A_PERSON if is_for_a_person(report) else Disposal.DONE

    def _store_state(self, found: DoorPoll) -> None:
        """Store how a door was found, unless this process has just stored the same."""
        at, (stored_at, problem) = clock.now(), self._stored.get(found.door, (clock.EPOCH, ""))
        is_news = found.reports or found.problem != problem
        if not is_news and at - stored_at < _RENEW_AFTER:
            return
        with self._store.write() as tx:
            if found.problem:
                tx.doors.fail(found.door, found.problem, at)
            else:
                tx.doors.succeed(found.door, found.reports, at)
        self._stored[found.door] = at, found.problem

    def _is_due(self, door: ReportDoor, every: timedelta) -> bool:
        with self._store.read() as tx:
            state = tx.doors.find(door.name)
        return state is None or clock.now() - state.tried_at >= every - _EARLY


def is_for_a_person(report: RecordedReport) -> bool:
    """Whether a person has to read a report, or had to when it was first taken."""
    unreadable = report.outcome is ReportOutcome.UNREADABLE
    return bool(report.held_because) or (report.repeated and unreadable)
