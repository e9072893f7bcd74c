"""The services of one publication, built from its store and its configuration."""

from dataclasses import dataclass
from datetime import datetime
from threading import Event

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop import claim_owner
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.worker import DeliveryReport, configured_transports, drain
from syndicate.model.schedule_slots import FireOutcome
from syndicate.publish.build.build import BuildSummary
from syndicate.publish.build.publisher import Publisher
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.push.change_notifier import ChangeNotifier
from syndicate.schedule.composer import Composer
from syndicate.schedule.firing import SlotDispatcher
from syndicate.schedule.retention import RetentionReport, purge_daily
from syndicate.store import Heartbeat, Store
from syndicate.store.editions.fires import Fire


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


class Services:
    """The services that publish, compose and deliver for one publication."""

    def __init__(self, store: Store, config: Config) -> None:
        """Build the services; secrets are read later, when mail is about to be sent.

        Raise ConfigError when a package that the mirror needs isn't installed, and
        StoreError when the store can't be written.
        """
        self.store = store
        self.config = config
        self.composer = Composer(store, config)
        self.dispatcher = SlotDispatcher(store, config, self.composer, claim_owner.identity())
        store.require_writable(clock.now())
        self.relays = configured_transports(config)
        self.links = SignedLinks(config, store.secret("links"))
        self.mirror = Mirror.of(config)
        """A copy of the output for a CDN. Callers update it after they have started delivery."""
        self.notifier = ChangeNotifier.of(store, config)
        """Notifies hubs and search engines. Callers run it after the mirror."""
        self._publisher = Publisher(store, config)

    def publish(self, at: datetime, *, trial: bool = False) -> BuildSummary:
        """Give numbers to newly public articles, and bring the output up to date.

        A `trial` runs as of another time than now and notifies nobody.
        """
        summary = self._publisher.publish(at, number=True, trial=trial)
        if self.notifier is not None:
            self.notifier.record_build(summary, at)
        return summary

    def deliver(self, at: datetime, stop: Event | None = None) -> DeliveryReport:
        """Send everything that is due; once `stop` is set, finish what is in flight and return."""
        return drain(self.store, self.config, self.relays, self.links, at=at, stop=stop or Event())

    def tick(self, at: datetime, *, trial: bool = False) -> TickReport:
        """Publish, fire all due slots, deliver all due mail, and once a day apply retention.

        Publishing, slots, selection and retries go by `at`; leases and recorded times go by
        the real clock. A `trial` notifies nobody and stores no schedule's start.
        """
        summary = self.publish(at, trial=trial)
        fires = tuple(self.dispatcher.fire_all(at, trial=trial))
        delivered = self.deliver(at)
        purged = purge_daily(self.store, self.config, at=at, stop=Event())
        if not trial:
            with self.store.write() as tx:
                tx.heartbeats.record(Heartbeat.TICK, clock.now())
        return TickReport(built=summary, fires=fires, delivered=delivered, purged=purged)
