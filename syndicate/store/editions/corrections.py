"""Which editions carried an article, in which revision, and who has a wrong one.

An edition carries an article as an item, or as a note on its corrections. What was rejected carries
nothing. A revision is wrong if it lacks a correction that the newest one has.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syndicate.model.articles import Correction, new_corrections
from syndicate.model.corrections import CORRECTED_WITHIN, CarriedStory, WrongCopies
from syndicate.model.deliveries import NEVER_LEFT, WAITING, DeliveryState
from syndicate.model.editions import (
    NEVER_SENT,
    CarriedArticle,
    Edition,
    EditionKind,
    EditionNote,
    EditionState,
)
from syndicate.store.articles.reading import carried_by, correction_of, public_at
from syndicate.store.database.repository import Repository, lock_edition
from syndicate.store.database.schema import (
    articles,
    deliveries,
    delivery_events,
    edition_items,
    edition_notes,
    editions,
    revisions,
)
from syndicate.store.editions.editions import EDITIONS, has_any, join_readers, queue, skip_reason

_LEAVING = (EditionState.SENDING, EditionState.PAUSED)
_MAY_HAVE = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN, DeliveryState.SENDING)
_RELEASED = editions.c.state.not_in(NEVER_SENT)
_OF_LETTER = editions.c.kind == EditionKind.LETTER
_CORRECTED = sa.union_all(
    *(
        sa.select(table.c.edition, table.c.article, table.c.revision)
        .join(articles, articles.c.key == table.c.article)
        .where(articles.c.corrections > 0)
        for table in (edition_items, edition_notes)
    )
).subquery()
"""The revisions of corrected articles that editions carry: a union of all articles takes long."""


class EditionCorrections(Repository):
    """Finds wrong copies of articles, who has them, and what editions say of them."""

    def carriers(self, article: int) -> list[CarriedArticle]:
        """Return the editions with an article, newest first, without those that were rejected."""
        accepted = (
            sa.select(sa.func.count())
            .where(
                deliveries.c.edition == editions.c.key, deliveries.c.state == DeliveryState.ACCEPTED
            )
            .scalar_subquery()
        )
        query = (
            sa.select(
                editions.c.key.label("edition"),
                *(editions.c[name] for name in ("newsletter", "kind", "state")),
                editions.c.created_at.label("at"),
                edition_items.c.revision,
                accepted.label("accepted"),
                has_any(WAITING).label("is_leaving"),
            )
            .join(edition_items, edition_items.c.edition == editions.c.key)
            .where(edition_items.c.article == article)
            .where(editions.c.state != EditionState.REJECTED)
        )
        return self._values(CarriedArticle, query.order_by(editions.c.key.desc()))

    def of_revision(self, article: int, revision: int) -> tuple[Correction, ...]:
        """Return the corrections that a revision of an article has."""
        query = sa.select(revisions.c.corrections).where(
            revisions.c.article == article, revisions.c.number == revision
        )
        return tuple(correction_of(**stored) for stored in self._execute(query).scalar() or ())

    def notes_of(self, edition: int) -> list[EditionNote]:
        """Return the notes of an edition."""
        names = (edition_notes.c[name] for name in ("article", "since", "revision"))
        query = sa.select(*names).where(edition_notes.c.edition == edition)
        return self._values(EditionNote, query.order_by(edition_notes.c.article))

    def due_notes(
        self, newsletter: str, at: datetime, *, schedule: str | None, declined: bool
    ) -> list[EditionNote]:
        """Return what the next edition of a newsletter has to note, oldest correction first.

        That is each correction which was added after an edition carried the article, and which no
        edition has noted or carried since. An edition of `schedule` that waits doesn't count: the
        next one takes its place. With `declined` only what a correction edition was rejected for,
        or is too old for one.
        """
        newest = (
            sa.select(
                _CORRECTED.c.article,
                sa.func.max(_CORRECTED.c.revision).label("since"),
                sa.func.max(editions.c.created_at).label("carried_at"),
            )
            .join(editions, editions.c.key == _CORRECTED.c.edition)
            .where(carried_by(newsletter, schedule))
            .group_by(_CORRECTED.c.article)
            .subquery()
        )
        query = (
            sa.select(newest, articles.c.revision)
            .join(articles, articles.c.key == newest.c.article)
            .where(articles.c.revision > newest.c.since, public_at(at))
        )
        due = []
        for article, since, carried_at, revision in self._execute(query):
            note = EditionNote(article=article, since=since, revision=revision)
            new = self._new(article, since, revision)
            if new and (not declined or self._is_declined(newsletter, note, carried_at, at)):
                due.append((new[0].at, note))
        return [note for _, note in sorted(due, key=lambda pair: (pair[0], pair[1].article))]

    def would_be_noted(self, correction: Edition) -> bool:
        """Whether a correction edition names what no edition before it does.

        Unless it is sent, its newsletter's next edition notes that.
        """
        item = edition_items.c.edition == correction.key
        row = self._execute(
            sa.select(edition_items.c.article, edition_items.c.revision).where(item)
        )
        article, revision = row.one()
        carried = sa.union_all(
            *(
                sa.select(table.c.revision)
                .join(editions, editions.c.key == table.c.edition)
                .where(table.c.article == article, _RELEASED)
                .where(editions.c.newsletter == correction.newsletter)
                .where(editions.c.key < correction.key)
                for table in (edition_items, edition_notes)
            )
        ).subquery()
        newest = self._execute(sa.select(sa.func.max(carried.c.revision))).scalar()
        return newest is not None and bool(self._new(article, newest, revision))

    def correctable(self, newsletter: str, since: datetime, at: datetime) -> list[int]:
        """Return the articles of which editions composed since then have wrong copies."""
        carried = (
            sa.select(
                articles.c.key, articles.c.revision, edition_items.c.revision.label("carried")
            )
            .join(edition_items, edition_items.c.article == articles.c.key)
            .join(editions, editions.c.key == edition_items.c.edition)
            .where(articles.c.corrections > 0, articles.c.revision > edition_items.c.revision)
            .where(public_at(at), editions.c.newsletter == newsletter, _RELEASED, ~_OF_LETTER)
            .where(editions.c.created_at >= since)
            .distinct()
        )
        return sorted(
            {
                row.key
                for row in self._execute(carried)
                if self._new(row.key, row.carried, row.revision)
            }
        )

    def wrong_copies(
        self, newsletter: str, article: int, since: datetime, *, changed: bool
    ) -> WrongCopies | None:
        """Return which revisions that a newsletter carried since then are wrong; None without any.

        With `changed`, every revision but the newest is.
        """
        current = self._scalar(articles.c.revision, articles.c.key == article) or 0
        carried = (
            sa.select(edition_items.c.revision)
            .join(editions, editions.c.key == edition_items.c.edition)
            .where(edition_items.c.article == article, editions.c.newsletter == newsletter)
            .where(_RELEASED, edition_items.c.revision < current)
            .where(editions.c.created_at >= since)
            .distinct()
        )
        wrong = [
            revision
            for revision in sorted(self._column(carried))
            if changed or self._new(article, revision, current)
        ]
        if not wrong:
            return None
        return WrongCopies(article=article, revisions=tuple(wrong), since=since)

    def is_composed(self, newsletter: str, article: int) -> bool:
        """Whether a newsletter has named the corrections of an article as it is now.

        It has in a correction edition, whatever became of that, or in a note. One that waits is
        composed again.
        """
        if self.waiting_for(newsletter, article) is not None:
            return True
        current = self._scalar(articles.c.revision, articles.c.key == article) or 0
        is_correction = editions.c.kind == EditionKind.CORRECTION
        named = (
            sa.select(edition_notes.c.revision)
            .join(editions, editions.c.key == edition_notes.c.edition)
            .where(edition_notes.c.article == article, editions.c.newsletter == newsletter)
            .where(sa.or_(is_correction, _RELEASED))
        )
        return any(not self._new(article, noted, current) for noted in self._column(named))

    def still_wrong(self, newsletter: str, wrong: WrongCopies) -> WrongCopies:
        """Return what a correction is about after its article changed again."""
        now = self.wrong_copies(newsletter, wrong.article, wrong.since, changed=False)
        numbers = {*wrong.revisions, *(now.revisions if now is not None else ())}
        return replace(wrong, revisions=tuple(sorted(numbers)))

    def waiting_for(self, newsletter: str, article: int) -> int | None:
        """Return the correction edition of an article that waits."""
        query = _corrections_of(newsletter, article).where(editions.c.state == EditionState.WAITING)
        return self._execute(query.with_only_columns(editions.c.key).limit(1)).scalar()

    def leaving(
        self, article: int, *, newsletter: str | None = None, numbers: Collection[int] | None = None
    ) -> list[Edition]:
        """Return the editions under way with an article, oldest first, also paused ones.

        `newsletter` is the one that counts, and so are the `numbers` of revisions.
        """
        with_it = sa.select(edition_items.c.edition).where(edition_items.c.article == article)
        if numbers is not None:
            with_it = with_it.where(edition_items.c.revision.in_(numbers))
        query = EDITIONS.where(
            editions.c.key.in_(with_it), editions.c.state.in_(_LEAVING), has_any(WAITING)
        )
        if newsletter is not None:
            query = query.where(editions.c.newsletter == newsletter)
        return self._values(Edition, query.order_by(editions.c.key))

    def leaving_retracted(self) -> list[Edition]:
        """Return the editions under way with an article that was retracted, oldest first."""
        retracted = sa.select(articles.c.key).where(articles.c.retracted_at.is_not(None))
        # not by a join, for which SQLite would read all that was ever carried
        with_it = sa.select(edition_items.c.edition).where(edition_items.c.article.in_(retracted))
        under_way = editions.c.state.in_(_LEAVING), has_any(WAITING)
        query = EDITIONS.where(editions.c.key.in_(with_it), *under_way).order_by(editions.c.key)
        return self._values(Edition, query)

    def count_readers(self, copies: Iterable[tuple[str, WrongCopies]], at: datetime) -> int:
        """Count those who would get a correction now: of newsletters, each with what is wrong."""
        readers = [self._readers(newsletter, wrong, at) for newsletter, wrong in copies]
        return self._count(sa.union(*readers).subquery()) if readers else 0

    def queue(self, edition: Edition, wrong: WrongCopies, at: datetime) -> None:
        """Queue a correction edition for those who have a wrong copy, or may have it."""
        readers = self._readers(edition.newsletter, wrong, at)
        queue(self._connection, edition.key, readers, at)

    def in_flight(self, newsletter: str, wrong: WrongCopies) -> list[int]:
        """Return the editions of which a wrong copy is being sent, under their locks.

        Until it is settled nobody knows whether its reader has it.
        """
        keys = sorted(self._column(_carriers(newsletter, wrong)))
        for key in keys:
            lock_edition(self._connection, key)
        sending = sa.select(deliveries.c.edition).where(
            deliveries.c.edition.in_(keys), deliveries.c.state == DeliveryState.SENDING
        )
        return sorted(self._column(sending.distinct()))

    def stories(self, edition: int) -> list[CarriedStory]:
        """Return the articles of an edition, in order, and what became of them since."""
        names = ("key", "slug", "retracted_at", "revision")
        query = (
            sa.select(*(articles.c[name] for name in names), revisions.c.title)
            .add_columns(edition_items.c.revision.label("carried"))
            .join(edition_items, edition_items.c.article == articles.c.key)
            .join(
                revisions,
                sa.and_(
                    revisions.c.article == edition_items.c.article,
                    revisions.c.number == edition_items.c.revision,
                ),
            )
            .where(edition_items.c.edition == edition)
            .order_by(edition_items.c.position)
        )
        return [
            CarriedStory(
                slug=row.slug,
                title=row.title,
                revision=row.carried,
                newest=row.revision,
                corrected=bool(self._new(row.key, row.carried, row.revision)),
                retracted=row.retracted_at is not None,
            )
            for row in self._execute(query)
        ]

    def wrong_in(self, edition: int) -> list[str]:
        """Return the slugs of the articles that an edition has retracted or uncorrected."""
        stories = self.stories(edition)
        return [story.slug for story in stories if story.corrected or story.retracted]

    def of_same_article(self, edition: int) -> sa.Select[Any]:
        """Select the correction editions, of any newsletter, with what one of them has."""
        own = edition_items.alias()
        return (
            sa.select(edition_items.c.edition)
            .join(own, own.c.article == edition_items.c.article)
            .join(editions, editions.c.key == edition_items.c.edition)
            .where(own.c.edition == edition, own.c.revision == edition_items.c.revision)
            .where(editions.c.kind == EditionKind.CORRECTION)
        )

    def _readers(self, newsletter: str, wrong: WrongCopies, at: datetime) -> sa.Select[Any]:
        """Select who has a wrong copy from a newsletter, or may have it, and gets its mail today.

        Those are left out to whom a correction edition of any newsletter has gone or will go.
        """
        accepted = deliveries.c.state.in_(_MAY_HAVE)
        was_unknown = sa.exists().where(
            delivery_events.c.edition == deliveries.c.edition,
            delivery_events.c.subscriber == deliveries.c.subscriber,
            delivery_events.c.event == DeliveryState.UNKNOWN,
        )
        corrected = (
            sa.select(edition_items.c.edition)
            .join(editions, editions.c.key == edition_items.c.edition)
            .where(editions.c.kind == EditionKind.CORRECTION, _RELEASED)
            .where(edition_items.c.article == wrong.article)
            .where(edition_items.c.revision.not_in(wrong.revisions))
        )
        other = deliveries.alias()
        has_correction = sa.exists().where(
            other.c.edition.in_(corrected),
            other.c.subscriber == deliveries.c.subscriber,
            other.c.state.not_in(NEVER_LEFT),
        )
        return (
            sa.select(deliveries.c.subscriber)
            .select_from(join_readers())
            .where(deliveries.c.edition.in_(_carriers(newsletter, wrong)))
            .where(sa.or_(accepted, was_unknown), skip_reason(at) == "", ~has_correction)
            .distinct()
        )

    def _new(self, article: int, since: int, revision: int) -> tuple[Correction, ...]:
        return new_corrections(
            self.of_revision(article, since), self.of_revision(article, revision)
        )

    def _is_declined(
        self, newsletter: str, note: EditionNote, carried_at: datetime, at: datetime
    ) -> bool:
        """Whether no correction edition goes: it was rejected, or the copies are too old."""
        rejected = editions.c.state == EditionState.REJECTED, editions.c.successor.is_(None)
        of_this = edition_items.c.revision == note.revision
        query = _corrections_of(newsletter, note.article).where(of_this, *rejected)
        if self._execute(query.limit(1)).first() is not None:
            return True
        return carried_at < at - CORRECTED_WITHIN


def _carriers(newsletter: str, wrong: WrongCopies) -> sa.Select[Any]:
    """Select the editions that a newsletter has sent with a wrong revision."""
    return (
        sa.select(edition_items.c.edition)
        .join(editions, editions.c.key == edition_items.c.edition)
        .where(edition_items.c.article == wrong.article)
        .where(edition_items.c.revision.in_(wrong.revisions))
        .where(editions.c.newsletter == newsletter, _RELEASED)
        .where(editions.c.created_at >= wrong.since)
    )


def _corrections_of(newsletter: str, article: int) -> sa.Select[Any]:
    """Select the revisions that a newsletter's correction editions of an article have."""
    return (
        sa.select(edition_items.c.revision)
        .join(editions, editions.c.key == edition_items.c.edition)
        .where(editions.c.newsletter == newsletter, editions.c.kind == EditionKind.CORRECTION)
        .where(edition_items.c.article == article)
    )
