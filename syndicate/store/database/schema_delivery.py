"""The tables of delivery beside the ledger: decisions about editions, holds, quotas, rates."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from syndicate.store.database.schema import Instant, deliveries, metadata

# decisions about editions, each with the edition's counts; only added to
edition_acts = Table(
    "edition_acts",
    metadata,
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("edition", Integer, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("act", String(16), nullable=False),
    Column("who", String(16), nullable=False),
    Column("how", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("tried", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    sqlite_autoincrement=True,
)

# relays and domains that get no mail for a while; a row stays as long as its strikes count
holds = Table(
    "holds",
    metadata,
    Column("what", Text, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("strikes", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

# token buckets: used up until a moment, in nanoseconds since the epoch, at so many nanoseconds
# per message
allowances = Table(
    "allowances",
    metadata,
    Column("name", Text, primary_key=True),
    Column("used_until", BigInteger, nullable=False),
    Column("apiece", BigInteger, nullable=False),
)

# the newest send rate of each process and relay
paces = Table(
    "paces",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("relay", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("sessions", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("deferred", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("per_second", Float, nullable=False),
    Column("note", Text, nullable=False),
)

# when the events last happened that show whether mail moves
heartbeats = Table(
    "heartbeats",
    metadata,
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
