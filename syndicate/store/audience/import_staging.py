"""Where arrivals wait: temporary tables beside those of the store, to be looked up at once."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    cast,
    delete,
    or_,
    select,
)
from sqlalchemy.schema import CreateTable

from syndicate.clock import EPOCH
from syndicate.model.subscribers import SubscribeOutcome, SubscriptionState
from syndicate.store.audience.erasures import Erasures, hashed
from syndicate.store.database.schema import (
    Instant,
    erasures,
    subscribers,
    subscriptions,
    suppressions,
)

_MICROSECOND = timedelta(microseconds=1)
# looked up once: an Enum's value costs as much as half a row
_LEFT, _CONFIRMED = SubscriptionState.LEFT.value, SubscriptionState.CONFIRMED.value
_WAL_PAGES = 16_000
"""Of 4 KB, which SQLite's log may have before it goes into the database."""
_AT_ONCE = 1000
"""Numbers in one condition."""


class StagedReader(NamedTuple):
    """Somebody as a file has them; a tuple, since there may be millions."""

    email: str
    address: str
    """The form that makes it unique (`normal_address`)."""
    newsletter: str
    at: datetime
    """Since when they have been in this state."""
    how: str
    """How consent was given, or taken back; it begins with IMPORTED."""
    state: SubscriptionState = SubscriptionState.CONFIRMED
    """CONFIRMED, or LEFT for somebody who must not be mailed."""
    dated: bool = True
    """Whether `at` was told; else it is the time of the import."""
    name: str = ""
    language: str | None = None
    fields: Mapping[str, str] = {}
    tags: tuple[str, ...] = ()
    suppressed: str = ""
    """Why the address must not be mailed at all; no subscription is made then."""


_beside = MetaData()
arriving = Table(
    "arriving",
    _beside,
    Column("n", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("hash", String(64)),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("newsletter", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("how", Text, nullable=False),
    Column("language", Text),
    Column("fields", JSON, nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
arriving_tags = Table(
    "arriving_tags",
    _beside,
    Column("address", Text, nullable=False),
    Column("tag", Text, nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
Numbered = tuple[int, StagedReader]


class ImportStaging:
    """Some thousand people who want to come in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self) -> None:
        """Make room, for this transaction."""
        for table in (arriving, arriving_tags):
            self._connection.execute(CreateTable(table, if_not_exists=True))
        if self._connection.dialect.name == "postgresql":
            # it can't know how many arrive, nor how fast the tables grow: look up, never scan
            for way in ("hashjoin", "mergejoin", "seqscan"):
                self._connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        else:  # the same pages of the indexes change in every batch: write them out less often
            self._connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")

    def admit(self, wave: Iterable[Numbered]) -> None:
        """Let people in, in place of those who were here."""
        self._connection.execute(delete(arriving))
        gone = Erasures(self._connection)
        secret = gone.secret() if gone.there_are_some else None
        plain = json.dumps({})
        self._copy(
            arriving,
            (
                (
                    number,
                    one.address,
                    hashed(one.address, secret) if secret else None,
                    one.email,
                    one.name,
                    one.newsletter,
                    _LEFT if one.state is SubscriptionState.LEFT else _CONFIRMED,
                    (one.at - EPOCH) // _MICROSECOND,
                    one.how,
                    one.language,
                    json.dumps(one.fields, ensure_ascii=False) if one.fields else plain,
                )
                for number, one in wave
            ),
        )

    def _copy(self, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows in the fastest way that the database has; all values are the driver's."""
        names = ", ".join(column.name for column in table.columns)
        if self._connection.dialect.name == "postgresql":
            cursor = self._connection.connection.cursor()
            with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.close()
            return
        values = ", ".join("?" for _ in table.columns)
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({values})"  # noqa: S608 - names are ours
        self._connection.exec_driver_sql(statement, list(rows))

    def admit_tags(self, people: Iterable[StagedReader]) -> None:
        """Let in the tags of people."""
        self._connection.execute(delete(arriving_tags))
        self._copy(arriving_tags, ((one.address, tag) for one in people for tag in one.tags))

    def known(self) -> dict[int, Row[Any]]:
        """Return what is known of those about whom something is, by their numbers.

        Own fields are JSON still: they are rarely looked at.
        """
        return {row.n: row for row in self._connection.execute(_standing())}

    def keep_only(self, new: Mapping[int, SubscribeOutcome], count: int) -> None:
        """Send everybody else away; `count` is how many there are."""
        if len(new) == count:
            return
        numbers = list(new)
        self._connection.execute(delete(arriving).where(arriving.c.n < numbers[0]))
        self._connection.execute(delete(arriving).where(arriving.c.n > numbers[-1]))
        others = [n for n in range(numbers[0], numbers[-1]) if n not in new]
        for begin in range(0, len(others), _AT_ONCE):
            some = arriving.c.n.in_(others[begin : begin + _AT_ONCE])
            self._connection.execute(delete(arriving).where(some))

    def overtaken(self) -> list[int]:
        """Send those away who have another subscription than they came with; return them."""
        numbers = list(self._connection.execute(_others()).scalars())
        self._connection.execute(delete(arriving).where(arriving.c.n.in_(numbers)))
        return numbers


def _standing() -> Select[Any]:
    """Select those about whom something is known, with it."""
    new, mine = arriving.c, subscriptions.c
    return (
        select(
            new.n,
            subscribers.c.key,
            subscribers.c.name,
            subscribers.c.language,
            cast(subscribers.c.fields, Text).label("fields"),
            mine.state,
            mine.at,
            mine.source,
            suppressions.c.reason,
            erasures.c.hash.label("erased"),
        )
        .select_from(arriving)
        .outerjoin(subscribers, subscribers.c.address == new.address)
        .outerjoin(
            subscriptions,
            (mine.subscriber == subscribers.c.key) & (mine.newsletter == new.newsletter),
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


def _others() -> Select[Any]:
    """Select those whose subscription is not the one that came with them."""
    new, mine = arriving.c, subscriptions.c
    return (
        select(new.n)
        .select_from(arriving)
        .join(subscribers, subscribers.c.address == new.address)
        .join(
            subscriptions,
            (mine.subscriber == subscribers.c.key) & (mine.newsletter == new.newsletter),
        )
        .where(or_(mine.source != new.how, mine.at != new.at))
    )
