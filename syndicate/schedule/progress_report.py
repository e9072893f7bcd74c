"""Measure and log the progress of the editions being sent, from the store alone."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from syndicate import clock
from syndicate.config import Config
from syndicate.model.editions import CountRate, EditionProgress
from syndicate.schedule.mail_status import Blocker, MailStatus
from syndicate.store import Store, Transaction

_log = structlog.get_logger(__name__)
_COUNT_SPACING = 10
"""Pause between counts, in multiples of a count's duration: at most a tenth of a core."""
_DONE_SHOWN = 60.0
"""Seconds for which a finished edition is still shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressSnapshot:
    """The progress at one time."""

    editions: tuple[EditionProgress, ...]
    """The editions that are being sent, wait to be, or have just been; oldest first."""
    mail_status: MailStatus
    blockers: tuple[Blocker, ...]
    """What blocks the editions that wait."""


class ProgressWatcher:
    """Measures the progress of editions, as often as it is polled.

    The relays' state is a handful of rows, which are read at each poll. Counting the ledger
    takes a twentieth of a second or more for a million rows, so between counts, which are
    half a second or ten times their duration apart, a poll returns the last numbers.
    """

    def __init__(self, store: Store, config: Config, *, only: int | None = None) -> None:
        """Watch all editions under way, or `only` one, finished or not."""
        self._store = store
        self._config = config
        self._only = only
        self._rates: defaultdict[int, CountRate] = defaultdict(CountRate)
        self._counted: dict[int, EditionProgress] = {}
        self._done: dict[int, float] = {}
        """When an edition was first seen to be done."""
        self._next_count = 0.0

    def poll(self, at: datetime) -> ProgressSnapshot:
        """Return the progress at `at`, which is now; raise StoreError."""
        now = time.monotonic()
        with self._store.read() as tx:
            mail_status = MailStatus.read(tx, self._config, at)
            if now >= self._next_count:
                start = time.monotonic()
                self._count(tx, now)
                end = time.monotonic()
                self._next_count = end + max(0.5, _COUNT_SPACING * (end - start))
        counted = (self._counted[key] for key in sorted(self._counted))
        editions = tuple(self._with_rate(progress, mail_status) for progress in counted)
        blockers = mail_status.edition_blockers((item.edition, item.totals) for item in editions)
        blockers = blockers or mail_status.pause_blockers
        return ProgressSnapshot(editions=editions, mail_status=mail_status, blockers=blockers)

    def _count(self, tx: Transaction, now: float) -> None:
        """Count the editions under way, now or at the last count."""
        under_way = {edition.key for edition in tx.editions.unfinished()}
        keys = under_way | (self._counted.keys() - self._done.keys())
        keys = keys if self._only is None else {self._only}
        for edition in filter(None, map(tx.editions.by_key, sorted(keys))):
            totals = tx.deliveries.totals(edition.key)
            self._counted[edition.key] = EditionProgress(
                edition=edition,
                totals=totals,
                next_attempt_at=tx.deliveries.next_attempt(edition.key),
            )
            self._rates[edition.key].add(now, totals.audience - totals.queued - totals.sending)
            if totals.waiting:
                self._done.pop(edition.key, None)
            else:
                self._done.setdefault(edition.key, now)
        for key, since in list(self._done.items()):
            if now - since > _DONE_SHOWN and key != self._only:
                del self._done[key], self._counted[key], self._rates[key]

    def _with_rate(self, progress: EditionProgress, mail_status: MailStatus) -> EditionProgress:
        per_second = self._rates[progress.edition.key].per_second
        if per_second is None:  # after the first count; the relays' rate is that of a sole edition
            under_way = sum(bool(counted.totals.waiting) for counted in self._counted.values())
            total = sum(relay.per_second for relay in mail_status.relays)
            per_second = total if under_way == 1 else 0.0
        return replace(progress, per_second=per_second)


class ProgressReporter:
    """Logs the progress of what this process is sending."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._watcher: ProgressWatcher | None = None
        self._logged: dict[int, object] = {}
        """The totals of each edition when it was last logged."""

    @contextmanager
    def enabled(self) -> Iterator[None]:
        """Log progress while the block delivers."""
        self._watcher, self._logged = ProgressWatcher(self._store, self._config), {}
        try:
            yield
        finally:
            self._watcher = None

    def log_progress(self) -> None:
        """Log each edition that has progressed since the last time; raise StoreError."""
        watcher = self._watcher
        if watcher is None:
            return
        for progress in watcher.poll(clock.now()).editions:
            key, totals = progress.edition.key, progress.totals
            before, self._logged[key] = self._logged.get(key), totals
            if totals.waiting and totals != before and progress.per_second:
                fields: dict[str, object] = {"accepted": totals.accepted, "of": totals.audience}
                for name in ("deferred", "failed", "unknown"):
                    if count := getattr(totals, name):
                        fields[name] = count
                fields["per_second"] = round(progress.per_second, 1)
                if progress.left is not None:
                    fields["done_in"] = str(progress.left)
                _log.info("sending", edition=key, **fields)
