"""One pass over everything that is due, as cron runs it."""

from dataclasses import dataclass
from datetime import datetime
from threading import Event

from syndicate import clock
from syndicate.deliver.worker import DeliveryReport
from syndicate.publish.build.build import BuildSummary
from syndicate.schedule.retention import RetentionReport, purge_daily
from syndicate.schedule.wiring import Services
from syndicate.store import Heartbeat
from syndicate.store.editions.fires import Fire, FireOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """The results of one pass."""

    built: BuildSummary
    fires: tuple[Fire, ...]
    delivered: DeliveryReport
    purged: RetentionReport | None = None
    """None if retention had already run that day."""

    @property
    def failed(self) -> bool:
        """Whether a slot or page failed, due mail can't leave, or an edition paused itself.

        A bounced recipient is not a failure.
        """
        slots = any(fire.outcome is FireOutcome.FAILED for fire in self.fires)
        mail = bool(self.delivered.unavailable or self.delivered.paused)
        return slots or bool(self.built.failed) or mail


def tick(services: Services, *, at: datetime, trial: bool = False) -> TickReport:
    """Publish, fire all slots due at `at`, deliver all due mail, and once a day apply retention.

    Publishing, slots, selection and retries go by `at`; leases and recorded times go by
    the real clock. A `trial` notifies nobody and stores no schedule's start.
    """
    summary = services.publish(at, trial=trial)
    fires = tuple(services.dispatcher.fire_all(at, trial=trial))
    delivered = services.deliver(at)
    purged = purge_daily(services.store, services.config, at=at, stop=Event())
    if not trial:
        with services.store.write() as tx:
            tx.heartbeats.record(Heartbeat.TICK, clock.now())
    return TickReport(built=summary, fires=fires, delivered=delivered, purged=purged)
