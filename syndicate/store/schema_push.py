"""The tables of push: what hubs, search engines and subscribers of our own hub are owed."""

from sqlalchemy import Column, Integer, String, Table, Text

from syndicate.store.schema import Instant, metadata

# what a hub was last told of a feed, and what it is owed
pings = Table(
    "pings",
    metadata,
    Column("hub", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("due_at", Instant, index=True),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
)

# pages that a search engine is owed, and up to which change it was told
submissions = Table(
    "submissions",
    metadata,
    Column("engine", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("due_at", Instant, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
)

engines = Table(
    "engines",
    metadata,
    Column("engine", Text, primary_key=True),
    Column("change", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

# our own hub: who asked for what and is still to be verified, and who gets what
hub_requests = Table(
    "hub_requests",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("callback", Text, primary_key=True),
    Column("mode", String(16), nullable=False),
    Column("secret", Text, nullable=False),
    Column("lease", Integer, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
)

hub_subscriptions = Table(
    "hub_subscriptions",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("callback", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("until", Instant, nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("due_at", Instant, index=True),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
)
