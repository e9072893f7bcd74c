"""What came back about deliveries, and the reports that a person has to read."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select

from syndicate.model.feedback import FeedbackRecord, HeldReport, ReportCount
from syndicate.store.database.repository import Repository, columns_of
from syndicate.store.database.schema_feedback import (
    WITHOUT_MESSAGE,
    feedback,
    held_reports,
    processed_reports,
    report_counts,
)


class FeedbackLog(Repository):
    """The first feedback of each kind about each delivery."""

    def add(self, record: FeedbackRecord) -> bool:
        """Add a record; return False where the delivery has one of that kind, which stays."""
        return self._insert_new(feedback, columns_of(record)) == 1

    def add_all(self, records: Iterable[FeedbackRecord]) -> None:
        """Add records, as `add` does, of deliveries whose readers nothing else happens to."""
        self._insert_new(feedback, [columns_of(record) for record in records])

    def by_delivery(self, edition: int, subscriber: int) -> list[FeedbackRecord]:
        """Return what is known about one delivery, in the order in which it came."""
        query = select(feedback).where(
            feedback.c.edition == edition, feedback.c.subscriber == subscriber
        )
        return self._values(FeedbackRecord, query.order_by(feedback.c.received_at))

    def by_edition(self, edition: int) -> Iterator[FeedbackRecord]:
        """Iterate over what is known about an edition's deliveries, by subscriber number."""
        query = select(feedback).where(feedback.c.edition == edition)
        in_order = query.order_by(feedback.c.subscriber, feedback.c.received_at)
        for row in self._execute(in_order).mappings():
            yield FeedbackRecord(**row)

    def processed(self, source: str, ids: Collection[str]) -> set[str]:
        """Return those of a source's ids that were processed."""
        rows = processed_reports.c
        return set(self._column(select(rows.id).where(rows.source == source, rows.id.in_(ids))))

    def mark_processed(self, source: str, id_: str, at: datetime) -> bool:
        """Record that a report or event was processed; return False where it had been before."""
        row = {"source": source, "id": id_, "at": at}
        return self._insert_new(processed_reports, row) == 1


class HeldReports(Repository):
    """Reports for a person, and the counts of all that came in."""

    def add(self, report: HeldReport) -> None:
        """Keep a report; its `key` is assigned."""
        row = columns_of(report)
        del row["key"]
        self._insert(held_reports, row)

    def list(self) -> list[HeldReport]:
        """Return the reports that nobody has dealt with, oldest first, without their messages."""
        return self._values(HeldReport, WITHOUT_MESSAGE.order_by(held_reports.c.key))

    def contains(self, source: str, recipient: str, subject: str) -> bool:
        """Whether one from a door waits, about an address, with this subject."""
        rows = held_reports.c
        same = rows.source == source, rows.recipient == recipient, rows.subject == subject
        return self._exists(held_reports, *same)

    def find(self, key: int) -> HeldReport | None:
        """Return one of them."""
        return self._value(HeldReport, select(held_reports).where(held_reports.c.key == key))

    def delete_oldest(self, *, keep: int) -> int:
        """Delete the oldest reports beyond so many; return how many."""
        newest = select(held_reports.c.key).order_by(held_reports.c.key.desc())
        oldest_kept = newest.offset(keep - 1).limit(1).scalar_subquery()
        return self._delete(held_reports, held_reports.c.key < oldest_kept)

    def delete(self, key: int) -> bool:
        """Delete one that is dealt with; return False where there is none."""
        return self._delete(held_reports, held_reports.c.key == key) == 1

    def count(self) -> int:
        """Count them."""
        return self._count(held_reports)

    def count_report(self, source: str, outcome: str, at: datetime, *, times: int = 1) -> None:
        """Count reports or events that came by a door, by what became of them."""
        row = {"source": source, "outcome": outcome, "count": times, "last_at": at}
        inserted = self._insert_into(report_counts)
        added = inserted.excluded
        more = {"count": report_counts.c.count + added.count, "last_at": added.last_at}
        keys = list(report_counts.primary_key.columns)
        self._execute(inserted.on_conflict_do_update(index_elements=keys, set_=more), row)

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many reports came in, by door and outcome."""
        query = select(report_counts.c.source, report_counts.c.outcome, report_counts.c.count)
        query = query.order_by(report_counts.c.source, report_counts.c.outcome)
        return {(row.source, row.outcome): row[2] for row in self._execute(query)}

    def traffic(self) -> Sequence[ReportCount]:
        """Return how many reports came in and when the last one did, by door and outcome."""
        order = report_counts.c.source, report_counts.c.outcome
        return self._values(ReportCount, select(report_counts).order_by(*order))

    def newest(self) -> datetime | None:
        """Return when the last report came in; None before the first."""
        return self._scalar(func.max(report_counts.c.last_at))
