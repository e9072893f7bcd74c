"""Editions that wait: composed, with a number, and with nobody in their ledger yet.

Releasing one is a single transaction that decides who gets it. What is rejected counts as never
composed: `Editions.newest_of` doesn't see it, so its articles are new again.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, or_, select

from syndicate.config import Criteria
from syndicate.errors import Refused
from syndicate.model.corrections import WrongCopies
from syndicate.model.editions import (
    ControlAction,
    ControlRecord,
    Draft,
    Edition,
    EditionState,
    ReleaseTerms,
    WaitingEdition,
)
from syndicate.model.findings import EditionFinding, dump_findings
from syndicate.model.reviews import review_topics
from syndicate.model.subscribers import Cause
from syndicate.store.database.repository import (
    EVERY_EDITION,
    LOCK_NUMBERS,
    Repository,
    columns_of,
    lock,
    lock_edition,
    lock_editions_shared,
    value_of,
)
from syndicate.store.database.schema import (
    articles,
    edition_items,
    edition_notes,
    editions,
    review_codes,
    waiting_editions,
)
from syndicate.store.database.schema_delivery import CallKind, outgoing_calls
from syndicate.store.editions.control import EditionControl
from syndicate.store.editions.corrections import EditionCorrections
from syndicate.store.editions.edition_files import EditionFiles
from syndicate.store.editions.editions import EDITIONS, Editions
from syndicate.store.editions.mail_pause import MailPause

_FOUND = ("findings", "warnings")
"""The columns with what was found in an edition."""


class WaitingEditions(Repository):
    """Adds, finds and decides the editions that wait."""

    def add(self, draft: Draft, terms: ReleaseTerms) -> Edition:
        """Freeze an edition for nobody yet; it is held from now on if nothing else keeps it."""
        everybody = draft.segment is None and draft.corrects is None
        key = Editions(self._connection).freeze(
            draft, everybody=everybody, state=EditionState.WAITING
        )
        row = {
            "edition": key,
            "newest": draft.newest,
            "segment": draft.segment.name if draft.segment is not None else None,
            "corrects": draft.corrects.to_json() if draft.corrects is not None else None,
            **columns_of(terms),
            **{name: dump_findings(getattr(terms, name)) for name in _FOUND},
            "release_at": draft.created_at + terms.hold if terms.approve_by is None else None,
        }
        self._insert(waiting_editions, row)
        return Editions(self._connection).get(key)

    def all(self) -> list[WaitingEdition]:
        """Return the editions that wait, oldest first."""
        rows = self._execute(_WAITING.order_by(waiting_editions.c.edition))
        return [_waiting_edition(row) for row in rows]

    def find(self, key: int) -> WaitingEdition | None:
        """Find an edition that waits."""
        row = self._execute(_WAITING.where(editions.c.key == key)).first()
        return _waiting_edition(row) if row is not None else None

    def of_schedule(self, schedule: str) -> WaitingEdition | None:
        """Return the edition of a schedule that waits: there is one at most."""
        row = self._execute(_WAITING.where(editions.c.schedule == schedule)).first()
        return _waiting_edition(row) if row is not None else None

    def keys_of(self, newsletter: str) -> list[int]:
        """Return the numbers of a newsletter's editions that wait, in order."""
        query = select(waiting_editions.c.edition).join(editions)
        query = query.where(editions.c.newsletter == newsletter)
        return self._column(query.order_by(editions.c.key))

    def is_outdated(self, key: int) -> bool:
        """Whether an article of an edition or its notes, or its file, has changed since."""
        return self.is_file_outdated(key) or any(
            self._exists(
                table.outerjoin(articles, articles.c.key == table.c.article),
                table.c.edition == key,
                or_(
                    articles.c.key.is_(None),
                    articles.c.retracted_at.is_not(None),
                    articles.c.revision != table.c.revision,
                ),
            )
            for table in (edition_items, edition_notes)
        )

    def is_file_outdated(self, key: int) -> bool:
        """Whether a file about an edition appeared, changed or went since it was composed."""
        edition, files = Editions(self._connection).get(key), EditionFiles(self._connection)
        if edition.schedule is None:
            return False
        current = files.version_of_slot(edition.schedule, edition.slot_at)
        return current != files.version_used(key)

    def approve(self, key: int, cause: Cause) -> WaitingEdition | None:
        """Record that a person approved an edition; it is released when its hold is over.

        Return None where it is outdated: what they have seen isn't what would go out. Raise
        Refused where it doesn't wait, or the time to approve it is over.
        """
        waiting = self._lock(key)
        approve_by = waiting.terms.approve_by
        if approve_by is not None and approve_by <= cause.at:
            raise Refused(f"the time to approve edition {key} is over: it is about to be rejected")
        if self.is_outdated(key):
            return None
        if waiting.terms.approve_by is None:  # approved already: its hold doesn't begin again
            return waiting
        self._record(waiting.edition, ControlAction.APPROVED, cause)
        release_at = cause.at + waiting.terms.hold
        row = waiting_editions.c.edition == key
        self._update(waiting_editions, row, approve_by=None, release_at=release_at, findings=[])
        return self.find(key)

    def send_back(self, key: int, cause: Cause) -> WaitingEdition:
        """Record that a person wants an edition changed; it waits until it is composed again.

        Raise Refused where it doesn't wait for a person.
        """
        waiting = self._lock(key)
        if waiting.terms.approve_by is None:
            raise Refused(f"edition {key} waits for nobody any more, so it can't be sent back")
        self._record(waiting.edition, ControlAction.SENT_BACK, cause)
        return waiting

    def is_sent_back(self, key: int) -> bool:
        """Whether a person wants an edition changed, and nobody has approved it since."""
        return self.sent_back(key) is not None

    def sent_back(self, key: int) -> ControlRecord | None:
        """Return who wants an edition changed; None where nobody does, or one approved it since."""
        if self.is_approved(key):
            return None
        return self._first_decision(key, ControlAction.SENT_BACK)

    def is_approved(self, key: int) -> bool:
        """Whether a person has approved an edition."""
        return self._first_decision(key, ControlAction.APPROVED) is not None

    def is_proofed(self, key: int) -> bool:
        """Whether the proof of an edition was mailed to the reviewers."""
        return self._first_decision(key, ControlAction.PROOFED) is not None

    def _first_decision(self, key: int, act: ControlAction) -> ControlRecord | None:
        decisions = EditionControl(self._connection).decisions(key)
        return next((record for record in decisions if record.act is act), None)

    def mark_proofed(self, key: int, cause: Cause) -> bool:
        """Record that the proof of an edition is mailed; False where another process did so.

        Raise Refused where it doesn't wait any more.
        """
        waiting = self._lock(key)
        if self.is_proofed(key):
            return False
        self._record(waiting.edition, ControlAction.PROOFED, cause)
        return True

    def count_readers(self, key: int, *, segment: Criteria | None, at: datetime) -> int:
        """Count the readers who would get an edition that waits if it was released at a time."""
        waiting = self.find(key)
        if waiting is None:
            return 0
        if waiting.corrects is not None:
            copies = [(waiting.edition.newsletter, waiting.corrects)]
            return EditionCorrections(self._connection).count_readers(copies, at)
        return Editions(self._connection).count_readers(
            waiting.edition.newsletter, newest=waiting.newest, segment=segment, at=at
        )

    def release(self, key: int, cause: Cause, *, segment: Criteria | None) -> Edition | None:
        """Queue an edition for its readers as of now; None where it is outdated.

        So it is while it isn't known who has what a correction is about: a copy is in flight.
        Raise Refused where it doesn't wait any more, and while all mail is paused.
        """
        lock_editions_shared(self._connection, [EVERY_EDITION])
        if MailPause(self._connection).current() is not None:
            raise Refused(
                f"all mail is paused, so edition {key} waits for `syndicate resume --all`"
            )
        waiting = self._lock(key)
        if self.is_outdated(key):
            return None
        edition = waiting.edition
        if waiting.corrects is not None:
            corrections = EditionCorrections(self._connection)
            if corrections.in_flight(edition.newsletter, waiting.corrects):
                return None
            corrections.queue(edition, waiting.corrects, cause.at)
        else:
            Editions(self._connection).queue_for_all(
                edition, newest=waiting.newest, segment=segment, at=cause.at
            )
        expires_at = cause.at + (edition.expires_at - edition.created_at)
        self._decide(edition, ControlAction.RELEASED, cause, expires_at=expires_at)
        return Editions(self._connection).get(key)

    def reject(self, key: int, cause: Cause, *, successor: int | None = None) -> Edition:
        """Drop an edition, which counts as never composed; a `successor` was composed instead.

        Raise Refused where it doesn't wait any more.
        """
        edition = self._lock(key).edition
        self._decide(edition, ControlAction.REJECTED, cause, successor=successor)
        return edition

    def _lock(self, key: int) -> WaitingEdition:
        lock(self._connection, LOCK_NUMBERS)
        lock_edition(self._connection, key)
        waiting = self.find(key)
        if waiting is None:
            edition = Editions(self._connection).by_key(key)
            state = f"edition {key} is {edition.state}" if edition else f"there is no edition {key}"
            raise Refused(f"{state}, so nothing is to be decided; `syndicate editions` lists them")
        return waiting

    def _decide(self, edition: Edition, act: ControlAction, cause: Cause, **values: Any) -> None:
        """Set an edition's state, which ends its waiting, and record the decision.

        Proofs and codes that have not left yet are dropped.
        """
        self._delete(waiting_editions, waiting_editions.c.edition == edition.key)
        self._delete(review_codes, review_codes.c.edition == edition.key)
        is_void = outgoing_calls.c.topic.in_(review_topics(edition.key))
        self._delete(outgoing_calls, outgoing_calls.c.kind == CallKind.STAFF_MAIL, is_void)
        released = act is ControlAction.RELEASED
        state = EditionState.SENDING if released else EditionState.REJECTED
        self._update(editions, editions.c.key == edition.key, state=state, **values)
        self._record(edition, act, cause)

    def _record(self, edition: Edition, act: ControlAction, cause: Cause) -> None:
        """Record a decision, with the content that it is about."""
        control = EditionControl(self._connection)
        content = f"content {edition.content[:12]}"
        control.record(edition.key, act, cause, control.remaining(edition), content)


_WAITING = EDITIONS.add_columns(
    *(column for column in waiting_editions.c if column.name != "edition")
).join(waiting_editions, waiting_editions.c.edition == editions.c.key)


def _waiting_edition(row: Row[Any]) -> WaitingEdition:
    found = {name: tuple(map(EditionFinding.load, getattr(row, name))) for name in _FOUND}
    return value_of(
        WaitingEdition,
        row,
        corrects=WrongCopies.from_json(row.corrects) if row.corrects else None,
        edition=value_of(Edition, row),
        terms=value_of(ReleaseTerms, row, **found),
    )
