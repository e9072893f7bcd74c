"""Secrets of the publication, kept with it: a backup of the store is a backup of every link."""

import secrets

from sqlalchemy import Connection, select

from syndicate.store.database.schema import keys
from syndicate.store.database.sql_engine import insert_new

LENGTH = 32


class Keys:
    """The publication's secrets."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def secret(self, name: str) -> bytes:
        """Return a secret, made at first use (which needs a write transaction)."""
        found = self.find(name)
        if found is None:
            fresh = {"name": name, "secret": fresh_secret()}
            insert_new(self._connection, keys, fresh)
            found = self.find(name)
            assert found is not None
        return found

    def get(self, name: str) -> bytes:
        """Return a secret of every store since its migration; for those who only read."""
        found = self.find(name)
        assert found is not None, f"a migration makes the secret {name}"
        return found

    def find(self, name: str) -> bytes | None:
        """Return a secret; None before its first use."""
        query = select(keys.c.secret).where(keys.c.name == name)
        return self._connection.execute(query).scalar()


def fresh_secret() -> bytes:
    """Return a new secret."""
    return secrets.token_bytes(LENGTH)
