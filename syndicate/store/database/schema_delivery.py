"""The tables of delivery beside the ledger: decisions about editions, holds, quotas, rates."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Text

from syndicate.model.edition_control import ControlAction
from syndicate.model.subscribers import Actor
from syndicate.store.database.schema import Instant, columns, deliveries, one_of, table

# decisions about editions, each with the edition's counts; only added to
edition_acts = table(
    "edition_acts",
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("edition", Integer, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("act", one_of(ControlAction), nullable=False),
    Column("who", one_of(Actor), nullable=False),
    *columns(Text, "how", "detail"),
    *columns(Integer, "tried", "failed"),
    sqlite_autoincrement=True,
)

# relays and domains that get no mail for a while; a row stays as long as its strikes count
holds = table(
    "holds",
    Column("what", Text, primary_key=True),
    *columns(Instant, "until", "since"),
    Column("strikes", Integer, nullable=False),
    Column("reason", Text, nullable=False),
)

# token buckets: used up until a moment, in nanoseconds since the epoch, at so many nanoseconds
# per message
allowances = table(
    "allowances",
    Column("name", Text, primary_key=True),
    *columns(BigInteger, "used_until", "apiece"),
)

# the newest send rate of each process and relay
paces = table(
    "paces",
    *columns(Text, "owner", "relay", primary_key=True),
    Column("at", Instant, nullable=False),
    *columns(Integer, "sessions", "accepted", "deferred", "failed"),
    Column("per_second", Float, nullable=False),
    Column("note", Text, nullable=False),
)

# when the events last happened that show whether mail moves
heartbeats = table(
    "heartbeats",
    Column("what", String(16), primary_key=True),
    Column("at", Instant, nullable=False),
)

# the few deferred rows, by when they are due: else each claim would scan all rows of a state
Index(
    "ix_deliveries_put_off",
    deliveries.c.edition,
    deliveries.c.next_attempt_at,
    sqlite_where=deliveries.c.next_attempt_at.is_not(None),
    postgresql_where=deliveries.c.next_attempt_at.is_not(None),
)
