"""The tables of outgoing calls: to hubs, search engines and subscribers of our own hub."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from syndicate.store.database.schema import Instant, metadata

# the newest version of a feed that a hub was notified of, or is to be while `due_at` is set
pings = Table(
    "pings",
    metadata,
    Column("hub", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("due_at", Instant, index=True),
    Column("claimed", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
)

# pages that a search engine is to be notified of while `due_at` is set; `engines` has up to
# which change it was. A page that is gone stays, so that the engine is notified once.
submissions = Table(
    "submissions",
    metadata,
    Column("engine", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("gone", Boolean, nullable=False),
    Column("due_at", Instant, index=True),
    Column("claimed", Boolean, nullable=False),
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

# hubs and search engines that are not called for a while: they asked for it or don't answer
pauses = Table(
    "pauses",
    metadata,
    Column("server", Text, primary_key=True),
    Column("until", Instant, nullable=False),
)

# our own hub: requests that are not verified yet, and subscriptions; the due time of a claimed
# row is when its claim expires
hub_requests = Table(
    "hub_requests",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("callback", Text, primary_key=True),
    Column("host", Text, nullable=False, index=True),
    Column("mode", String(16), nullable=False),
    Column("secret", Text, nullable=False),
    Column("lease", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
    Column("claimed", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
)

hub_subscriptions = Table(
    "hub_subscriptions",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("callback", Text, primary_key=True),
    Column("host", Text, nullable=False, index=True),
    Column("secret", Text, nullable=False),
    Column("until", Instant, nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("owed", String(64), nullable=False),
    Column("due_at", Instant, index=True),
    Column("claimed", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
)
