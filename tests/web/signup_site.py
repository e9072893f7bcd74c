"""A publication where readers sign up, with the letters that it sends them."""

from dataclasses import dataclass
from threading import Event
from typing import Any

import httpx

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.outbox import Outbox, OutboxMessage
from syndicate.deliver.worker import configured_transports, drain
from syndicate.model.subscribers import ConfirmationKind, Subscriber
from syndicate.store import PendingConfirmation, Store
from tests.web.known_reader import questions_to


@dataclass
class SignupSite:
    """A publication on the web, with its store and its outbox."""

    client: httpx.Client
    store: Store
    config: Config

    def sign_up(self, email: str = "anna@example.org", **typed: Any) -> httpx.Response:
        """Send the form, as a page of another site does."""
        return self.client.post("/signup", data={"email": email, **typed})

    def reader(self, email: str = "anna@example.org") -> Subscriber | None:
        """Return the reader with an address."""
        with self.store.read() as tx:
            return tx.subscribers.by_email(email)

    def states(self, email: str = "anna@example.org") -> dict[str, str]:
        """Return the state of each subscription of an address."""
        reader = self.reader(email)
        return {item.newsletter: item.state for item in reader.subscriptions} if reader else {}

    def questions(self, email: str = "anna@example.org") -> list[PendingConfirmation]:
        """Return the confirmations that an address was sent, newest first."""
        reader = self.reader(email)
        if reader is None:
            return []
        with self.store.read() as tx:
            return questions_to(tx, reader.key, ConfirmationKind.SUBSCRIBE)

    def link(self, email: str = "anna@example.org") -> str:
        """Return the path of the newest letter's button."""
        question = self.questions(email)[0]
        with self.store.write() as tx:
            links = SignedLinks(self.config, tx.keys.secret("links"))
        return "/confirm/" + links.confirm(question.letter, question.subscriber).rpartition("/")[2]

    def letters(self) -> list[OutboxMessage]:
        """Deliver what is due; return the messages in the outbox, oldest first."""
        with self.store.write() as tx:
            links = SignedLinks(self.config, tx.keys.secret("links"))
        relay = configured_transports(self.config)
        drain(self.store, self.config, relay, links, at=clock.now(), stop=Event())
        return sorted(Outbox.of(self.config).messages(), key=lambda kept: kept.name)
