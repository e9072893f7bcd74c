"""Imports readers by the thousand from a file; existing data always wins.

A batch is loaded into a temporary table, looked up there at once, and inserted by one
statement per table. Inserting readers one by one takes thirty times as long.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, insert, literal, select, text, true

from syndicate.model.subscribers import (
    Action,
    Actor,
    Cause,
    SubscribeOutcome,
    SubscriptionState,
    SuppressionKind,
)
from syndicate.store.articles.reading import ArticleReader
from syndicate.store.audience.audit_log import COLUMNS, AuditLog
from syndicate.store.audience.import_staging import (
    ImportStaging,
    Numbered,
    StagedReader,
    staged,
    staged_tags,
)
from syndicate.store.audience.merges import Merges
from syndicate.store.audience.subscribers import Subscribers
from syndicate.store.database.bulk_update import split_by_occurrence
from syndicate.store.database.repository import LOCK_AUDIENCE, Repository, lock
from syndicate.store.database.schema import (
    Instant,
    changes,
    subscriber_tags,
    subscribers,
    subscriptions,
)
from syndicate.store.database.schema_feedback import suppressions

IMPORTED = "imported from "
"""How the source of every imported subscription begins."""


class BulkImport(Repository):
    """Adds readers by the thousand."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._subscribers = Subscribers(connection)
        self._note_all = AuditLog(connection).add_all
        self._staging = ImportStaging(connection)

    def add(self, batch: Sequence[StagedReader], *, cause: Cause) -> list[SubscribeOutcome]:
        """Add some thousand readers; return the outcome of each, in their order.

        Nobody who left, is suppressed or was erased is subscribed again. Empty fields of known
        people are filled in, others never change. `cause` is recorded for all but subscriptions,
        which have their own.
        """
        lock(self._connection, LOCK_AUDIENCE)
        self._staging.create_tables()
        addresses = [reader.address for reader in batch]
        former = Merges(self._connection).current_addresses(addresses)
        if former:  # a suppression, such as of a bounce, is for the address in the file alone
            batch = [
                reader if reader.suppressed else reader._replace(**former.get(reader.address, {}))
                for reader in batch
            ]
        outcomes = [SubscribeOutcome.KNOWN] * len(batch)
        # nobody is in a chunk twice: the next one finds who came before
        for chunk in split_by_occurrence(enumerate(batch), key=lambda pair: pair[1].address):
            for number, outcome in self._add_chunk(chunk, cause):
                outcomes[number] = outcome
        return outcomes

    def analyze(self) -> None:
        """Have PostgreSQL analyse its tables after a large import.

        It does so by itself in a minute or so; until then it takes a full table for an
        empty one, and queries of the audience are many times as slow.
        """
        if self._dialect == "postgresql":
            names = (table.name for table in (subscribers, subscriptions, subscriber_tags))
            self._execute(text(f"ANALYZE {', '.join(names)}"))

    def _add_chunk(
        self, chunk: Sequence[Numbered], cause: Cause
    ) -> Iterator[tuple[int, SubscribeOutcome]]:
        self._staging.load(chunk)
        known = self._staging.known()
        new: list[Numbered] = []
        suppressed: list[Numbered] = []
        tagged: list[StagedReader] = []
        for number, reader in chunk:
            row = known.get(number)
            if row is not None and row.erased:
                yield number, SubscribeOutcome.ERASED
            elif reader.suppressed:
                suppressed.append((number, reader))
                yield number, SubscribeOutcome.SUPPRESSED
            elif reader.state is SubscriptionState.CONFIRMED and row is not None and row.reason:
                yield number, SubscribeOutcome.SUPPRESSED
            else:
                if row is None or row.state is None:
                    left = reader.state is SubscriptionState.LEFT
                    outcome = SubscribeOutcome.LEFT if left else SubscribeOutcome.NEW
                    new.append((number, reader))
                else:
                    outcome = self._update_known(reader, row, cause.at)
                yield number, outcome
                if reader.tags and outcome in {SubscribeOutcome.NEW, SubscribeOutcome.KNOWN}:
                    tagged.append(reader)
        self._suppress(suppressed, known, cause)
        if new:
            if len(new) < len(chunk):
                self._staging.load(new)
            self._insert_staged(cause.at)
        self._fill_fields(chunk, known, cause)
        self._tag(tagged, {row.key for row in known.values()}, cause)

    def _update_known(self, reader: StagedReader, row: Row[Any], at: datetime) -> SubscribeOutcome:
        """Unsubscribe or confirm a reader whose subscription is known; return the outcome."""
        state = row.state
        if state is SubscriptionState.LEFT:
            return SubscribeOutcome.LEFT
        cause = Cause(who=Actor.IMPORT, how=reader.how, at=at)
        if reader.state is SubscriptionState.CONFIRMED:
            if state is SubscriptionState.PENDING:
                self._subscribers.subscribe(reader.email, reader.newsletter, cause=cause)
            return SubscribeOutcome.KNOWN
        # an old file does not unsubscribe a reader who signed up here later, or at an unknown time
        later = reader.at > row.at if reader.dated else str(row.source).startswith(IMPORTED)
        if state is SubscriptionState.PENDING or later:
            self._subscribers.unsubscribe(row.key, reader.newsletter, cause=cause)
            return SubscribeOutcome.LEFT
        return SubscribeOutcome.KNOWN

    def _suppress(
        self, suppressed: Iterable[Numbered], known: Mapping[int, Row[Any]], cause: Cause
    ) -> None:
        """Suppress addresses; those that are suppressed keep their reason."""
        rows, details = [], []
        for number, reader in suppressed:
            row = known.get(number)
            if row is None or row.reason is None:
                reason = {"address": reader.address, "reason": reader.suppressed}
                rows.append({**reason, "kind": SuppressionKind.OPERATOR, "at": cause.at})
            if row is not None and row.reason is None:
                details.append((row.key, reader.suppressed))
        self._insert_new(suppressions, rows)
        self._note_all(details, Action.SUPPRESSED, cause)

    def _fill_fields(
        self, chunk: Iterable[Numbered], known: Mapping[int, Row[Any]], cause: Cause
    ) -> None:
        for number, reader in chunk:
            row = known.get(number)
            has_fields = reader.name or reader.language or reader.fields
            if row is None or row.key is None or not has_fields:
                continue
            if row.erased or row.reason or row.state == SubscriptionState.LEFT:
                continue
            name, language = row.name or reader.name, row.language or reader.language
            stored = json.loads(row.fields) if reader.fields else {}
            fields = {**reader.fields, **stored}
            if fields != stored or (name, language) != (row.name, row.language):
                self._subscribers.update(
                    row.key, cause=cause, name=name, language=language, fields=fields or None
                )

    def _insert_staged(self, at: datetime) -> None:
        """Insert subscribers, those that are known left out, and their subscriptions."""
        people = ["address", "email", "name", "created_at", "language", "fields"]
        new = staged.c
        imported = select(new.address, new.email, new.name, new.at, new.language, new.fields)
        rows = imported.where(true()).order_by(new.n)
        inserted = self._insert_into(subscribers).from_select(people, rows)
        self._execute(inserted.on_conflict_do_nothing())
        joined = staged.join(subscribers, subscribers.c.address == new.address)
        since = literal(ArticleReader(self._connection).newest_number())
        subscribed = select(
            subscribers.c.key, new.newsletter, new.state, since, new.at, new.how
        ).select_from(joined)
        columns = ["subscriber", "newsletter", "state", "since", "at", "source"]
        self._execute(insert(subscriptions).from_select(columns, subscribed.order_by(new.n)))
        confirmed = new.state == SubscriptionState.CONFIRMED
        entries = select(
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
        ).select_from(joined)
        self._execute(insert(changes).from_select(COLUMNS, entries.order_by(new.n)))

    def _tag(self, tagged: Sequence[StagedReader], known: set[int], cause: Cause) -> None:
        """Add tags; record them for people who were known before."""
        if not tagged:
            return
        self._staging.load_tags(tagged)
        tag = staged_tags.c
        rows = (
            select(subscribers.c.key, tag.tag)
            .select_from(staged_tags.join(subscribers, subscribers.c.address == tag.address))
            .where(true())
        )
        fresh = (
            self._insert_into(subscriber_tags)
            .from_select(["subscriber", "tag"], rows)
            .on_conflict_do_nothing()
            .returning(subscriber_tags.c.subscriber, subscriber_tags.c.tag)
        )
        added: dict[int, list[str]] = {}
        for key, name in self._execute(fresh):
            if key in known:
                added.setdefault(key, []).append(f"+{name}")
        details = [(key, ", ".join(names)) for key, names in added.items()]
        self._note_all(details, Action.CHANGED, cause)
