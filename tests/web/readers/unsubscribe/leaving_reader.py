"""A reader of one edition, with the link to unsubscribe that is in it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from syndicate.deliver.message.links import SignedLinks
from syndicate.model.subscribers import SubscriberChange, SubscriptionState
from syndicate.store import Store
from tests.causes import by_test

AT = datetime(2026, 11, 24, 13, 17, tzinfo=UTC)
URLENCODED: dict[str, Any] = {"data": {"List-Unsubscribe": "One-Click"}}
MULTIPART: dict[str, Any] = {"files": {"List-Unsubscribe": (None, "One-Click")}}


@dataclass
class Reader:
    """A subscriber of the newsletter `breaking`, and their link."""

    store: Store
    client: httpx.Client
    key: int
    path: str

    @property
    def state(self) -> SubscriptionState | None:
        with self.store.read() as tx:
            found = tx.subscribers.by_key(self.key)
        return found.subscriptions[0].state if found and found.subscriptions else None

    @property
    def trail(self) -> list[SubscriberChange]:
        with self.store.read() as tx:
            return list(tx.audit_log.changes(self.key))

    @property
    def everything(self) -> Any:
        """All that the store knows of them."""
        with self.store.read() as tx:
            return tx.subscribers.by_key(self.key)


def known_reader(client, store, config, newsletter="breaking") -> Reader:
    with store.write() as tx:
        tx.subscribers.subscribe("anna@example.org", newsletter, cause=by_test(AT))
        found = tx.subscribers.by_email("anna@example.org")
        token = (
            SignedLinks(config, tx.keys.secret("links"))
            .unsubscribe(found.key, newsletter)
            .rpartition("/")[2]
        )
    return Reader(store, client, found.key, f"/unsubscribe/{token}")
