"""The tables of outgoing calls: to hubs, search engines and subscribers of our own hub."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text

from syndicate.store.database.schema import Instant, metadata

# what each endpoint is to get of each topic: the newest version, and the one that it has. A call
# is made at `due_at`; while it is claimed, that is when the claim expires.
outgoing_calls = Table(
    "outgoing_calls",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("endpoint", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("delivered", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("due_at", Instant),
    Column("claimed", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("expires_at", Instant, index=True),
    Index("ix_outgoing_calls_due_at", "kind", "due_at"),
    Index("ix_outgoing_calls_host", "kind", "host"),
)

# up to which change of articles a search engine was notified
engines = Table(
    "engines",
    metadata,
    Column("engine", Text, primary_key=True),
    Column("change", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

# endpoints that are not called for a while: they asked for it or don't answer
pauses = Table(
    "pauses",
    metadata,
    Column("endpoint", Text, primary_key=True),
    Column("until", Instant, nullable=False),
)
