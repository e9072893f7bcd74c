"""When the mailbox and the Maildir of reports were last read, and since when they can't be."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema_feedback import report_doors


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorState:
    """A door that reports come in by, as the process that last tried it found it."""

    door: str
    """ "imap" or "maildir"."""
    tried_at: datetime
    read_at: datetime | None = None
    """When it was last read to the end."""
    reports: int = 0
    """How many came then."""
    failing_since: datetime | None = None
    """Since when it can't be read, by any process; None while it can."""
    reason: str = ""
    """Why it can't be read."""


class DoorStates(Repository):
    """A row for each door."""

    def succeed(self, door: str, reports: int, at: datetime) -> None:
        """Record that a door was read, and how many reports came."""
        row = {"door": door, "tried_at": at, "read_at": at, "reports": reports, "reason": ""}
        self._save(report_doors, row | {"failing_since": None})

    def fail(self, door: str, reason: str, at: datetime) -> None:
        """Record that a door can't be read; the first time in a row stays."""
        insert = self._insert_into(report_doors)
        since = func.coalesce(report_doors.c.failing_since, insert.excluded.failing_since)
        changes = {"tried_at": insert.excluded.tried_at, "reason": insert.excluded.reason}
        statement = insert.on_conflict_do_update(
            index_elements=[report_doors.c.door], set_=changes | {"failing_since": since}
        )
        row = {"door": door, "tried_at": at, "reports": 0, "failing_since": at, "reason": reason}
        self._execute(statement, row)

    def find(self, door: str) -> DoorState | None:
        """Return the state of a door; None before it was tried."""
        return self._value(DoorState, select(report_doors).where(report_doors.c.door == door))

    def all(self) -> list[DoorState]:
        """Return all that were ever tried, by name."""
        return self._values(DoorState, select(report_doors).order_by(report_doors.c.door))
