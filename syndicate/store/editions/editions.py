"""Freezes editions: content, articles, links, and a ledger row for every reader."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, literal, or_, select

from syndicate.model.deliveries import WAITING, DeliveryState
from syndicate.model.editions import (
    LETTERS,
    Content,
    Draft,
    Edition,
    EditionKind,
    EditionState,
    Item,
)
from syndicate.model.subscribers import SubscriptionState
from syndicate.store.audience.segments import condition
from syndicate.store.database.locks import LOCK_NUMBERS, lock
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import (
    Instant,
    contents,
    deliveries,
    edition_items,
    edition_links,
    editions,
    subscribers,
    subscriptions,
    suppressions,
)
from syndicate.store.database.sql_engine import insert_new


class Editions(Repository):
    """Adds and finds editions."""

    def add(self, draft: Draft) -> Edition:
        """Freeze an edition with a ledger row for every reader it is for.

        These are the confirmed ones whose subscription is older than its newest article,
        whose address is not suppressed, who have not paused mail, and who are in the
        draft's segment, if it names one.
        """
        key = self.freeze(draft, everybody=draft.segment is None)
        self._freeze_audience(key, draft)
        edition = self.by_key(key)
        assert edition is not None
        return edition

    def freeze(self, draft: Draft, *, everybody: bool, original: int | None = None) -> int:
        """Freeze an edition's content and articles, for nobody yet; return its number.

        `everybody`: whether the archive shows it. `original` is the first of the editions
        that it corrects.
        """
        lock(self._connection, LOCK_NUMBERS)
        content = draft.content
        insert_new(self._connection, contents, {"hash": content.hash, **asdict(content)})
        key: int = self._execute(
            insert(editions).returning(editions.c.key),
            {
                "newsletter": draft.newsletter,
                "schedule": draft.schedule,
                "kind": draft.kind,
                "content": content.hash,
                "upto": draft.upto,
                "created_at": draft.created_at,
                "expires_at": draft.expires_at,
                "on_unknown": "skip",
                "everybody": everybody,
                "original": original,
                "slot_at": draft.slot_at or draft.created_at,
            },
        ).scalar_one()
        self._execute(
            insert(edition_items),
            [
                {
                    "edition": key,
                    "position": position,
                    "article": item.article,
                    "revision": item.revision,
                }
                for position, item in enumerate(draft.items, 1)
            ],
        )
        self._freeze_links(key, draft)
        return key

    def add_letter(
        self, content: Content, *, to: int, created_at: datetime, expires_at: datetime
    ) -> int:
        """Freeze a letter to one subscriber; return its number.

        One that was being sent when a process died is sent again: a letter that comes
        twice does no harm.
        """
        insert_new(self._connection, contents, {"hash": content.hash, **asdict(content)})
        letter = {
            "newsletter": LETTERS,
            "schedule": None,
            "kind": EditionKind.LETTER,
            "content": content.hash,
            "upto": 0,
            "created_at": created_at,
            "expires_at": expires_at,
            "on_unknown": "resend",
        }
        key: int = self._execute(insert(editions).returning(editions.c.key), letter).scalar_one()
        delivery = {"edition": key, "subscriber": to, "state": DeliveryState.QUEUED, "attempt": 0}
        delivery |= {"code": 0, "reply": "", "at": created_at}
        self._execute(insert(deliveries), delivery)
        return key

    def by_key(self, key: int) -> Edition | None:
        """Find an edition by its number."""
        row = self._execute(_select_editions().where(editions.c.key == key)).one_or_none()
        return None if row is None else edition_of(row)

    def all(self) -> list[Edition]:
        """Return every edition but letters, newest first."""
        query = _select_editions().where(editions.c.kind != EditionKind.LETTER)
        query = query.order_by(editions.c.key.desc())
        return [edition_of(row) for row in self._execute(query)]

    def unfinished(self) -> list[Edition]:
        """Return the editions, but letters, with deliveries that are not done, oldest first."""
        # only the first row of each state is looked up in an index
        firsts = (
            select(func.min(deliveries.c.subscriber))
            .where(deliveries.c.edition == editions.c.key, deliveries.c.state == state)
            .scalar_subquery()
            for state in WAITING
        )
        query = _select_editions().where(
            editions.c.kind != EditionKind.LETTER, or_(*(first.is_not(None) for first in firsts))
        )
        return [edition_of(row) for row in self._execute(query.order_by(editions.c.key))]

    def newest_of(self, schedule: str) -> Edition | None:
        """Return the newest edition of a schedule."""
        of_schedule = _select_editions().where(editions.c.schedule == schedule)
        row = self._execute(of_schedule.order_by(editions.c.key.desc()).limit(1)).one_or_none()
        return None if row is None else edition_of(row)

    def newest_key(self, newsletter: str) -> int:
        """Return the number of a newsletter's newest edition; 0 when it has none."""
        query = select(editions.c.key).where(editions.c.newsletter == newsletter)
        newest = self._execute(query.order_by(editions.c.key.desc()).limit(1)).scalar()
        return newest or 0

    def content(self, name: str) -> Content:
        """Return a frozen content by its hash."""
        row = self._execute(select(contents).where(contents.c.hash == name)).one()
        return Content(
            subject=row.subject,
            preheader=row.preheader,
            html=row.html,
            text=row.text,
            nonce=row.nonce,
        )

    def items(self, key: int) -> list[Item]:
        """Return the articles of an edition, in order."""
        query = select(edition_items).where(edition_items.c.edition == key)
        rows = self._execute(query.order_by(edition_items.c.position))
        return [Item(article=row.article, revision=row.revision) for row in rows]

    def _freeze_links(self, key: int, draft: Draft) -> None:
        links = enumerate(draft.links, 1)
        rows = [{"edition": key, "position": number, "address": to} for number, to in links]
        if rows:
            self._execute(insert(edition_links), rows)

    def _freeze_audience(self, key: int, draft: Draft) -> None:
        readers = (
            select(
                literal(key),
                subscriptions.c.subscriber,
                literal(DeliveryState.QUEUED.value),
                literal(0),
                literal(0),
                literal(""),
                bindparam("at", draft.created_at, type_=Instant),
            )
            .join(subscribers, subscribers.c.key == subscriptions.c.subscriber)
            .outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
            .where(
                subscriptions.c.newsletter == draft.newsletter,
                subscriptions.c.state == SubscriptionState.CONFIRMED,
                subscriptions.c.since < draft.newest,
                suppressions.c.address.is_(None),
                or_(
                    subscribers.c.paused_until.is_(None),
                    subscribers.c.paused_until <= draft.created_at,
                ),
            )
        )
        if draft.segment is not None:
            readers = readers.where(
                condition(draft.segment, self._connection.dialect.name, at=draft.created_at)
            )
        columns = ["edition", "subscriber", "state", "attempt", "code", "reply", "at"]
        self._execute(insert(deliveries).from_select(columns, readers))


def _select_editions() -> Select[Any]:
    return select(editions, contents.c.subject).join(contents)


def edition_of(row: Row[Any]) -> Edition:
    """Make an edition of a row of `editions` with its subject."""
    return Edition(
        key=row.key,
        newsletter=row.newsletter,
        schedule=row.schedule,
        kind=EditionKind(row.kind),
        subject=row.subject,
        content=row.content,
        upto=row.upto,
        created_at=row.created_at,
        expires_at=row.expires_at,
        on_unknown=row.on_unknown,
        state=EditionState(row.state),
        successor=row.successor,
        slot_at=row.slot_at or row.created_at,
        original=row.original,
    )
