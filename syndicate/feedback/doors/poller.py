"""Polls the mailbox and the Maildir: records what has arrived, and whether they can be read."""

from dataclasses import dataclass
from datetime import timedelta
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

MAILDIR_INTERVAL = timedelta(seconds=2)
"""How often the Maildir is read."""
_RENEW_AFTER = timedelta(seconds=50)
"""How often it is stored at most that a door was read, where nothing came."""
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
        self._problems: dict[str, str] = {}
        """What was last logged as wrong, by door."""
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
            self.poll(door, stop)
            for door, every in self.doors
            if not only_due or self._is_due(door, every)
        ]

    def poll(self, door: ReportDoor, stop: Event) -> DoorPoll:
        """Record what has arrived at a door, each report in a transaction of its own.

        A report is marked as done after the commit. Raise StoreError; the reports that could
        not be stored stay where they are.
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
            problem = str(error)
        if counts[Disposal.KEEP] and not problem:
            kept = counts[Disposal.KEEP]
            what = "1 report" if kept == 1 else f"{kept} reports"
            problem = f"{what} could not be recorded because of an internal error; {_SEE_LOG}"
        found = DoorPoll(
            door=door.name,
            reports=sum(counts.values()),
            for_a_person=counts[Disposal.FOR_A_PERSON],
            problem=problem,
        )
        if not stop.is_set() or problem:
            self._record(found)
        return found

    def _take(self, raw: bytes, source: str) -> Disposal:
        try:
            report = self._recorder.take_report(self._store, raw, source=source, at=clock.now())
        except StoreError:
            raise
        except Exception:
            log.exception("a report could not be recorded", source=source)
            return Disposal.KEEP
        return Disposal.FOR_A_PERSON if is_for_a_person(report) else Disposal.DONE

    def _record(self, found: DoorPoll) -> None:
        """Store and log how a door was found; the same problem is logged once."""
        at, before = clock.now(), self._problems.get(found.door, "")
        if found.problem != before:
            self._problems[found.door] = found.problem
            if found.problem:
                log.error("reports can't be read", door=found.door, reason=found.problem)
            else:
                log.info("reports can be read again", door=found.door)
        with self._store.read() as tx:
            state = tx.doors.find(found.door)
        is_news = state is None or state.reason != found.problem or found.reports
        if state is not None and not is_news and at - state.tried_at < _RENEW_AFTER:
            return
        with self._store.write() as tx:
            if found.problem:
                tx.doors.fail(found.door, found.problem, at)
            else:
                tx.doors.succeed(found.door, found.reports, at)

    def _is_due(self, door: ReportDoor, every: timedelta) -> bool:
        with self._store.read() as tx:
            state = tx.doors.find(door.name)
        return state is None or clock.now() - state.tried_at >= every - _EARLY


def is_for_a_person(report: RecordedReport) -> bool:
    """Whether a person has to read a report, or had to when it was first taken."""
    unreadable = report.outcome is ReportOutcome.UNREADABLE
    return bool(report.held_because) or (report.repeated and unreadable)
