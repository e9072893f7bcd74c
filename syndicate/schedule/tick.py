"""One pass over everything that is due: what cron calls, and what `run` does all the time."""

from dataclasses import dataclass
from datetime import datetime
from threading import Event

from syndicate import clock
from syndicate.deliver.worker import DeliveryReport
from syndicate.publish.build.build import BuildSummary
from syndicate.schedule.retention import RetentionReport, forget_daily
from syndicate.schedule.wiring import Newsroom
from syndicate.store import Heartbeat
from syndicate.store.editions.fires import Fire, FireOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """What a pass did."""

    built: BuildSummary
    fires: tuple[Fire, ...]
    delivered: DeliveryReport
    forgotten: RetentionReport | None = None
    """What retention did; None where it had been done that day."""

    @property
    def failed(self) -> bool:
        """Whether a slot or page failed, mail that is due can't leave, or an edition paused itself.

        A refused reader is no failure.
        """
        slots = any(fire.outcome is FireOutcome.FAILED for fire in self.fires)
        mail = bool(self.delivered.unavailable or self.delivered.paused)
        return slots or bool(self.built.failed) or mail


def tick(newsroom: Newsroom, *, at: datetime, trial: bool = False) -> TickReport:
    """Publish what is due, deal with every slot due at `at`, deliver everything that is due.

    Once a day, what is too old to be kept is forgotten after that.

    `at` is the clock for publishing, slots, selection and retries; leases and
    recorded times go by the real one. Nobody is notified of what a `trial` publishes,
    and no schedule begins with it.
    """
    built = newsroom.publish(at, trial=trial)
    fires = tuple(newsroom.timekeeper.fire_all(at, trial=trial))
    delivered = newsroom.deliver(at)
    forgotten = forget_daily(newsroom.store, newsroom.config, at=at, stop=Event())
    if not trial:
        with newsroom.store.write() as tx:
            tx.heartbeats.record(Heartbeat.TICK, clock.now())
    return TickReport(built=built, fires=fires, delivered=delivered, forgotten=forgotten)
