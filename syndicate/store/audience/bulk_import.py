"""Readers who come in by the thousand, from a file: what stands here always wins.

A batch is put beside the tables as one of its own, looked up there at once, and goes in
by a statement per table. One reader at a time takes thirty times as long.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, case, insert, literal, select, text, true

from syndicate.model.subscribers import Action, Actor, Cause, SubscribeOutcome, SubscriptionState
from syndicate.store.articles.reading import ArticleReader
from syndicate.store.audience.audit_log import AuditEntry, AuditLog
from syndicate.store.audience.former_addresses import FormerAddresses
from syndicate.store.audience.import_staging import (
    ImportStaging,
    Numbered,
    StagedReader,
    arriving,
    arriving_tags,
)
from syndicate.store.audience.subscribers import Subscribers
from syndicate.store.database.locks import LOCK_AUDIENCE, lock
from syndicate.store.database.schema import (
    Instant,
    changes,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)
from syndicate.store.database.sql_engine import insert_into, insert_new

IMPORTED = "imported from "
"""What the source of every subscription begins with that a file brought."""


class BulkImport:
    """The door for readers who come in by the thousand."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._subscribers = Subscribers(connection)
        self._audit_log = AuditLog(connection)
        self._room = ImportStaging(connection)

    def add(
        self, batch: Sequence[StagedReader], *, cause: Cause, at: datetime
    ) -> list[SubscribeOutcome]:
        """Take some thousand in; return what became of each, in their order.

        Nobody is brought back who left, is suppressed or was erased here. What is known
        of somebody is filled in where there was nothing, and never changed. `cause` stands
        in the trail for all but subscriptions, which have their own.
        """
        lock(self._connection, LOCK_AUDIENCE)
        self._room.open()
        batch = self._as_they_are_now(batch)
        became = [SubscribeOutcome.KNOWN] * len(batch)
        for wave in _waves(batch):
            for number, what in self._take_wave(wave, cause, at):
                became[number] = what
        return became

    def _as_they_are_now(self, batch: Sequence[StagedReader]) -> Sequence[StagedReader]:
        """Put the address that somebody has now for one that they had before.

        What a file says against an address, such as that it bounces, is of that address alone.
        """
        now = FormerAddresses(self._connection).current(arrival.address for arrival in batch)
        if not now:
            return batch
        return [
            arrival
            if arrival.suppressed or arrival.address not in now
            else arrival._replace(address=now[arrival.address][0], email=now[arrival.address][1])
            for arrival in batch
        ]

    def analyze(self) -> None:
        """Have PostgreSQL count its tables now that many came in, and plan by that.

        It would do so by itself in a minute or so; until then it takes a full table for an
        empty one, and what asks for the audience is many times as slow.
        """
        if self._connection.dialect.name == "postgresql":
            names = (table.name for table in (subscribers, subscriptions, subscriber_tags))
            self._connection.execute(text(f"ANALYZE {', '.join(names)}"))

    # a wave: nobody is in it twice

    def _take_wave(
        self, wave: Sequence[Numbered], cause: Cause, at: datetime
    ) -> Iterator[tuple[int, SubscribeOutcome]]:
        self._room.admit(wave)
        stands = self._room.known()
        new: dict[int, SubscribeOutcome] = {}
        barred: list[Numbered] = []
        tagged: list[StagedReader] = []
        for number, arrival in wave:
            row = stands.get(number)
            if row is not None and row.erased:
                yield number, SubscribeOutcome.ERASED
            elif arrival.suppressed:
                barred.append((number, arrival))
                yield number, SubscribeOutcome.SUPPRESSED
            elif arrival.state is SubscriptionState.CONFIRMED and row is not None and row.reason:
                yield number, SubscribeOutcome.SUPPRESSED
            else:
                if row is None or row.state is None:
                    left = arrival.state is SubscriptionState.LEFT
                    new[number] = what = SubscribeOutcome.LEFT if left else SubscribeOutcome.NEW
                else:
                    what = self._meet_again(arrival, row, at)
                yield number, what
                if arrival.tags and what in {SubscribeOutcome.NEW, SubscribeOutcome.KNOWN}:
                    tagged.append(arrival)
        self._bar(barred, stands, cause, at)
        if new:
            self._room.keep_only(new, len(wave))
            yield from self._insert(len(new), at)
        self._fill_in(wave, stands, cause, at)
        self._tag(tagged, {row.key for row in stands.values()}, cause, at)

    def _meet_again(self, arrival: StagedReader, row: Row[Any], at: datetime) -> SubscribeOutcome:
        """Decide about somebody who is subscribed here, or was."""
        stands, comes = SubscriptionState(row.state), arrival.state
        if stands is SubscriptionState.LEFT:
            return SubscribeOutcome.LEFT
        cause = Cause(who=Actor.IMPORT, how=arrival.how)
        if comes is SubscriptionState.CONFIRMED:
            if stands is SubscriptionState.PENDING:
                self._subscribers.subscribe(arrival.email, arrival.newsletter, cause=cause, at=at)
            return SubscribeOutcome.KNOWN
        # who signed up here themselves, later or who knows when, is not driven out by an old file
        later = arrival.at > row.at if arrival.dated else str(row.source).startswith(IMPORTED)
        if stands is SubscriptionState.PENDING or later:
            self._subscribers.unsubscribe(row.key, arrival.newsletter, at=at, cause=cause)
            return SubscribeOutcome.LEFT
        return SubscribeOutcome.KNOWN

    def _bar(
        self,
        barred: Iterable[Numbered],
        stands: Mapping[int, Row[Any]],
        cause: Cause,
        at: datetime,
    ) -> None:
        """Suppress addresses; the first reason stands."""
        rows, entries = [], []
        for number, arrival in barred:
            row = stands.get(number)
            if row is None or row.reason is None:
                rows.append({"address": arrival.address, "reason": arrival.suppressed, "at": at})
            if row is not None and row.reason is None:
                entries.append(_entry(row.key, Action.SUPPRESSED, cause, at, arrival.suppressed))
        insert_new(self._connection, suppressions, rows)
        self._audit_log.add_all(entries)

    def _fill_in(
        self,
        wave: Iterable[Numbered],
        stands: Mapping[int, Row[Any]],
        cause: Cause,
        at: datetime,
    ) -> None:
        """Add what is not known yet of people who are subscribed."""
        for number, arrival in wave:
            row = stands.get(number)
            if row is None or row.key is None or not _tells(arrival):
                continue
            if row.erased or row.reason or row.state == SubscriptionState.LEFT:
                continue
            name, language = row.name or arrival.name, row.language or arrival.language
            stand = json.loads(row.fields) if arrival.fields else {}
            fields = {**arrival.fields, **stand}
            if fields != stand or (name, language) != (row.name, row.language):
                self._subscribers.update(
                    row.key,
                    at=at,
                    cause=cause,
                    name=name,
                    language=language,
                    fields=fields or None,
                )

    # how

    def _insert(self, count: int, at: datetime) -> Iterator[tuple[int, SubscribeOutcome]]:
        """Make subscribers and subscriptions; say who was quicker and subscribed meanwhile."""
        people = ["address", "email", "name", "created_at", "language", "fields"]
        new = arriving.c
        came = select(new.address, new.email, new.name, new.at, new.language, new.fields)
        self._insert_new(subscribers, people, came.where(true()).order_by(new.n))
        since = literal(ArticleReader(self._connection).newest_number())
        joined = select(
            subscribers.c.key, new.newsletter, new.state, since, new.at, new.how
        ).select_from(arriving.join(subscribers, subscribers.c.address == new.address))
        stand = ["subscriber", "newsletter", "state", "since", "at", "source"]
        made = self._insert_new(subscriptions, stand, joined.where(true()).order_by(new.n))
        if made < count:
            yield from ((number, SubscribeOutcome.KNOWN) for number in self._room.overtaken())
        confirmed = new.state == SubscriptionState.CONFIRMED
        lines = select(
            subscribers.c.key,
            literal(at, Instant),
            case(
                (confirmed, literal(Action.SUBSCRIBED.value)),
                else_=literal(Action.LEFT_ELSEWHERE.value),
            ),
            new.newsletter,
            literal(Actor.IMPORT.value),
            new.how,
            literal(""),
            literal(""),
        ).select_from(arriving.join(subscribers, subscribers.c.address == new.address))
        columns = ["subscriber", "at", "action", "newsletter", "who", "how", "origin", "detail"]
        self._connection.execute(insert(changes).from_select(columns, lines.order_by(new.n)))

    def _insert_new(self, table: Table, columns: list[str], rows: Select[Any]) -> int:
        new = insert_into(self._connection, table).from_select(columns, rows)
        statement = new.on_conflict_do_nothing()
        options = {"preserve_rowcount": True}
        return self._connection.execute(statement, execution_options=options).rowcount

    def _tag(
        self, tagged: Sequence[StagedReader], known: set[int], cause: Cause, at: datetime
    ) -> None:
        """Put tags on people; a line of the trail for those who were here before."""
        if not tagged:
            return
        self._room.admit_tags(tagged)
        tag = arriving_tags.c
        rows = (
            select(subscribers.c.key, tag.tag)
            .select_from(arriving_tags.join(subscribers, subscribers.c.address == tag.address))
            .where(true())
        )
        into = insert_into(self._connection, subscriber_tags)
        fresh = (
            into.from_select(["subscriber", "tag"], rows)
            .on_conflict_do_nothing()
            .returning(subscriber_tags.c.subscriber, subscriber_tags.c.tag)
        )
        put: dict[int, list[str]] = {}
        for key, name in self._connection.execute(fresh):
            if key in known:
                put.setdefault(key, []).append(name)
        self._audit_log.add_all(
            _entry(key, Action.CHANGED, cause, at, ", ".join(f"+{name}" for name in names))
            for key, names in put.items()
        )


def _waves(batch: Sequence[StagedReader]) -> Iterator[list[Numbered]]:
    """Part a batch so that nobody is in a part twice: what came first is there to be looked up."""
    left: list[Numbered] = list(enumerate(batch))
    while left:
        wave, later, seen = [], [], set()
        for one in left:
            address = one[1].address
            if address in seen:
                later.append(one)
            else:
                seen.add(address)
                wave.append(one)
        yield wave
        left = later


def _tells(arrival: StagedReader) -> bool:
    """Whether it says more of somebody than the address."""
    return bool(arrival.name or arrival.language or arrival.fields)


def _entry(key: int, action: Action, cause: Cause, at: datetime, detail: str) -> AuditEntry:
    return AuditEntry(subscriber=key, action=action, cause=cause, at=at, detail=detail)
