"""Erases subscribers: their rows, and their traces elsewhere.

A hash of the address stays, so that no import adds it again; the ledger's rows stay, by
number alone.
"""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, delete, select, update

from syndicate.model.subscribers import Action, Cause, normalise_email
from syndicate.store.audience.audit_log import AuditEntry, AuditLog
from syndicate.store.audience.former_addresses import FormerAddresses
from syndicate.store.audience.merges import Merges
from syndicate.store.database.keys import Keys
from syndicate.store.database.locks import LOCK_AUDIENCE, lock
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import (
    changes,
    clicks,
    deliveries,
    delivery_events,
    editions,
    erasures,
    private_feeds,
    requests,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)
from syndicate.store.database.sql_engine import insert_new

_SECRET = "erasures"  # noqa: S105 - its name


class Erasures(Repository):
    """Erases people, and knows the addresses that were erased."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._former = FormerAddresses(connection)

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
        insert_new(self._connection, erasures, rows)
        suppressed = suppressions.c.address.in_(addresses)
        self._execute(delete(suppressions).where(suppressed))
        self._blank_traces(key)
        delete_history(self._connection, [key])
        delete_people(self._connection, [key])
        entry = AuditEntry(subscriber=key, action=Action.ERASED, cause=cause, at=at)
        AuditLog(self._connection).add(entry)
        return True

    def any(self) -> bool:
        """Whether anybody was ever erased."""
        return self._execute(select(erasures.c.hash).limit(1)).first() is not None

    def contains(self, email: str) -> bool:
        """Whether the owner of an address was erased."""
        query = select(erasures.c.hash).where(erasures.c.hash == self._hash(normalise_email(email)))
        return self._execute(query).first() is not None

    def delete(self, email: str) -> None:
        """Let the owner of an address subscribe again, at their own wish."""
        erased = erasures.c.hash == self._hash(normalise_email(email))
        self._execute(delete(erasures).where(erased))

    def secret(self) -> bytes:
        """Return the key of the hashes: without it, nobody can try out addresses."""
        return Keys(self._connection).get(_SECRET)

    def _hash(self, address: str) -> str:
        return hash_address(address, self.secret())

    def _blank_traces(self, key: int) -> None:
        """Blank servers' replies, which may quote the address, and make clicks anonymous.

        Clicks get one random number that is nobody's, so that readers can still be counted.
        """
        nobody = -1 - secrets.randbelow(2**31 - 1)
        clicked = update(clicks).where(clicks.c.subscriber == key)
        self._execute(clicked, {"subscriber": nobody})
        numbers = Merges(self._connection).all_numbers(key)
        for table in (deliveries, delivery_events):
            replied = and_(
                table.c.edition.in_(select(editions.c.key)),
                table.c.subscriber.in_(numbers),
                table.c.reply != "",
            )
            self._execute(update(table).where(replied), {"reply": ""})


def hash_address(address: str, secret: bytes) -> str:
    """Return the hash that is kept of an erased address, which is in its normal form."""
    return hmac.digest(secret, address.encode(), "sha256").hex()


def delete_history(connection: Connection, keys: Iterable[int]) -> None:
    """Delete what the audit log says of people."""
    connection.execute(delete(changes).where(changes.c.subscriber.in_(keys)))


def delete_people(connection: Connection, keys: Iterable[int]) -> None:
    """Delete people with their subscriptions, tags, requests, feeds and former addresses."""
    keys = list(keys)
    for table in (subscriptions, subscriber_tags, requests, private_feeds):
        connection.execute(delete(table).where(table.c.subscriber.in_(keys)))
    FormerAddresses(connection).delete_all(keys)
    connection.execute(delete(subscribers).where(subscribers.c.key.in_(keys)))
