"""Erases subscribers: their rows, and their traces elsewhere.

A hash of the address stays, so that no import adds it again; the ledger's rows stay, by
number alone.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from syndicate.model.subscribers import Action, Cause, normalise_email
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.audience.merges import FormerAddresses, Merges
from syndicate.store.database.keys import Keys
from syndicate.store.database.locks import LOCK_AUDIENCE, lock
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import (
    changes,
    clicks,
    confirmations,
    deliveries,
    delivery_events,
    editions,
    erasures,
    former_addresses,
    private_feeds,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

_SECRET = "erasures"  # noqa: S105 - its name


class Erasures(Repository):
    """Erases people, and knows the addresses that were erased."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._former = FormerAddresses(connection)
        self._keys = Keys(connection)

    def erase(self, key: int, *, at: datetime, cause: Cause) -> bool:
        """Erase everything about a subscriber; return False where there is none.

        Since nothing else is left, their suppressions go, too.
        """
        lock(self._connection, LOCK_AUDIENCE)
        query = select(subscribers.c.address).where(subscribers.c.key == key)
        address = self._execute(query).scalar()
        if address is None:
            return False
        addresses = [address, *self._former.by_subscriber(key)]
        rows = [{"hash": self._hash(erased), "at": at} for erased in addresses]
        self._insert_new(erasures, rows)
        self._delete(suppressions, suppressions.c.address.in_(addresses))
        # one random number that is nobody's, so that readers can still be counted
        nobody = -1 - secrets.randbelow(2**31 - 1)
        self._update(clicks, clicks.c.subscriber == key, subscriber=nobody)
        numbers = Merges(self._connection).all_numbers(key)
        for table in (deliveries, delivery_events):  # replies may quote the address
            self._update(
                table,
                table.c.edition.in_(select(editions.c.key)),
                table.c.subscriber.in_(numbers),
                table.c.reply != "",
                reply="",
            )
        self.delete_people([key], history=True)
        AuditLog(self._connection).add(key, Action.ERASED, cause=cause, at=at)
        return True

    def any(self) -> bool:
        """Whether anybody was ever erased."""
        return self._exists(erasures)

    def contains(self, email: str) -> bool:
        """Whether the owner of an address was erased."""
        return self._exists(erasures, erasures.c.hash == self._hash(normalise_email(email)))

    def delete(self, email: str) -> None:
        """Let the owner of an address subscribe again, at their own wish."""
        self._delete(erasures, erasures.c.hash == self._hash(normalise_email(email)))

    def delete_people(self, keys: Sequence[int], *, history: bool = False) -> None:
        """Delete people and everything that is theirs; with `history`, what the audit log says."""
        tables = [subscriptions, subscriber_tags, confirmations, private_feeds, former_addresses]
        for table in [*tables, changes] if history else tables:
            self._delete(table, table.c.subscriber.in_(keys))
        self._delete(subscribers, subscribers.c.key.in_(keys))

    def secret(self) -> bytes:
        """Return the key of the hashes: without it, nobody can try out addresses."""
        return self._keys.get(_SECRET)

    def _hash(self, address: str) -> str:
        return hash_address(address, self.secret())


def hash_address(address: str, secret: bytes) -> str:
    """Return the hash that is kept of an erased address, which is in its normal form."""
    return hmac.digest(secret, address.encode(), "sha256").hex()
