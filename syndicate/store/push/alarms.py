"""The alarms of all processes: what is wrong or was, and when people were notified of it."""

import socket
from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from syndicate.model.alarms import Alarm, AlarmCause, AlarmKind, RelayCertificate
from syndicate.store.database.repository import Repository, columns_of
from syndicate.store.database.schema_delivery import alarms, relay_certificates

THIS_MACHINE = socket.gethostname()
"""The name of this host in alarms."""
_COLUMNS = alarms.c
_KEPT_FOR = timedelta(days=30)
"""How long an alarm is kept after it is over."""


class Alarms(Repository):
    """Alarms by kind, subject and machine; a few rows."""

    def open(self) -> list[Alarm]:
        """Return those that are on, or over without anybody being notified; the oldest first."""
        is_open = sa.or_(_COLUMNS.over_at.is_(None), _COLUMNS.notified)
        order = _COLUMNS.since, _COLUMNS.kind, _COLUMNS.subject, _COLUMNS.machine
        return self._values(Alarm, sa.select(alarms).where(is_open).order_by(*order))

    def on(self, kind: AlarmKind, machine: str) -> dict[str, Alarm]:
        """Return those of a kind and machine that are on, by subject."""
        query = sa.select(alarms).where(
            _COLUMNS.kind == kind, _COLUMNS.machine == machine, _COLUMNS.over_at.is_(None)
        )
        return {alarm.subject: alarm for alarm in self._values(Alarm, query)}

    def report(self, cause: AlarmCause, at: datetime) -> None:
        """Store that a cause is there; one that was over begins again."""
        row = columns_of(Alarm.of(cause, at))
        insert = self._insert_into(alarms)
        was_over = _COLUMNS.over_at.is_not(None)
        since = sa.case((was_over, insert.excluded.since), else_=_COLUMNS.since)
        statement = insert.on_conflict_do_update(
            index_elements=list(alarms.primary_key.columns),
            set_={
                **{name: insert.excluded[name] for name in ("text", "remedy", "seen_at")},
                "since": since,
                "over_at": None,
            },
        )
        self._execute(statement, row)

    def renew(self, found: Collection[Alarm], at: datetime) -> None:
        """Store that alarms were seen."""
        for alarm in found:
            self._update(alarms, _is(alarm), seen_at=at)

    def end(self, alarm: Alarm, at: datetime) -> None:
        """Store that an alarm is over."""
        self._update(alarms, _is(alarm), _COLUMNS.over_at.is_(None), over_at=at)

    def take(self, alarm: Alarm, at: datetime) -> Alarm | None:
        """Return the alarm as it is if people are to be notified of it now, by this process.

        Only one process gets it: people count as notified from now on.
        """
        if alarm.is_on:
            recent = _COLUMNS.notified_at > at - alarm.repeat_after
            due = _COLUMNS.over_at.is_(None), sa.or_(_COLUMNS.notified_at.is_(None), ~recent)
            change = {"notified": True, "notified_at": at}
        else:
            due = _COLUMNS.over_at.is_not(None), _COLUMNS.notified
            change = {"notified": False}
        if not self._update(alarms, _is(alarm), *due, **change):
            return None
        return self._value(Alarm, sa.select(alarms).where(_is(alarm)))

    def delete_old(self, at: datetime) -> None:
        """Delete what has been over for a month."""
        self._delete(alarms, _COLUMNS.over_at < at - _KEPT_FOR)


def _is(alarm: Alarm) -> sa.ColumnElement[bool]:
    return sa.and_(
        _COLUMNS.kind == alarm.kind,
        _COLUMNS.subject == alarm.subject,
        _COLUMNS.machine == alarm.machine,
    )


class RelayCertificates(Repository):
    """The certificate of each mail server, as sessions see it."""

    def save(self, certificate: RelayCertificate) -> None:
        """Save a certificate in place of the one before."""
        self._save(relay_certificates, columns_of(certificate))

    def all(self) -> list[RelayCertificate]:
        """Return them by relay, those of removed relays included."""
        query = sa.select(relay_certificates).order_by(relay_certificates.c.relay)
        return self._values(RelayCertificate, query)
