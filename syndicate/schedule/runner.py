"""The background work of `run`: intake, schedules, delivery, mirror, push and the hub.

APScheduler is the clock; the database decides what is due and which process does it.
Publishing and composing take turns. Delivery has a thread of its own, woken by each new
edition. So have the mirror, woken by each build that changed something; the notifier of
hubs and search engines, woken by the mirror; and our own hub, which waits for neither.
A mailbox and a Maildir of bounces are polled by a thread each: one that hangs stops nothing.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from syndicate import clock
from syndicate.config import Schedule
from syndicate.errors import StoreError, StoreLocked, SyndicateError
from syndicate.intake.articles import article_files
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportOutcome, ImportResult
from syndicate.intake.authors.author_files import AuthorFiles
from syndicate.intake.editions.edition_import import editions_folder, without_edition_files
from syndicate.intake.pages.page_files import PageFiles
from syndicate.model.schedule_slots import SlotTrigger, schedule_timing
from syndicate.model.subscribers import Cause
from syndicate.schedule.mail_status import describe_pause
from syndicate.schedule.progress_report import ProgressReporter
from syndicate.schedule.retention import purge_daily
from syndicate.schedule.wiring import Services
from syndicate.schedule.worker_threads import WorkerThreads
from syndicate.store import CallKind, Heartbeat

log = structlog.get_logger()

SWEEP_INTERVAL = timedelta(seconds=30)
"""How often everything is checked, whether or not an event has woken its thread."""
STOP_TIMEOUT = timedelta(seconds=15)
_RECORD_TIMEOUT = timedelta(seconds=5)
"""How long recording the last results may take, beyond mail.stop_timeout."""
_CONTROL_INTERVAL = timedelta(seconds=1)
"""How often to check whether another process paused or resumed an edition."""
_PROGRESS_INTERVAL = timedelta(seconds=10)
"""How often progress is logged while an edition is being sent."""
_PUSH_BUDGET = 20.0
"""Seconds that one push pass may take, however slow an endpoint is."""


class Runner:
    """Runs a publication's background work in a `with` block, until that ends or `stop` is set."""

    def __init__(
        self, services: Services, stop: threading.Event, deleted_files: set[str] | None = None
    ) -> None:
        """Prepare the threads; `deleted_files` are those that an earlier runner has reported."""
        self._services = services
        self._store = services.store
        self._config = services.config
        self._stop = stop
        self.deleted_files = deleted_files or set()
        self._reporter = ProgressReporter(services.store, services.config)
        self._publish_lock = threading.Lock()
        self._intake_lock = threading.Lock()
        self._quarantine = article_files.Quarantine()
        self._intake_pending = True
        """Whether the intake folder may have files that aren't imported, as at the start."""
        self._last_control = 0
        """The newest control record of an edition that was seen."""
        self._pause: Cause | None = None
        """The pause of all mail that was logged, while it lasts."""
        self._authors = AuthorFiles(config=self._config)
        self._pages = PageFiles(config=self._config)
        self._published: object = None
        """The state of the articles, the files about authors and own pages at the last build."""
        self._incomplete = False
        """Whether the last build failed to make some file."""
        self._threads = threads = WorkerThreads(stop, every=SWEEP_INTERVAL)
        self._scheduler = self._make_scheduler()
        self.mail_due = threads.add("delivery", self._deliver)
        """Set it to deliver waiting mail now, such as a letter that somebody has just asked for."""
        self._staff_mail_due = threads.add("staff mail", self._send_staff_mail)
        webhook, notifier = self._config.alarms.webhook, services.notifier
        self._webhook_due = threads.add("webhook", self._call_webhook, needed=webhook)
        threads.add("pending intake", self._import_pending)
        self._mirror_due = threads.add("mirror", self._update_mirror, needed=services.mirror)
        self._push_due = threads.add("push", self._notify, needed=notifier)
        self._hub_due = threads.add("hub", self._run_hub, needed=notifier and notifier.hub)
        for door, every in services.reports.doors:
            poll = partial(services.reports.poll, door, stop)
            threads.add(f"bounces by {door.name}", poll, every=every).set()
        if self._config.intake.watch:
            self._add_watchers()

    def __enter__(self) -> Self:
        self._scheduler.start()
        self._threads.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the work in flight, and stop."""
        self._stop.set()
        self._threads.wake()
        self._scheduler.shutdown(wait=True)
        self._threads.join(max(STOP_TIMEOUT, self._config.mail.stop_timeout + _RECORD_TIMEOUT))

    def import_articles(self, saved: frozenset[Path] = frozenset()) -> None:
        """Import the saved files, or the whole intake folder, and publish the articles.

        Worker processes parse the files, and no other thread waits for them. If another
        process has locked the store, the import is repeated later.
        """
        folder = self._config.path(self._config.intake.folder)
        with self._intake_lock:
            paths = saved if saved and not self._intake_pending else {folder}
            self._intake_pending = True
            try:
                self._import(path for path in paths if path.exists())
                self._intake_pending = False
                if self._config.intake.watch:
                    seen = None if paths == {folder} else saved
                    for message in article_files.describe_deleted(
                        self._store, self._config, self.deleted_files, seen
                    ):
                        log.warning("article file is gone", reason=message)
            except StoreLocked as error:
                log.warning("import postponed", reason=str(error))
        if paths == {folder}:
            self._take_in_editions(clock.now())
        with self._publish_lock:
            self._publish(clock.now())

    def import_editions(self, _: frozenset[Path] = frozenset()) -> None:
        """Take in the files that editors wrote about editions, and publish their pictures."""
        self._take_in_editions(clock.now())
        with self._publish_lock:
            self._publish(clock.now())

    def _take_in_editions(self, at: datetime) -> None:
        """Take in edition files; each slot tries again where another process has locked the store.

        It waits for no import of articles, so that no slot does.
        """
        try:
            self._report(self._services.take_in_editions(at))
        except SyndicateError as error:
            log.warning("import of edition files postponed", reason=str(error))

    def wake_push(self) -> None:
        """Make the waiting calls now, such as verifying a new subscriber of our hub."""
        self._push_due.set()
        self._hub_due.set()

    def _make_scheduler(self) -> BackgroundScheduler:
        """Build the jobs: one for each schedule's slots, and the periodic ones."""
        options = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        guarded = self._threads.guarded
        scheduler = BackgroundScheduler(timezone="UTC", daemon=True, job_defaults=options)
        for schedule in self._config.schedules:
            trigger = SlotTrigger(schedule_timing(schedule, self._config.zone(schedule)))
            fire = guarded(f"schedule {schedule.name}", self._fire)
            scheduler.add_job(fire, trigger, args=[schedule], id=schedule.name)
        jobs: tuple[tuple[str, Callable[[], None], timedelta, dict[str, datetime]], ...] = (
            ("pass", self._sweep, SWEEP_INTERVAL, {"next_run_time": clock.now()}),
            ("control", self._check_control, _CONTROL_INTERVAL, {}),
            ("alarms", self._check_alarms, SWEEP_INTERVAL, {}),
            ("progress", self._reporter.log_progress, _PROGRESS_INTERVAL, {}),
        )
        for name, act, interval, extra in jobs:
            every = IntervalTrigger(seconds=int(interval.total_seconds()), start_date=clock.EPOCH)
            scheduler.add_job(guarded(name, act), every, **extra)
        return scheduler

    def _sweep(self) -> None:
        with self._publish_lock:
            self._publish(clock.now(), retry=True)
        for schedule in self._config.schedules:
            self._fire(schedule)
        self.mail_due.set()
        purged = purge_daily(self._store, self._config, at=clock.now(), stop=self._stop)
        if purged:
            log.info("retention", unconfirmed=purged.unconfirmed, events=purged.events)
        with self._store.write() as tx:
            tx.heartbeats.record(Heartbeat.TICK, clock.now())

    def _check_control(self) -> None:
        """Correct what was mailed, decide what waits, and wake the threads that send what is due.

        That is an edition that was released or resumed, and mail to the newsroom. The sweep
        reports a failing store.
        """
        staff_mail, rings = False, False
        with suppress(StoreError):
            for message in self._services.settle(clock.now()):
                log.info("release", outcome=message)
            for message in self._services.proofs.enqueue_missing(clock.now()):
                log.info("proof", outcome=message)
        with suppress(StoreError), self._store.read() as tx:
            newest, pause = tx.control.newest_decision(), tx.mail_pause.current()
            self._log_pause(pause)
            staff_mail = tx.calls.is_due(CallKind.STAFF_MAIL, None, clock.now())
            if newest != self._last_control:
                self._last_control, rings = newest, True
                self.mail_due.set()
        if staff_mail:
            self._staff_mail_due.set()
        if rings:
            self._check_alarms()

    def _check_alarms(self) -> None:
        """Check what is wrong, and wake the threads that notify people of it."""
        if self._services.alarms.check(clock.now()):
            self._webhook_due.set()
            self._staff_mail_due.set()

    def _log_pause(self, pause: Cause | None) -> None:
        """Log when all mail was paused or resumed, by any process, or is paused at the start."""
        before, self._pause = self._pause, pause
        if pause == before:
            return
        if pause is None:
            log.warning("all mail is resumed")
            return
        remedy = "syndicate resume --all"
        log.warning(
            "all mail is paused", since=str(pause.at), by=describe_pause(pause), remedy=remedy
        )

    def _fire(self, schedule: Schedule) -> None:
        with self._publish_lock:
            at = clock.now()
            if self._config.intake.watch:  # a file may have been saved a moment ago
                self._take_in_editions(at)
            self._publish(at)
            for fire in self._services.dispatcher.fire(schedule, at):
                level = log.warning if fire.outcome == "failed" else log.info
                level("fire", schedule=fire.schedule, slot=fire.slot, outcome=str(fire))
                if fire.outcome == "failed":
                    self._check_alarms()
        self.mail_due.set()

    def _publish(self, at: datetime, *, retry: bool = False) -> None:
        """Build if articles or the hour changed; with `retry`, also after an incomplete build."""
        with self._store.write() as tx:
            tx.articles.assign_numbers(at)
            breaking_for = self._config.publication.breaking_for
            hour = at.replace(minute=0, second=0, microsecond=0)
            pictures = tx.edition_files.media_count()
            files = self._authors.stamp(), self._pages.stamp()
            mark = (tx.articles.change_marker(at, breaking_for), hour, pictures, files)
        if mark == self._published and not (retry and self._incomplete):
            return
        summary = self._services.publish(at)
        self._published, self._incomplete = mark, bool(summary.failed)
        for problem in (*summary.warnings, *summary.failed):
            log.warning("build", problem=str(problem))
        if summary.written or summary.deleted:
            log.info("published", written=len(summary.written), deleted=len(summary.deleted))
        self._mirror_due.set()
        self.wake_push()

    def _add_watchers(self) -> None:
        """Add the threads that wait for files to be saved."""
        for name, folder, act in (
            ("intake", self._config.path(self._config.intake.folder), self.import_articles),
            ("editions", editions_folder(self._config), self.import_editions),
            ("authors", self._authors.folder, self._publish_saved),
            ("pages", self._pages.folder, self._publish_saved),
        ):
            guarded = self._threads.guarded(name, act)
            watch = partial(article_files.watch, folder, self._stop, guarded)
            self._threads.add_loop(name, watch)

    def _publish_saved(self, _: frozenset[Path]) -> None:
        with self._publish_lock:
            self._publish(clock.now())

    def _import(self, paths: Iterable[Path]) -> None:
        found = without_edition_files(article_files.find_article_files(paths), self._config)
        files = [file for file in found if not self._quarantine.contains(file)]
        self._report(
            import_articles(self._store, self._config, files, at=clock.now(), limited=True)
        )

    def _report(self, results: Iterable[ImportResult]) -> None:
        """Log what became of imported files, and quarantine those over the limits."""
        refused = False
        for result in results:
            if self._stop.is_set():
                return
            if result.over_limits:
                self._quarantine.add(self._config.root / result.path)
            refused |= result.outcome is ImportOutcome.REFUSED
            if result.traceback:
                log.error("refused", reason=result.reason, exception=result.traceback)
            elif result.outcome is ImportOutcome.REFUSED:
                log.warning("refused", reason=result.reason)
            elif result.outcome is not ImportOutcome.UNCHANGED:
                log.info("filed", path=result.path, verdict=str(result.outcome), slug=result.slug)
            for warning in result.warnings if result.outcome is not ImportOutcome.UNCHANGED else ():
                log.warning("filed", warning=warning)
        if refused:  # perhaps of a breaking story
            self._check_alarms()

    def _import_pending(self) -> None:
        if self._intake_pending:
            self.import_articles()

    def _deliver(self) -> None:
        with self._reporter.enabled():
            self._services.deliver_editions(clock.now(), self._stop)

    def _send_staff_mail(self) -> None:
        self._services.send_staff_mail(clock.now(), self._stop)

    def _call_webhook(self) -> None:
        self._services.call_webhook(clock.now(), self._stop)

    def _update_mirror(self) -> None:
        assert self._services.mirror is not None
        report = self._services.mirror.update(self._stop)
        for problem in report.failed:
            log.warning("mirror", problem=str(problem))
        if report.uploaded or report.deleted:
            log.info("mirrored", uploaded=report.uploaded, deleted=report.deleted)
        self.wake_push()

    def _notify(self) -> None:
        assert self._services.notifier is not None
        report = self._services.notifier.notify(clock.now(), self._stop, within=_PUSH_BUDGET)
        if report.unfinished:
            self._push_due.set()

    def _run_hub(self) -> None:
        assert self._services.notifier is not None
        report = self._services.notifier.run_hub(clock.now(), self._stop)
        if report and report.unfinished:
            self._hub_due.set()
