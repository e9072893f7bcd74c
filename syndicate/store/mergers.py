"""Mergers: who became whom, so that links and ledger rows of a number that is gone find them.

It stands in the audit trail, on both sides, and lasts as long as that does.
"""

from datetime import datetime

from sqlalchemy import Connection, select, update

from syndicate.model.subscribers import Action, Cause
from syndicate.store.schema import changes, clicks
from syndicate.store.trail import Entry, Trail

_TOOK_IN = "took in "
_BECAME = "became "
_MOST = 100
"""Steps from number to number; nobody takes so many, and a circle would never end."""


class Mergers:
    """Numbers of subscribers that are one person now."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, key: int, into: int, *, cause: Cause, at: datetime) -> None:
        """Hand trail and clicks of one number over to another, and note so on both sides."""
        for table in (changes, clicks):
            mine = update(table).where(table.c.subscriber == key)
            self._connection.execute(mine, {"subscriber": into})
        sides = ((into, f"{_TOOK_IN}{key}"), (key, f"{_BECAME}{into}"))
        Trail(self._connection).note(
            *(
                Entry(subscriber=side, action=Action.MERGED, cause=cause, at=at, detail=detail)
                for side, detail in sides
            )
        )

    def holder(self, key: int) -> int:
        """Return the number that somebody has now who had this one once; mostly the same."""
        for _ in range(_MOST):
            further = self._details(key, _BECAME)
            if not further:
                break
            key = further[-1]
        return key

    def numbers(self, key: int) -> list[int]:
        """Return every number that somebody had, today's first."""
        return [key, *self._details(key, _TOOK_IN)]

    def _details(self, key: int, word: str) -> list[int]:
        query = select(changes.c.detail).where(
            changes.c.subscriber == key,
            changes.c.action == Action.MERGED,
            changes.c.detail.startswith(word),
        )
        rows = self._connection.execute(query.order_by(changes.c.key)).scalars()
        return [int(detail.removeprefix(word)) for detail in rows]
