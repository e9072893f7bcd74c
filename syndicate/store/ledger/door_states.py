"""When the mailbox and the Maildir of reports were last read, and since when they can't be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    """Since when it, or a report in it, can't be read by any process; None while all can."""
    reason: str = ""
    """Why it can't be read, or what could not be recorded."""

    @property
    def was_read(self) -> bool:
        """Whether it was read to the end when it was last tried."""
        return self.read_at == self.tried_at


class DoorStates(Repository):
    """A row for each door."""

    def succeed(self, door: str, reports: int, at: datetime, *, unrecorded: str = "") -> None:
        """Record that a door was read, and how many reports came.

        `unrecorded` says which could not be recorded, so that they are still there.
        """
        self._record(door, at, unrecorded, reports=reports, read_at=at)

    def fail(self, door: str, reason: str, at: datetime) -> None:
        """Record that a door can't be read."""
        self._record(door, at, reason)

    def _record(self, door: str, at: datetime, reason: str, **columns: object) -> None:
        """Record a state; of failures in a row the time of the first one stays."""
        insert = self._insert_into(report_doors)
        columns |= {"tried_at": at, "reason": reason, "failing_since": at if reason else None}
        changes: dict[str, Any] = {name: insert.excluded[name] for name in columns}
        if reason:
            first = func.coalesce(report_doors.c.failing_since, insert.excluded.failing_since)
            changes["failing_since"] = first
        statement = insert.on_conflict_do_update(index_elements=[report_doors.c.door], set_=changes)
        self._execute(statement, {"door": door, "reports": 0} | columns)

    def find(self, door: str) -> DoorState | None:
        """Return the state of a door; None before it was tried."""
        return self._value(DoorState, select(report_doors).where(report_doors.c.door == door))

    def all(self) -> list[DoorState]:
        """Return all that were ever tried, by name."""
        return self._values(DoorState, select(report_doors).order_by(report_doors.c.door))
