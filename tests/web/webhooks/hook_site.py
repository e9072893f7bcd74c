"""A publication whose mail providers report to it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import func, select

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import StoreLocked
from syndicate.model.deliveries import DeliveryState
from syndicate.model.feedback import FeedbackRecord
from syndicate.store import Store, Transaction
from syndicate.store.database.schema import changes
from tests.causes import by_test
from tests.feedback.providers.provider_calls import (
    KINDS,
    SECRETS,
    TOPIC,
    Message,
    SignedCall,
    bounced,
    signed,
)
from tests.feedback.reported import Newsroom

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PROVIDER_ID = "0102018f3c2a7b1e-5d2c"
DOMAIN = "news.example.org"


def hook_tables(*kinds: str) -> list[dict[str, Any]]:
    """Return `[[hooks]]`, one of each kind."""
    return [
        {"name": kind, "kind": kind}
        | ({"topic": TOPIC} if kind == "ses" else {"secret_env": f"HOOK_{kind.upper()}"})
        for kind in kinds or KINDS
    ]


def secrets_in_the_environment() -> dict[str, str]:
    """Return the environment variables that `hook_tables` names."""
    return {f"HOOK_{kind.upper()}": secret for kind, secret in SECRETS.items() if secret}


def is_busy(_: object) -> None:
    """Raise what a store raises that another process has locked."""
    raise StoreLocked("the store is locked")


@dataclass
class HookSite:
    """A newsroom with hooks, and a client that calls them."""

    store: Store
    config: Config
    client: httpx.Client | None = None

    def __post_init__(self) -> None:
        self.newsroom = Newsroom(self.store, self.config)
        self.links = SignedLinks(self.config, self.store.secret("links"))
        self._readers: dict[str, int] = {}

    def send(
        self,
        *emails: str,
        at: datetime | None = None,
        state: DeliveryState = DeliveryState.ACCEPTED,
        reply: str = f"2.0.0 Ok: queued as {PROVIDER_ID}",
    ) -> list[Message]:
        """Send an edition to readers; return what a provider knows of each message."""
        at = at or clock.now() - HOUR
        emails = emails or ("anna@example.net",)
        self._subscribe(set(emails) - set(self._readers), at - DAY)
        edition = self.newsroom.send(at, to=len(emails), state=state, reply=reply)
        return [
            Message(
                message_id=self.links.message_id(edition, self._readers[email], DOMAIN),
                recipient=email,
                provider_id=PROVIDER_ID,
                at=at + timedelta(minutes=1),
                id=f"event {edition}-{self._readers[email]}",
            )
            for email in emails
        ]

    def send_many(self, count: int) -> list[Message]:
        """Send so many messages, in editions to fifty readers; return what a provider knows."""
        emails = [f"reader-{number}@example.net" for number in range(50)]
        return [message for _ in range(0, count, len(emails)) for message in self.send(*emails)]

    def _subscribe(self, emails: set[str], at: datetime) -> None:
        with self.store.write() as tx:
            for email in sorted(emails):
                tx.subscribers.subscribe(email, "breaking", cause=by_test(at))
                reader = tx.subscribers.by_email(email)
                assert reader is not None
                self._readers[email] = reader.key

    def bounce(self, kind: str, about: Message, *, at: datetime | None = None) -> SignedCall:
        """Return a provider's call with a hard bounce, signed now or at a time."""
        return signed(kind, bounced(kind, about), at=at or clock.now(), id=about.id)

    def post(self, name: str, call: SignedCall, **headers: str) -> httpx.Response:
        """Send a call to a hook."""
        assert self.client is not None
        sent = {"content-type": "application/json", **call.headers, **headers}
        query = f"?{call.query}" if call.query else ""
        return self.client.post(f"/hooks/{name}{query}", content=call.body, headers=sent)

    def feedback(self) -> Counter[str]:
        """Count what is recorded about all deliveries, by its kind."""
        with self.store.read() as tx:
            return Counter(record.kind.value for record in self._records(tx))

    def suppressed(self, email: str = "anna@example.net") -> str | None:
        """Return the kind of an address's suppression."""
        return self.newsroom.suppressed(email)

    def counts(self, name: str) -> dict[str, int]:
        """Return how often a hook has reported what, as stored."""
        with self.store.read() as tx:
            counts = tx.held_reports.counts()
        return {what: count for (source, what), count in counts.items() if source == f"hook {name}"}

    def everything(self) -> tuple[Any, ...]:
        """Return all that a call may change, but for the counts of calls."""
        with self.store.read() as tx:
            count = select(func.count()).select_from(changes)
            return tuple(self._records(tx)), tx._connection.scalar(count)

    def _records(self, tx: Transaction) -> Iterator[FeedbackRecord]:
        """Iterate over the feedback about all editions."""
        for edition in range(1, 50):
            yield from tx.feedback.by_edition(edition)
