"""How far it is with what is being sent: looked at from any process, in the store alone."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from syndicate import clock
from syndicate.config import Config
from syndicate.model.edition_progress import CountRate, EditionProgress
from syndicate.model.editions import Edition
from syndicate.schedule.mail_status import MailStatus
from syndicate.store import Store, Transaction

_log = structlog.get_logger(__name__)
_SHARE = 10
"""Counting waits for so many times the time that it took: it costs a tenth of a core at most."""
_KEPT = 60.0
"""Seconds for which an edition that is done is still told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressSnapshot:
    """What there is to see at one time."""

    editions: tuple[EditionProgress, ...]
    """Those that are being sent, or wait to be, and those that have just been; oldest first."""
    traffic: MailStatus


class ProgressWatcher:
    """Looks at what is being sent, as often as it is asked.

    Who is at work, and at which pace, is a handful of rows and read each time. The
    ledger is counted out of an index, a million rows in a twentieth of a second or
    a few times that; it is counted again after ten times as long, and not twice a second. In
    between the counts stand still.
    """

    def __init__(self, store: Store, config: Config, *, only: int | None = None) -> None:
        """Look at all editions, or at `only` one of them, be it done or not."""
        self._store = store
        self._config = config
        self._only = only
        self._speeds: defaultdict[int, CountRate] = defaultdict(CountRate)
        self._counted: dict[int, EditionProgress] = {}
        self._done: dict[int, float] = {}
        """When an edition was first seen to be done."""
        self._next_count = 0.0

    def look(self, at: datetime) -> ProgressSnapshot:
        """Say how it is at `at`, which is now; raise StoreError."""
        now = time.monotonic()
        with self._store.read() as tx:
            traffic = MailStatus.read(tx, self._config, at)
            if now >= self._next_count:
                began = time.monotonic()
                self._count(tx, now)
                ended = time.monotonic()
                self._next_count = ended + max(0.5, _SHARE * (ended - began))
        found = (self._counted[key] for key in sorted(self._counted))
        return ProgressSnapshot(
            editions=tuple(self._measured(one, traffic) for one in found), traffic=traffic
        )

    def _count(self, tx: Transaction, now: float) -> None:
        for edition in self._wanted(tx):
            totals = tx.deliveries.totals(edition.key)
            self._counted[edition.key] = EditionProgress(
                edition=edition,
                totals=totals,
                next_attempt_at=tx.deliveries.next_attempt(edition.key),
            )
            self._speeds[edition.key].note(now, totals.audience - totals.queued - totals.sending)
            if totals.waiting:
                self._done.pop(edition.key, None)
            else:
                self._done.setdefault(edition.key, now)
        for key, since in list(self._done.items()):
            if now - since > _KEPT and key != self._only:
                del self._done[key], self._counted[key], self._speeds[key]

    def _wanted(self, tx: Transaction) -> list[Edition]:
        """Return what is under way, and what was under way when it was last counted."""
        if self._only is not None:
            found = [tx.editions.by_key(self._only)]
        else:
            under_way = tx.editions.unfinished()
            going = {edition.key for edition in under_way}
            ended = self._counted.keys() - going - self._done.keys()
            found = [*under_way, *(tx.editions.by_key(key) for key in sorted(ended))]
        return [edition for edition in found if edition is not None]

    def _measured(self, one: EditionProgress, traffic: MailStatus) -> EditionProgress:
        speed = self._speeds[one.edition.key].per_second
        if speed is None:  # as at the first look: whose pace it is is plain where there is but one
            going = sum(bool(each.totals.waiting) for each in self._counted.values())
            speed = sum(way.per_second for way in traffic.ways) if going == 1 else 0.0
        return replace(one, per_second=speed)


class ProgressReporter:
    """Tells in the log how far it is with what this process sends, while it sends something."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._lookout: ProgressWatcher | None = None
        self._told: dict[int, object] = {}

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have something to tell of while the block delivers."""
        self._lookout, self._told = ProgressWatcher(self._store, self._config), {}
        try:
            yield
        finally:
            self._lookout = None

    def tell(self) -> None:
        """Tell how far each edition is that came further since; raise StoreError."""
        lookout = self._lookout
        if lookout is None:
            return
        for one in lookout.look(clock.now()).editions:
            before, self._told[one.edition.key] = self._told.get(one.edition.key), one.totals
            if one.totals.waiting and one.totals != before and one.per_second:
                _log.info("sending", **_told(one))


def _told(one: EditionProgress) -> dict[str, object]:
    """Return the fields of its event."""
    told: dict[str, object] = {"edition": one.edition.key}
    told |= {"accepted": one.totals.accepted, "of": one.totals.audience}
    for name in ("deferred", "failed", "unknown"):
        if count := getattr(one.totals, name):
            told[name] = count
    told["per_second"] = round(one.per_second, 1)
    if one.left is not None:
        told["done_in"] = str(one.left)
    return told
