"""The tables of delivery beside the ledger: decisions about editions, and the traffic."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from syndicate.store.database.schema import Instant, deliveries, metadata

# what was decided about an edition, with how far it had got by then; only added to
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

# relays and destinations that want nothing for a while; a row stays for as long as strikes count
holds = Table(
    "holds",
    metadata,
    Column("what", Text, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("strikes", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

# how far a rate is used up: until a moment in nanoseconds since the epoch, and at so many
# nanoseconds a message
allowances = Table(
    "allowances",
    metadata,
    Column("name", Text, primary_key=True),
    Column("used_until", BigInteger, nullable=False),
    Column("apiece", BigInteger, nullable=False),
)

# what a process that delivers last said of each relay
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

# when something last happened that tells whether mail moves
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("what", String(16), primary_key=True),
    Column("at", Instant, nullable=False),
)

# the few that were put off, by when they are due: else each claim would look at all of them
Index(
    "ix_deliveries_put_off",
    deliveries.c.edition,
    deliveries.c.next_attempt_at,
    sqlite_where=deliveries.c.next_attempt_at.is_not(None),
    postgresql_where=deliveries.c.next_attempt_at.is_not(None),
)
