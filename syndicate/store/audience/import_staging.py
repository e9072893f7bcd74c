"""Temporary tables of imported readers, so that a batch is looked up at once."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import JSON, Column, Integer, MetaData, Row, Table, Text, cast, or_, select
from sqlalchemy.schema import CreateTable

from syndicate.clock import EPOCH
from syndicate.model.subscribers import SubscriptionState
from syndicate.store.audience.erasures import Erasures, hash_address
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import Instant, columns, erasures, subscribers, subscriptions
from syndicate.store.database.schema_feedback import suppressions

_MICROSECOND = timedelta(microseconds=1)
# constants: looking up an Enum's value costs as much as half a row
_LEFT, _CONFIRMED = SubscriptionState.LEFT.value, SubscriptionState.CONFIRMED.value
_WAL_PAGES = 16_000
"""Pages of 4 KB in SQLite's log before it is written into the database."""


class StagedReader(NamedTuple):
    """A reader as a file has them; a tuple, since there may be millions."""

    email: str
    address: str
    """The form that makes it unique (`normal_address`)."""
    newsletter: str
    at: datetime
    """Since when they have been in this state."""
    how: str
    """How consent was given or withdrawn; it begins with IMPORTED."""
    state: SubscriptionState = SubscriptionState.CONFIRMED
    """CONFIRMED, or LEFT for one who must not be mailed."""
    dated: bool = True
    """Whether the file has `at`; else it is the time of the import."""
    name: str = ""
    language: str | None = None
    fields: Mapping[str, str] = {}
    tags: tuple[str, ...] = ()
    suppressed: str = ""
    """Why the address is to be suppressed; then no subscription is added."""


_temporary = MetaData()
staged = Table(
    "staged",
    _temporary,
    Column("n", Integer, nullable=False),
    *columns(Text, "address", "email", "name", "newsletter", "state", "how"),
    *columns(Text, "hash", "language", nullable=True),
    Column("at", Instant, nullable=False),
    Column("fields", JSON, nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
staged_tags = Table(
    "staged_tags",
    _temporary,
    *columns(Text, "address", "tag"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
Numbered = tuple[int, StagedReader]


class ImportStaging(Repository):
    """A batch of readers beside the store's tables."""

    def create_tables(self) -> None:
        """Create the tables and tune the database, for this transaction."""
        for table in (staged, staged_tags):
            self._execute(CreateTable(table, if_not_exists=True))
        if self._dialect == "postgresql":
            # it can't know how many rows come, nor how fast the tables grow: use the indexes
            for plan in ("hashjoin", "mergejoin", "seqscan"):
                self._connection.exec_driver_sql(f"SET LOCAL enable_{plan} = off")
        else:  # every batch changes the same pages of the indexes: write them less often
            self._connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")

    def load(self, chunk: Iterable[Numbered]) -> None:
        """Load readers in place of those before."""
        self._delete(staged)
        erased = Erasures(self._connection)
        secret = erased.secret() if erased.any() else None
        no_fields = json.dumps({})
        self._copy(
            staged,
            (
                (
                    number,
                    reader.address,
                    reader.email,
                    reader.name,
                    reader.newsletter,
                    _LEFT if reader.state is SubscriptionState.LEFT else _CONFIRMED,
                    reader.how,
                    hash_address(reader.address, secret) if secret else None,
                    reader.language,
                    (reader.at - EPOCH) // _MICROSECOND,
                    json.dumps(reader.fields, ensure_ascii=False) if reader.fields else no_fields,
                )
                for number, reader in chunk
            ),
        )

    def _copy(self, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert rows of driver values in the fastest way that the database has."""
        names = ", ".join(column.name for column in table.columns)
        if self._dialect == "postgresql":
            cursor = self._connection.connection.cursor()
            with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.close()
            return
        values = ", ".join("?" for _ in table.columns)
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({values})"  # noqa: S608 - names are ours
        self._connection.exec_driver_sql(statement, list(rows))

    def load_tags(self, people: Iterable[StagedReader]) -> None:
        """Load tags in place of those before."""
        self._delete(staged_tags)
        self._copy(staged_tags, ((reader.address, tag) for reader in people for tag in reader.tags))

    def known(self) -> dict[int, Row[Any]]:
        """Return what the store has on each known reader, by number in the batch.

        Custom fields are still JSON: they are rarely needed.
        """
        new, stored = staged.c, subscriptions.c
        query = (
            select(
                new.n,
                subscribers.c.key,
                subscribers.c.name,
                subscribers.c.language,
                cast(subscribers.c.fields, Text).label("fields"),
                stored.state,
                stored.at,
                stored.source,
                suppressions.c.reason,
                erasures.c.hash.label("erased"),
            )
            .select_from(staged)
            .outerjoin(subscribers, subscribers.c.address == new.address)
            .outerjoin(
                subscriptions,
                (stored.subscriber == subscribers.c.key) & (stored.newsletter == new.newsletter),
            )
            .outerjoin(suppressions, suppressions.c.address == new.address)
            .outerjoin(erasures, erasures.c.hash == new.hash)
            .where(
                or_(
                    subscribers.c.key.is_not(None),
                    suppressions.c.address.is_not(None),
                    erasures.c.hash.is_not(None),
                )
            )
        )
        return {row.n: row for row in self._execute(query)}
