"""Build the services of one publication from its store and its configuration."""

from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Self

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop import claim_owner
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.smtp.transport import Transport
from syndicate.deliver.worker import DeliveryReport, configured_transports, drain
from syndicate.publish.build.build import BuildSummary
from syndicate.publish.build.publisher import Publisher
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.push.change_notifier import ChangeNotifier
from syndicate.schedule.composer import Composer
from syndicate.schedule.firing import SlotDispatcher
from syndicate.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """The services that publish, compose and deliver for one publication."""

    store: Store
    config: Config
    composer: Composer
    dispatcher: SlotDispatcher
    relays: tuple[Transport, ...]
    links: SignedLinks
    publisher: Publisher
    mirror: Mirror | None
    """A copy of the output for a CDN. Callers update it after they have started delivery."""
    notifier: ChangeNotifier | None
    """Notifies hubs and search engines. Callers run it after the mirror."""

    @classmethod
    def of(cls, store: Store, config: Config) -> Self:
        """Build the services; secrets are read later, when mail is about to be sent.

        Raise ConfigError when a package that the mirror needs isn't installed, and
        StoreError when the store can't be written.
        """
        composer = Composer(store, config)
        dispatcher = SlotDispatcher(store, config, composer, node=claim_owner.identity())
        store.require_writable(clock.now())
        links = SignedLinks(config, store.secret("links"))
        return cls(
            store=store,
            config=config,
            composer=composer,
            dispatcher=dispatcher,
            relays=configured_transports(config),
            links=links,
            publisher=Publisher(store, config),
            mirror=Mirror.of(config),
            notifier=ChangeNotifier.of(store, config),
        )

    def publish(self, at: datetime, *, trial: bool = False) -> BuildSummary:
        """Give numbers to newly public articles, and bring the output up to date.

        A `trial` runs as of another time than now and notifies nobody.
        """
        summary = self.publisher.publish(at, number=True, trial=trial)
        if self.notifier is not None:
            self.notifier.record_build(summary, at)
        return summary

    def deliver(self, at: datetime, stop: Event | None = None) -> DeliveryReport:
        """Send everything that is due; once `stop` is set, finish what is in flight and return."""
        return drain(self.store, self.config, self.relays, self.links, at=at, stop=stop or Event())
