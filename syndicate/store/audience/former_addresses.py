"""Former addresses: those of people who were merged, or moved to another address.

A list from before still has them, and means the people who had them.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, delete, select, update

from syndicate.store.database.schema import former_addresses, subscribers
from syndicate.store.database.sql_engine import insert_new

_AT_ONCE = 500
"""Addresses in one condition."""


class FormerAddresses:
    """Which address was whose; all of them are in their normal form."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, address: str, subscriber: int) -> None:
        """Note that an address was somebody's."""
        self.forget(address)
        insert_new(
            self._connection, former_addresses, {"address": address, "subscriber": subscriber}
        )

    def forget(self, address: str) -> None:
        """Let an address be what it is: somebody has it now."""
        mine = former_addresses.c.address == address
        self._connection.execute(delete(former_addresses).where(mine))

    def forget_all(self, *subscribers_: int) -> None:
        """Forget the former addresses of some people."""
        theirs = former_addresses.c.subscriber.in_(subscribers_)
        self._connection.execute(delete(former_addresses).where(theirs))

    def hand_over(self, key: int, into: int) -> None:
        """Give the former addresses of one number to another."""
        mine = former_addresses.c.subscriber == key
        self._connection.execute(update(former_addresses).where(mine), {"subscriber": into})

    def of(self, subscriber: int) -> list[str]:
        """Return the former addresses of somebody."""
        query = select(former_addresses.c.address).where(
            former_addresses.c.subscriber == subscriber
        )
        return list(self._connection.execute(query.order_by(former_addresses.c.address)).scalars())

    def holder(self, address: str) -> int | None:
        """Return the number of who had an address once."""
        query = select(former_addresses.c.subscriber).where(former_addresses.c.address == address)
        return self._connection.execute(query).scalar()

    def current(self, addresses: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return, by former address, the address that its owner has now: normal, and as written."""
        if self._connection.execute(select(former_addresses.c.address).limit(1)).first() is None:
            return {}
        return dict(self._current(addresses))

    def _current(self, addresses: Iterable[str]) -> Iterator[tuple[str, tuple[str, str]]]:
        query = select(former_addresses.c.address, subscribers.c.address, subscribers.c.email).join(
            subscribers, subscribers.c.key == former_addresses.c.subscriber
        )
        every = list(addresses)
        for begin in range(0, len(every), _AT_ONCE):
            some = every[begin : begin + _AT_ONCE]
            mine = query.where(former_addresses.c.address.in_(some))
            for former, address, email in self._connection.execute(mine):
                yield former, (address, email)
