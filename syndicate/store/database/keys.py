"""Secrets of the publication, kept in the store, so that a restored one knows every link."""

import secrets

from sqlalchemy import select

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import keys


class Keys(Repository):
    """The publication's secrets, by name."""

    def secret(self, name: str) -> bytes:
        """Return a secret; make it at its first use, which needs a write transaction."""
        secret = self.find(name)
        if secret is None:
            self._insert_new(keys, {"name": name, "secret": new_secret()})
            secret = self.get(name)
        return secret

    def get(self, name: str) -> bytes:
        """Return a secret that every store has from the start."""
        secret = self.find(name)
        assert secret is not None, f"no store is made without the secret {name}"
        return secret

    def find(self, name: str) -> bytes | None:
        """Return a secret; None before its first use."""
        query = select(keys.c.secret).where(keys.c.name == name)
        return self._execute(query).scalar()


def new_secret() -> bytes:
    """Return 32 random bytes."""
    return secrets.token_bytes(32)
