"""The tables.

Times are `Instant`s. Keys that mean something outside the store are never reused
(`sqlite_autoincrement`), so an erased person's number is nobody's. The ledger (`deliveries`)
has no foreign keys and no surrogate id: with them a million rows take four times as long to
insert.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Enum,
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
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator

from syndicate.clock import EPOCH, to_utc
from syndicate.model.articles import Status
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind, EditionState
from syndicate.model.schedule_slots import FireOutcome
from syndicate.model.subscribers import Action, Actor, ConfirmationKind, SubscriptionState

HEAD = "0001"
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


def one_of(names: type[StrEnum]) -> Enum:
    """Return the type of a column whose values are those of an enumeration, stored as text."""
    return Enum(names, native_enum=False, length=16, values_callable=list)


def columns(kind: Any, *names: str, **options: Any) -> list[Column[Any]]:
    """Return columns of one type, which always have a value unless the options say otherwise."""
    return [Column(name, kind, **{"nullable": False, **options}) for name in names]


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *items: SchemaItem, **options: Any) -> Table:
    """Return a table of the store."""
    return Table(name, metadata, *items, **options)


articles = table(
    "articles",
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
    Column("status", one_of(Status), nullable=False),
    Column("published_at", Instant, nullable=False, index=True),
    Column("breaking", Boolean, nullable=False),
    # the number of its newest change, so that a build reads only what is new
    Column("change", Integer, nullable=False, server_default="0", index=True),
    Index(None, "breaking", "numbered_breaking"),
    sqlite_autoincrement=True,
)

revisions = table(
    "revisions",
    Column("article", ForeignKey("articles.key"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("saved_at", Instant, nullable=False),
    *columns(Text, "title", "body", "summary", "excerpt"),
    Column("status", one_of(Status), nullable=False),
    *columns(Instant, "date", "updated", nullable=True),
    *columns(Text, "section", "canonical_url", "language", nullable=True),
    *columns(JSON, "tags", "authors", "contributors", "figures", "extra"),
    Column("breaking", Boolean, nullable=False),
    *columns(JSON, "image", "comments", "audio", nullable=True),
    Column("translations", JSON, nullable=False, server_default="{}"),
    Column("old_addresses", JSON, nullable=False, server_default="[]"),
)

bodies = table(
    "bodies",
    Column("article", ForeignKey("articles.key"), primary_key=True),
    Column("rules", String(64), nullable=False),
    *columns(JSON, "opening", "body"),
)

# every slug that an article has or had, and every old address: a path, which begins with a slash
addresses = table(
    "addresses",
    Column("slug", Text, primary_key=True),
    Column("article", ForeignKey("articles.key"), nullable=False, index=True),
)

tags = table(
    "tags",
    Column("tag", Text, primary_key=True),
    Column("article", ForeignKey("articles.key"), primary_key=True, index=True),
)

media = table(
    "media",
    Column("src", Text, primary_key=True),
    Column("type", Text, nullable=False),
    *columns(Integer, "width", "height", "length"),
    Column("variants", JSON, nullable=False, server_default="[]"),
)

subscribers = table(
    "subscribers",
    Column("key", Integer, primary_key=True),
    Column("address", Text, nullable=False, unique=True),
    *columns(Text, "email", "name"),
    Column("created_at", Instant, nullable=False),
    Column("language", Text),
    Column("fields", JSON, nullable=False, server_default="{}"),
    Column("paused_until", Instant),
    sqlite_autoincrement=True,
)

subscriber_tags = table(
    "subscriber_tags",
    Column("subscriber", ForeignKey("subscribers.key"), primary_key=True),
    Column("tag", Text, primary_key=True, index=True),
)

subscriptions = table(
    "subscriptions",
    Column("subscriber", ForeignKey("subscribers.key"), primary_key=True),
    Column("newsletter", Text, primary_key=True),
    Column("state", one_of(SubscriptionState), nullable=False),
    Column("since", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Index(None, "newsletter", "state"),
)

suppressions = table(
    "suppressions",
    Column("address", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# of people who were merged or changed their address: a file with one means them
former_addresses = table(
    "former_addresses",
    Column("address", Text, primary_key=True),
    Column("subscriber", Integer, nullable=False, index=True),
)

erasures = table(
    "erasures", Column("hash", String(64), primary_key=True), Column("at", Instant, nullable=False)
)

# the audit log; it outlives those whom it is about, by number alone
changes = table(
    "changes",
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("subscriber", Integer, nullable=False, index=True),
    Column("at", Instant, nullable=False, index=True),
    Column("action", one_of(Action), nullable=False),
    Column("newsletter", Text),
    Column("who", one_of(Actor), nullable=False),
    *columns(Text, "how", "origin", "detail"),
    sqlite_autoincrement=True,
)

confirmations = table(
    "confirmations",
    Column("letter", Integer, primary_key=True, autoincrement=False),
    Column("subscriber", Integer, nullable=False, index=True),
    Column("kind", one_of(ConfirmationKind), nullable=False),
    Column("asked", JSON, nullable=False),
    *columns(Instant, "at", "expires_at"),
    Column("done_at", Instant),
)

counters = table(
    "counters",
    Column("name", Text, primary_key=True),
    Column("starts_at", Instant, primary_key=True),
    Column("count", Integer, nullable=False),
    Index(None, "starts_at"),
)

schedules = table(
    "schedules",
    Column("name", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("newsletter", Text),
    # the newest public number when it was first seen, and when that was; empty in trials
    Column("begins_after", Integer),
    Column("begun_at", Instant),
)

# renamed newsletters
renames = table(
    "renames",
    Column("old", Text, primary_key=True),
    Column("new", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

fires = table(
    "fires",
    *columns(Text, "schedule", "slot", primary_key=True),
    *columns(Instant, "due_at", "at"),
    Column("outcome", one_of(FireOutcome), nullable=False),
    *columns(Text, "reason", "node"),
    Index(None, "schedule", "due_at"),
)

contents = table(
    "contents",
    Column("hash", String(64), primary_key=True),
    *columns(Text, "subject", "preheader", "html", "text", "nonce"),
)

editions = table(
    "editions",
    Column("key", Integer, primary_key=True),
    Column("newsletter", Text, nullable=False, index=True),
    Column("schedule", Text, index=True),
    Column("kind", one_of(EditionKind), nullable=False),
    Column("content", ForeignKey("contents.hash"), nullable=False),
    Column("upto", Integer, nullable=False),
    *columns(Instant, "created_at", "expires_at"),
    Column("on_unknown", String(16), nullable=False),
    # whether it went to all readers of its newsletter, so that everybody may read it
    Column("everybody", Boolean, nullable=False, server_default=true()),
    # whether it is sent, and which edition took over its readers
    Column("state", one_of(EditionState), nullable=False, server_default="sending"),
    Column("successor", Integer),
    # the first edition of those that correct or repeat each other
    Column("original", Integer, index=True),
    # when its slot was due; where it was sent by hand, when it was composed
    Column("slot_at", Instant),
    sqlite_autoincrement=True,
)

edition_items = table(
    "edition_items",
    Column("edition", ForeignKey("editions.key"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("article", Integer, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
)

edition_links = table(
    "edition_links",
    Column("edition", ForeignKey("editions.key"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False),
)

# no foreign keys, as in the ledger; the reader is recorded only where that is configured
clicks = table(
    "clicks",
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    *columns(Integer, "edition", "link"),
    Column("subscriber", Integer, index=True),
    Column("at", Instant, nullable=False, index=True),
    Column("machine", Boolean, nullable=False),
    Column("agent", String(80), nullable=False),
    Index(None, "edition", "link"),
    sqlite_autoincrement=True,
)

deliveries = table(
    "deliveries",
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("subscriber", Integer, primary_key=True, autoincrement=False),
    Column("state", one_of(DeliveryState), nullable=False),
    *columns(Integer, "attempt", "code"),
    Column("owner", Text),
    *columns(Instant, "lease_until", "next_attempt_at", nullable=True),
    Column("reply", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "state", "edition", "subscriber"),
)

delivery_events = table(
    "delivery_events",
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    *columns(Integer, "edition", "subscriber", "attempt", "code"),
    Column("event", String(16), nullable=False),
    Column("reply", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "edition", "subscriber"),
    sqlite_autoincrement=True,
)

private_feeds = table(
    "private_feeds",
    Column("subscriber", ForeignKey("subscribers.key"), primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("granted_at", Instant, nullable=False),
)

keys = table(
    "keys", Column("name", Text, primary_key=True), Column("secret", LargeBinary, nullable=False)
)
