"""What `run` keeps going beside the web: intake, timetable and delivery.

APScheduler is the clock; what is due, and who deals with it, the database
decides. Publishing and composing take turns; delivery has a thread of its own,
woken by each new edition, and so has the mirror, woken by what was published, and
so have hubs and search engines, who are told when readers get what they ask for,
and so has our own hub, which waits for none of them.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from syndicate import clock
from syndicate.config import Schedule
from syndicate.errors import StoreError, StoreLocked, SyndicateError
from syndicate.intake.articles.article_import import ImportOutcome, import_articles
from syndicate.intake.articles.deleted_files import DeletedFiles
from syndicate.intake.articles.file_discovery import find_article_files
from syndicate.intake.articles.quarantine import Quarantine
from syndicate.intake.articles.watch import watch
from syndicate.model.due_slots import schedule_timing
from syndicate.schedule.progress_report import ProgressReporter
from syndicate.schedule.retention import forget_daily
from syndicate.schedule.wiring import Newsroom
from syndicate.store import Heartbeat

log = structlog.get_logger()

SWEEP = timedelta(seconds=30)
"""How often everything is looked at, whatever woke or failed to wake us."""
STOP_WITHIN = timedelta(seconds=15)
_RECORDING = timedelta(seconds=5)
"""How long it may take, beyond mail.stop_timeout, to record what came of a stop."""
_LISTEN = timedelta(seconds=1)
"""How often it is asked whether somebody decided about an edition, in another process."""
_TELL = timedelta(seconds=10)
"""How often it is told how far it is with what is being sent."""
_TURN = 20.0
"""Seconds after which the push thread looks again for what is new: some are slow to take it."""


class Runner:
    """Keeps a publication going until `stop` is set; use it in a `with`, whose end sets it."""

    def __init__(
        self,
        newsroom: Newsroom,
        stop: threading.Event,
        deleted_files: DeletedFiles | None = None,
    ) -> None:
        """Put it together; `deleted_files` is what a runner before this one has named."""
        self._newsroom = newsroom
        self._store = newsroom.store
        self._config = newsroom.config
        self._stop = stop
        self.deleted_files = deleted_files or DeletedFiles()
        self._reporter = ProgressReporter(newsroom.store, newsroom.config)
        self._mail_due = threading.Event()
        self._mirror_due = threading.Event()
        self._push_due = threading.Event()
        self._hub_due = threading.Event()
        self._desk = threading.Lock()
        self._intake = threading.Lock()
        self._quarantine = Quarantine()
        self._behind = True
        """Whether files may lie in the intake folder that were not taken in, as at the start."""
        self._decided = 0
        """The newest decision about an edition that was heard of."""
        self._published: object = None
        self._incomplete = False
        """Whether something could not be made when the output was last brought up to date."""
        self._scheduler = self._timetable()
        self._intake_due = threading.Event()
        self._threads = [
            threading.Thread(target=self._deliver, name="delivery", daemon=True),
            threading.Thread(
                target=self._whenever, args=(self._intake_due, self._catch_up), daemon=True
            ),
        ]
        if newsroom.mirror is not None:
            self._threads.append(threading.Thread(target=self._mirror, name="mirror", daemon=True))
        if newsroom.herald is not None:
            self._threads.append(threading.Thread(target=self._push, name="push", daemon=True))
            if newsroom.herald.has_hub:
                self._threads.append(threading.Thread(target=self._hub, name="hub", daemon=True))
        if self._config.intake.watch:
            self._threads.append(threading.Thread(target=self._watch, name="intake", daemon=True))

    def __enter__(self) -> Self:
        self._scheduler.start()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what is in hand, and stop."""
        self._stop.set()
        self._mail_due.set()
        self._mirror_due.set()
        self._intake_due.set()
        self.push_is_due()
        self._scheduler.shutdown(wait=True)
        within = max(STOP_WITHIN, self._config.mail.stop_timeout + _RECORDING)
        for thread in self._threads:
            thread.join(within.total_seconds())

    def take_in(self, saved: frozenset[Path] = frozenset()) -> None:
        """File what was saved, or all that lies in the intake folder, and publish it.

        Other processes read the files, and nothing else waits for them. What could not
        be filed, as while another process used the store, is taken in later.
        """
        folder = self._config.path(self._config.intake.folder)
        with self._intake:
            paths = saved if saved and not self._behind else {folder}
            self._behind = True
            try:
                self._file(path for path in paths if path.exists())
                self._behind = False
                self._name_deleted(None if paths == {folder} else saved)
            except StoreLocked as error:
                log.warning("taken in later", reason=str(error))
        with self._desk:
            self._publish(clock.now())

    def mail_is_due(self) -> None:
        """Have what waits delivered now: a letter that somebody waits for, say."""
        self._mail_due.set()

    def push_is_due(self) -> None:
        """Have whoever waits for it told now, or asked: a new subscriber of our hub, say."""
        self._push_due.set()
        self._hub_due.set()

    # how

    def _timetable(self) -> BackgroundScheduler:
        """Derive the jobs from the config: a slot's wake-up each, and a sweep for all."""
        scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
        options = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        for schedule in self._config.schedules:
            trigger = schedule_timing(schedule, self._config.zone(schedule)).trigger()
            scheduler.add_job(
                self._guarded(self._fire), trigger, args=[schedule], id=schedule.name, **options
            )
        sweep = IntervalTrigger(seconds=int(SWEEP.total_seconds()), start_date=clock.EPOCH)
        at_once = {"next_run_time": clock.now()}
        scheduler.add_job(self._guarded(self._sweep), sweep, **options, **at_once)
        often = IntervalTrigger(seconds=int(_LISTEN.total_seconds()), start_date=clock.EPOCH)
        scheduler.add_job(self._guarded(self._listen), often, **options)
        now_and_then = IntervalTrigger(seconds=int(_TELL.total_seconds()), start_date=clock.EPOCH)
        scheduler.add_job(self._guarded(self._reporter.tell), now_and_then, **options)
        return scheduler

    def _guarded(self, act: Callable[..., None]) -> Callable[..., None]:
        """Keep a failure from ending what goes on: it is told, and the next sweep tries again."""

        def guarded(*arguments: object) -> None:
            if self._stop.is_set():
                return
            try:
                act(*arguments)
            except (SyndicateError, OSError) as error:
                log.error("failed", reason=str(error))  # noqa: TRY400 - an operator's mistake has no traceback
            except Exception:
                log.exception("failed, and it is our mistake")

        return guarded

    def _sweep(self) -> None:
        with self._desk:
            self._publish(clock.now(), mend=True)
        for schedule in self._config.schedules:
            self._fire(schedule)
        self._mail_due.set()
        self._forget()
        with self._store.write() as tx:
            tx.heartbeats.record(Heartbeat.TICK, clock.now())

    def _listen(self) -> None:
        """Go on at once with what was resumed, say; the sweep says what is wrong with the store."""
        with suppress(StoreError), self._store.read() as tx:
            newest = tx.control.newest_decision()
            if newest != self._decided:
                self._decided = newest
                self._mail_due.set()

    def _forget(self) -> None:
        """Forget what is too old to be kept, once a day."""
        forgotten = forget_daily(self._store, self._config, at=clock.now(), stop=self._stop)
        if forgotten:
            log.info("retention", unconfirmed=forgotten.unconfirmed, events=forgotten.events)

    def _fire(self, schedule: Schedule) -> None:
        with self._desk:
            at = clock.now()
            self._publish(at)
            for fire in self._newsroom.timekeeper.fire(schedule, at):
                level = log.warning if fire.outcome == "failed" else log.info
                level("fire", schedule=fire.schedule, slot=fire.slot, outcome=str(fire))
        self._mail_due.set()

    def _publish(self, at: datetime, *, mend: bool = False) -> None:
        """Bring the output up to date when the store says something new, or the hour is.

        With `mend`, also when something could not be made the last time.
        """
        with self._store.write() as tx:
            tx.articles.assign_numbers(at)
            breaking_for = self._config.publication.breaking_for
            mark = (
                tx.articles.change_marker(at, breaking_for),
                at.replace(minute=0, second=0, microsecond=0),
            )
        if mark == self._published and not (mend and self._incomplete):
            return
        built = self._newsroom.publish(at)
        self._published, self._incomplete = mark, bool(built.failed)
        for problem in (*built.warnings, *built.failed):
            log.warning("build", problem=str(problem))
        if built.written or built.deleted:
            log.info("published", written=len(built.written), deleted=len(built.deleted))
        self._mirror_due.set()
        self.push_is_due()

    def _watch(self) -> None:
        folder = self._config.path(self._config.intake.folder)
        watch(folder, self._stop, self._guarded(self.take_in))

    def _file(self, paths: Iterable[Path]) -> None:
        files = [file for file in find_article_files(paths) if not self._quarantine.holds(file)]
        for filed in import_articles(
            self._store, self._config, files, at=clock.now(), limited=True
        ):
            if self._stop.is_set():
                return
            if filed.killed:
                self._quarantine.add(self._config.root / filed.path)
            if filed.traceback:
                log.error("refused", reason=filed.reason, exception=filed.traceback)
            elif filed.verdict is ImportOutcome.REFUSED:
                log.warning("refused", reason=filed.reason)
            elif filed.verdict is not ImportOutcome.UNCHANGED:
                log.info("filed", path=filed.path, verdict=str(filed.verdict), slug=filed.slug)
            for warning in filed.warnings if filed.verdict is not ImportOutcome.UNCHANGED else ():
                log.warning("filed", warning=warning)

    def _name_deleted(self, saved: frozenset[Path] | None) -> None:
        """Log the article files that are gone, each once."""
        if self._config.intake.watch:
            for message in self.deleted_files.name_new(self._store, self._config, saved):
                log.warning("article file is gone", reason=message)

    def _catch_up(self) -> None:
        if self._behind:
            self.take_in()

    def _deliver(self) -> None:
        self._whenever(self._mail_due, self._hand_over)

    def _mirror(self) -> None:
        self._whenever(self._mirror_due, self._follow)

    def _push(self) -> None:
        self._whenever(self._push_due, self._tell)

    def _hub(self) -> None:
        self._whenever(self._hub_due, self._serve)

    def _whenever(self, due: threading.Event, act: Callable[[], None]) -> None:
        """Act each time it is due, and in any case as often as everything is looked at."""
        guarded = self._guarded(act)
        while not self._stop.is_set():
            due.wait(SWEEP.total_seconds())
            due.clear()
            guarded()

    def _hand_over(self) -> None:
        with self._reporter.at_work():
            self._newsroom.deliver(clock.now(), self._stop)

    def _follow(self) -> None:
        assert self._newsroom.mirror is not None
        mirrored = self._newsroom.mirror.follow(self._stop)
        for problem in mirrored.failed:
            log.warning("mirror", problem=str(problem))
        if mirrored.uploaded or mirrored.deleted:
            log.info("mirrored", uploaded=mirrored.uploaded, deleted=mirrored.deleted)
        self.push_is_due()

    def _tell(self) -> None:
        assert self._newsroom.herald is not None
        told = self._newsroom.herald.tell(clock.now(), self._stop, within=_TURN)
        if told.unfinished:
            self._push_due.set()

    def _serve(self) -> None:
        assert self._newsroom.herald is not None
        worked = self._newsroom.herald.work(clock.now(), self._stop)
        if worked and worked.unfinished:
            self._hub_due.set()
