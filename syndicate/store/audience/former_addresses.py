"""Former addresses: those of people who were merged, or moved to another address.

One in an old list stands for the person who used to have it.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import delete, select, update

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import former_addresses, subscribers
from syndicate.store.database.sql_engine import insert_new

_BATCH = 500
"""Addresses per query."""


class FormerAddresses(Repository):
    """Former addresses, in their normal form, by subscriber."""

    def add(self, address: str, subscriber: int) -> None:
        """Record that an address used to be a subscriber's."""
        self.delete(address)
        row = {"address": address, "subscriber": subscriber}
        insert_new(self._connection, former_addresses, row)

    def delete(self, address: str) -> None:
        """Delete an address that is a subscriber's own now."""
        matches = former_addresses.c.address == address
        self._execute(delete(former_addresses).where(matches))

    def delete_all(self, keys: Sequence[int]) -> None:
        """Delete the former addresses of some people."""
        matches = former_addresses.c.subscriber.in_(keys)
        self._execute(delete(former_addresses).where(matches))

    def reassign(self, key: int, into: int) -> None:
        """Give the former addresses of one person to another."""
        matches = former_addresses.c.subscriber == key
        self._execute(update(former_addresses).where(matches), {"subscriber": into})

    def by_subscriber(self, key: int) -> list[str]:
        """Return a subscriber's former addresses."""
        query = select(former_addresses.c.address).where(former_addresses.c.subscriber == key)
        return list(self._execute(query.order_by(former_addresses.c.address)).scalars())

    def owner(self, address: str) -> int | None:
        """Return the number of the person who used to have an address."""
        query = select(former_addresses.c.subscriber).where(former_addresses.c.address == address)
        return self._execute(query).scalar()

    def current(self, addresses: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return, by former address, its owner's address of today: normal, and as written."""
        if self._execute(select(former_addresses.c.address).limit(1)).first() is None:
            return {}
        return dict(self._current(list(addresses)))

    def _current(self, addresses: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
        query = select(former_addresses.c.address, subscribers.c.address, subscribers.c.email).join(
            subscribers, subscribers.c.key == former_addresses.c.subscriber
        )
        for start in range(0, len(addresses), _BATCH):
            matches = former_addresses.c.address.in_(addresses[start : start + _BATCH])
            for former, address, email in self._execute(query.where(matches)):
                yield former, (address, email)
