"""The wiring: one publication's parts, put together in one place."""

from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Self

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop import claim_owner
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.smtp.relay import Transport
from syndicate.deliver.transport import transport
from syndicate.deliver.worker import DeliveryReport, drain
from syndicate.publish.build.build import BuildSummary, Publisher
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.push.change_notifier import ChangeNotifier
from syndicate.render.templates import Templates
from syndicate.schedule.composer import Composer
from syndicate.schedule.firing import SlotDispatcher
from syndicate.store import Store


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A publication at work: it publishes, composes and delivers."""

    store: Store
    config: Config
    desk: Composer
    timekeeper: SlotDispatcher
    relays: tuple[Transport, ...]
    links: SignedLinks
    publisher: Publisher
    mirror: Mirror | None
    """The output once more, for a CDN; whoever publishes has it follow when mail is on its way."""
    herald: ChangeNotifier | None
    """Tells hubs and search engines, after the mirror."""

    @classmethod
    def of(cls, store: Store, config: Config) -> Self:
        """Put a publication together.

        Raise ConfigError when what its mirror needs isn't installed, and StoreError when
        the store can't be written. Secrets are read when mail is about to be sent.
        """
        desk = Composer(store, config, Templates.of(config))
        timekeeper = SlotDispatcher(store, config, desk, node=claim_owner.identity())
        store.require_writable(clock.now())
        links = SignedLinks(config, store.secret("links"))
        return cls(
            store=store,
            config=config,
            desk=desk,
            timekeeper=timekeeper,
            relays=transport(config),
            links=links,
            publisher=Publisher(store, config),
            mirror=Mirror.of(config),
            herald=ChangeNotifier.of(store, config),
        )

    def publish(self, at: datetime, *, trial: bool = False) -> BuildSummary:
        """Give public numbers to what became public, and bring the output up to date.

        Of a `trial`, as of another time than now, nobody is told.
        """
        built = self.publisher.publish(at, number=True, trial=trial)
        if self.herald is not None:
            self.herald.hear(built, at)
        return built

    def deliver(self, at: datetime, stop: Event | None = None) -> DeliveryReport:
        """Hand over everything that is due; stop early, but cleanly, once `stop` is set."""
        return drain(self.store, self.config, self.relays, self.links, at=at, stop=stop or Event())
