"""Merges two subscribers into one, and keeps numbers and addresses that people used to have.

Links and ledger rows keep the old number, and an address in an old list stands for the person
who used to have it. The audit log records a merge on both sides.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from syndicate.model.subscribers import Action, Cause, Subscriber, SubscriptionState
from syndicate.store.articles.reading import ArticleReader
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import (
    changes,
    clicks,
    former_addresses,
    subscriber_tags,
    subscribers,
    subscriptions,
)

_MERGED_FROM = "took in "
_MERGED_INTO = "became "
_MAX_STEPS = 100
"""Merges that are followed at most, so that a circle ends."""
_BATCH = 500
"""Addresses per query."""


class Merges(Repository):
    """Merges, and the numbers and addresses, in their normal form, that people used to have."""

    def combine(self, first: Subscriber, second: Subscriber, cause: Cause) -> None:
        """Give the first person's subscriptions, tags, fields and past to the second.

        Where both have a subscription to a newsletter and one of them left, it stays left.
        """
        states = {other.newsletter: other.state for other in second.subscriptions}
        for taken in first.subscriptions:
            names = {"subscriber": second.key, "newsletter": taken.newsletter}
            row: dict[str, Any] = {"state": taken.state, "at": taken.at, "source": taken.source}
            state = states.get(taken.newsletter)
            if state is None:
                self._insert_new(subscriptions, {**names, **row, "since": taken.since})
            elif state is SubscriptionState.PENDING or taken.state is SubscriptionState.LEFT:
                if taken.state is SubscriptionState.CONFIRMED:
                    row["since"] = ArticleReader(self._connection).newest_number()
                matches = [subscriptions.c[name] == value for name, value in names.items()]
                self._update(subscriptions, *matches, **row)
        tags = [{"subscriber": second.key, "tag": tag} for tag in first.tags]
        self._insert_new(subscriber_tags, tags)
        pauses = [person.paused_until for person in (first, second) if person.paused_until]
        self._update(
            subscribers,
            subscribers.c.key == second.key,
            name=second.name or first.name,
            language=second.language or first.language,
            fields={**first.fields, **second.fields},
            paused_until=max(pauses, default=None),
            created_at=min(first.created_at, second.created_at),
        )
        for table in (changes, clicks, former_addresses):
            self._update(table, table.c.subscriber == first.key, subscriber=second.key)
        details = [
            (second.key, f"{_MERGED_FROM}{first.key}"),
            (first.key, f"{_MERGED_INTO}{second.key}"),
        ]
        AuditLog(self._connection).add_all(details, Action.MERGED, cause)

    def current_number(self, key: int) -> int:
        """Return today's number of the person who once had this one; mostly the same."""
        for _ in range(_MAX_STEPS):
            merged_into = self._details(key, _MERGED_INTO)
            if not merged_into:
                break
            key = merged_into[-1]
        return key

    def all_numbers(self, key: int) -> list[int]:
        """Return every number that a subscriber has had, today's first."""
        return [key, *self._details(key, _MERGED_FROM)]

    def add_address(self, address: str, subscriber: int) -> None:
        """Record that an address used to be a subscriber's."""
        self._save(former_addresses, {"address": address, "subscriber": subscriber})

    def delete_address(self, address: str) -> None:
        """Delete an address that is a subscriber's own now."""
        self._delete(former_addresses, former_addresses.c.address == address)

    def addresses(self, key: int) -> list[str]:
        """Return a subscriber's former addresses."""
        query = select(former_addresses.c.address).where(former_addresses.c.subscriber == key)
        return self._column(query.order_by(former_addresses.c.address))

    def former_owner(self, address: str) -> int | None:
        """Return the number of the person who used to have an address."""
        return self._scalar(former_addresses.c.subscriber, former_addresses.c.address == address)

    def current_addresses(self, addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return, by former address, its owner's `address` and `email` of today."""
        if not self._exists(former_addresses):
            return {}
        query = select(former_addresses.c.address, subscribers.c.address, subscribers.c.email).join(
            subscribers, subscribers.c.key == former_addresses.c.subscriber
        )
        return {
            former: {"address": address, "email": email}
            for start in range(0, len(addresses), _BATCH)
            for former, address, email in self._execute(
                query.where(former_addresses.c.address.in_(addresses[start : start + _BATCH]))
            )
        }

    def _details(self, key: int, prefix: str) -> list[int]:
        query = select(changes.c.detail).where(
            changes.c.subscriber == key,
            changes.c.action == Action.MERGED,
            changes.c.detail.startswith(prefix),
        )
        details = self._column(query.order_by(changes.c.key))
        return [int(detail.removeprefix(prefix)) for detail in details]
