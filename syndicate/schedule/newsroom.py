"""The wiring: one publication's parts, put together in one place."""

from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Self

from syndicate.config import Config
from syndicate.deliver import owner
from syndicate.deliver.links import Links
from syndicate.deliver.relay import Relay
from syndicate.deliver.transport import transport
from syndicate.deliver.worker import Drained, drain
from syndicate.publish.build import Built, Publisher
from syndicate.publish.mirror import Mirror
from syndicate.render.templates import Templates
from syndicate.schedule.desk import Desk
from syndicate.schedule.firing import Timekeeper
from syndicate.store import Store


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A publication at work: it publishes, composes and delivers."""

    store: Store
    config: Config
    desk: Desk
    timekeeper: Timekeeper
    relay: Relay
    links: Links
    publisher: Publisher
    mirror: Mirror | None
    """The output once more, for a CDN; whoever publishes has it follow when mail is on its way."""

    @classmethod
    def of(cls, store: Store, config: Config) -> Self:
        """Put a publication together.

        Raise ConfigError when its mail password is missing, or what its mirror needs.
        """
        desk = Desk(store, config, Templates.of(config))
        timekeeper = Timekeeper(store, config, desk, node=owner.identity())
        with store.write() as tx:
            links = Links(config, tx.keys.secret("links"))
        publisher, mirror = Publisher(store, config), Mirror.of(config)
        return cls(store, config, desk, timekeeper, transport(config), links, publisher, mirror)

    def publish(self, at: datetime) -> Built:
        """Give public numbers to what became public, and bring the output up to date."""
        return self.publisher.publish(at, number=True)

    def deliver(self, at: datetime, stop: Event | None = None) -> Drained:
        """Hand over everything that is due; stop early, but cleanly, once `stop` is set."""
        return drain(self.store, self.config, self.relay, self.links, at=at, stop=stop or Event())
