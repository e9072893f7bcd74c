"""Erasures: who must not be brought back, as no more than a hash of their address."""

import hmac
from datetime import datetime

from sqlalchemy import Connection, delete, select

from syndicate.model.subscribers import normalise_email
from syndicate.store.database.keys import Keys
from syndicate.store.database.schema import erasures
from syndicate.store.database.sql_engine import insert_new

_SECRET = "erasures"  # noqa: S105 - its name


class Erasures:
    """Addresses that were erased."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def there_are_some(self) -> bool:
        """Whether anybody was ever erased."""
        return self._connection.execute(select(erasures.c.hash).limit(1)).first() is not None

    def secret(self) -> bytes:
        """Return what addresses are hashed with: without it, nobody can try out addresses."""
        return Keys(self._connection).get(_SECRET)

    def keep(self, email: str, *, at: datetime) -> None:
        """Remember that somebody was erased."""
        insert_new(self._connection, erasures, {"hash": self._hash(email), "at": at})

    def has(self, email: str) -> bool:
        """Whether somebody with this address had everything about them erased."""
        query = select(erasures.c.hash).where(erasures.c.hash == self._hash(email))
        return self._connection.execute(query).first() is not None

    def forget(self, email: str) -> None:
        """Let somebody come back, who wishes so themselves."""
        self._connection.execute(delete(erasures).where(erasures.c.hash == self._hash(email)))

    def _hash(self, email: str) -> str:
        return hashed(normalise_email(email), self.secret())


def hashed(address: str, secret: bytes) -> str:
    """Return what stands for an address, which is in its normal form, among the erased."""
    return hmac.digest(secret, address.encode(), "sha256").hex()
