"""The tables.

Times are `Instant`s. Keys that mean something outside the store are never reused
(`sqlite_autoincrement`), so an erased person's number is nobody's. The ledger (`deliveries`)
has no foreign keys and no surrogate id: with them a million rows take four times as long to
insert.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    true,
)
from sqlalchemy.types import TypeDecorator

from syndicate.clock import EPOCH, to_utc

HEAD = "0012"
"""The newest migration; a test compares it with `migrations/versions`."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as whole microseconds since the epoch, in UTC.

    SQLite would return 12:00+05:00 as a naive 12:00; a number can't be misread.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        """Return the stored number; refuse naive times."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        """Return an aware time in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


def microseconds(at: datetime) -> int:
    """Return an instant as it is stored; refuse naive times."""
    return (to_utc(at) - EPOCH) // timedelta(microseconds=1)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

articles = Table(
    "articles",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("path", Text, unique=True),
    Column("source", String(64), nullable=False, index=True),
    Column("first_seen", Instant, nullable=False),
    Column("retracted_at", Instant),
    Column("number", Integer, unique=True),
    Column("numbered_breaking", Boolean, nullable=False, server_default=false()),
    # copied from the newest revision, so that lists need not read it
    Column("revision", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("published_at", Instant, nullable=False, index=True),
    Column("breaking", Boolean, nullable=False),
    # the number of its newest change, so that a build reads only what is new
    Column("change", Integer, nullable=False, server_default="0", index=True),
    Index(None, "breaking", "numbered_breaking"),
    sqlite_autoincrement=True,
)

revisions = Table(
    "revisions",
    metadata,
    Column("article", ForeignKey("articles.key"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("saved_at", Instant, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("date", Instant),
    Column("updated", Instant),
    Column("section", Text),
    Column("tags", JSON, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("contributors", JSON, nullable=False),
    Column("breaking", Boolean, nullable=False),
    Column("summary", Text, nullable=False),
    Column("excerpt", Text, nullable=False),
    Column("image", JSON),
    Column("figures", JSON, nullable=False),
    Column("canonical_url", Text),
    Column("comments", JSON),
    Column("language", Text),
    Column("audio", JSON),
    Column("translations", JSON, nullable=False, server_default="{}"),
    Column("old_addresses", JSON, nullable=False, server_default="[]"),
    Column("extra", JSON, nullable=False),
)

galleys = Table(
    "galleys",
    metadata,
    Column("article", ForeignKey("articles.key"), primary_key=True),
    Column("rules", String(64), nullable=False),
    Column("opening", JSON, nullable=False),
    Column("body", JSON, nullable=False),
)

# every slug that an article has or had, and every old address: a path, which begins with a slash
addresses = Table(
    "addresses",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("article", ForeignKey("articles.key"), nullable=False, index=True),
)

tags = Table(
    "tags",
    metadata,
    Column("tag", Text, primary_key=True),
    Column("article", ForeignKey("articles.key"), primary_key=True, index=True),
)

media = Table(
    "media",
    metadata,
    Column("src", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Column("variants", JSON, nullable=False, server_default="[]"),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("address", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("language", Text),
    Column("fields", JSON, nullable=False, server_default="{}"),
    Column("paused_until", Instant),
    sqlite_autoincrement=True,
)

subscriber_tags = Table(
    "subscriber_tags",
    metadata,
    Column("subscriber", ForeignKey("subscribers.key"), primary_key=True),
    Column("tag", Text, primary_key=True, index=True),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber", ForeignKey("subscribers.key"), primary_key=True),
    Column("newsletter", Text, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("since", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Index(None, "newsletter", "state"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# of people who were merged or changed their address: a file with one means them
former_addresses = Table(
    "former_addresses",
    metadata,
    Column("address", Text, primary_key=True),
    Column("subscriber", Integer, nullable=False, index=True),
)

erasures = Table(
    "erasures",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
)

# the audit log; it outlives those whom it is about, by number alone
changes = Table(
    "changes",
    metadata,
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("subscriber", Integer, nullable=False, index=True),
    Column("at", Instant, nullable=False, index=True),
    Column("action", String(16), nullable=False),
    Column("newsletter", Text),
    Column("who", String(16), nullable=False),
    Column("how", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)

requests = Table(
    "requests",
    metadata,
    Column("letter", Integer, primary_key=True, autoincrement=False),
    Column("subscriber", Integer, nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("asked", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("done_at", Instant),
)

limits = Table(
    "limits",
    metadata,
    Column("name", Text, primary_key=True),
    Column("starts_at", Instant, primary_key=True),
    Column("count", Integer, nullable=False),
    Index(None, "starts_at"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("name", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("newsletter", Text),
    # the newest public number when it was first seen, and when that was; empty in trials
    Column("begins_after", Integer),
    Column("begun_at", Instant),
)

# renamed newsletters
renames = Table(
    "renames",
    metadata,
    Column("old", Text, primary_key=True),
    Column("new", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

fires = Table(
    "fires",
    metadata,
    Column("schedule", Text, primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "schedule", "due_at"),
)

contents = Table(
    "contents",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("nonce", Text, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("newsletter", Text, nullable=False, index=True),
    Column("schedule", Text, index=True),
    Column("kind", String(16), nullable=False),
    Column("content", ForeignKey("contents.hash"), nullable=False),
    Column("upto", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("on_unknown", String(16), nullable=False),
    # whether it went to all readers of its newsletter, so that everybody may read it
    Column("everybody", Boolean, nullable=False, server_default=true()),
    # whether it is sent, and which edition took over its readers
    Column("state", String(16), nullable=False, server_default="sending"),
    Column("successor", Integer),
    # the first edition of those that correct or repeat each other
    Column("original", Integer, index=True),
    # when its slot was due; where it was sent by hand, when it was composed
    Column("slot_at", Instant),
    sqlite_autoincrement=True,
)

edition_items = Table(
    "edition_items",
    metadata,
    Column("edition", ForeignKey("editions.key"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("article", Integer, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
)

edition_links = Table(
    "edition_links",
    metadata,
    Column("edition", ForeignKey("editions.key"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False),
)

# no foreign keys, as in the ledger; the reader is recorded only where that is configured
clicks = Table(
    "clicks",
    metadata,
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("edition", Integer, nullable=False),
    Column("link", Integer, nullable=False),
    Column("subscriber", Integer, index=True),
    Column("at", Instant, nullable=False, index=True),
    Column("machine", Boolean, nullable=False),
    Column("agent", String(80), nullable=False),
    Index(None, "edition", "link"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("subscriber", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("owner", Text),
    Column("lease_until", Instant),
    Column("next_attempt_at", Instant),
    Column("code", Integer, nullable=False),
    Column("reply", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "state", "edition", "subscriber"),
)

delivery_events = Table(
    "delivery_events",
    metadata,
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("edition", Integer, nullable=False),
    Column("subscriber", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("event", String(16), nullable=False),
    Column("code", Integer, nullable=False),
    Column("reply", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "edition", "subscriber"),
    sqlite_autoincrement=True,
)

private_feeds = Table(
    "private_feeds",
    metadata,
    Column("subscriber", ForeignKey("subscribers.key"), primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("granted_at", Instant, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("name", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)
