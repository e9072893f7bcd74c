"""The tables.

Times are `Instant`s. Keys that mean something outside the store are never reused
(`sqlite_autoincrement`), so an erased person's number is nobody's. The ledger (`deliveries`)
has no foreign keys and no surrogate id: with them a million rows take four times as long to
insert.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator

from syndicate.clock import EPOCH, to_utc
from syndicate.model.articles import Status
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind, EditionState
from syndicate.model.reviews import ReviewDecision
from syndicate.model.schedule_slots import FireOutcome
from syndicate.model.subscribers import Action, Actor, ConfirmationKind, SubscriptionState

HEAD = "0002"
"""The newest migration; a test compares it with `migrations/versions`."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as whole microseconds since the epoch, in UTC.

    SQLite would return 12:00+05:00 as a naive 12:00; a number can't be misread.
    """

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        """Return the stored number; refuse naive times."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        """Return an aware time in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Span(TypeDecorator[timedelta]):
    """A duration, stored as whole microseconds."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, _dialect: Any) -> int | None:
        """Return the stored number."""
        return None if value is None else value // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, _dialect: Any) -> timedelta | None:
        """Return a duration."""
        return None if value is None else timedelta(microseconds=value)


def microseconds(at: datetime) -> int:
    """Return an instant as it is stored; refuse naive times."""
    return (to_utc(at) - EPOCH) // timedelta(microseconds=1)


def one_of(names: type[StrEnum]) -> sa.Enum:
    """Return the type of a column whose values are those of an enumeration, stored as text."""
    return sa.Enum(names, native_enum=False, length=16, values_callable=list)


def columns(kind: Any, *names: str, **options: Any) -> list[sa.Column[Any]]:
    """Return columns of one type, which always have a value unless the options say otherwise."""
    return [sa.Column(name, kind, **{"nullable": False, **options}) for name in names]


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *items: SchemaItem, **options: Any) -> sa.Table:
    """Return a table of the store."""
    return sa.Table(name, metadata, *items, **options)


articles = table(
    "articles",
    sa.Column("key", sa.Integer, primary_key=True),
    *columns(sa.Text, "id", "slug", unique=True),
    sa.Column("path", sa.Text, unique=True),
    sa.Column("source", sa.String(64), nullable=False, index=True),
    sa.Column("first_seen", Instant, nullable=False),
    sa.Column("retracted_at", Instant),
    sa.Column("number", sa.Integer, unique=True),
    sa.Column("numbered_breaking", sa.Boolean, nullable=False, server_default=sa.false()),
    # copied from the newest revision, so that lists need not read it
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("status", one_of(Status), nullable=False),
    sa.Column("published_at", Instant, nullable=False, index=True),
    sa.Column("breaking", sa.Boolean, nullable=False),
    # how many corrections its newest revision has
    sa.Column("corrections", sa.Integer, nullable=False, server_default="0", index=True),
    # the number of its newest change, so that a build reads only what is new
    sa.Column("change", sa.Integer, nullable=False, server_default="0", index=True),
    sa.Index(None, "breaking", "numbered_breaking"),
    sqlite_autoincrement=True,
)

revisions = table(
    "revisions",
    sa.Column("article", sa.ForeignKey("articles.key"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("saved_at", Instant, nullable=False),
    *columns(sa.Text, "title", "body", "summary", "excerpt"),
    sa.Column("status", one_of(Status), nullable=False),
    *columns(Instant, "date", "updated", nullable=True),
    *columns(sa.Text, "section", "canonical_url", "language", nullable=True),
    *columns(sa.JSON, "tags", "authors", "contributors", "figures", "extra"),
    sa.Column("breaking", sa.Boolean, nullable=False),
    sa.Column("place", sa.Text),
    *columns(sa.JSON, "image", "comments", "audio", "sponsor", nullable=True),
    sa.Column("translations", sa.JSON, nullable=False, server_default="{}"),
    *columns(sa.JSON, "old_addresses", "corrections", server_default="[]"),
)

bodies = table(
    "bodies",
    sa.Column("article", sa.ForeignKey("articles.key"), primary_key=True),
    sa.Column("rules", sa.String(64), nullable=False),
    *columns(sa.JSON, "opening", "body"),
)

# every slug that an article has or had, and every old address: a path, which begins with a slash
addresses = table(
    "addresses",
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("article", sa.ForeignKey("articles.key"), nullable=False, index=True),
)

tags = table(
    "tags",
    sa.Column("tag", sa.Text, primary_key=True),
    sa.Column("article", sa.ForeignKey("articles.key"), primary_key=True, index=True),
)

media = table(
    "media",
    sa.Column("src", sa.Text, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    *columns(sa.Integer, "width", "height", "length"),
    sa.Column("variants", sa.JSON, nullable=False, server_default="[]"),
)

subscribers = table(
    "subscribers",
    sa.Column("key", sa.Integer, primary_key=True),
    sa.Column("address", sa.Text, nullable=False, unique=True),
    *columns(sa.Text, "email", "name"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("fields", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("paused_until", Instant),
    sqlite_autoincrement=True,
)

subscriber_tags = table(
    "subscriber_tags",
    sa.Column("subscriber", sa.ForeignKey("subscribers.key"), primary_key=True),
    sa.Column("tag", sa.Text, primary_key=True, index=True),
)

subscriptions = table(
    "subscriptions",
    sa.Column("subscriber", sa.ForeignKey("subscribers.key"), primary_key=True),
    sa.Column("newsletter", sa.Text, primary_key=True),
    sa.Column("state", one_of(SubscriptionState), nullable=False),
    sa.Column("since", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Index(None, "newsletter", "state"),
)

# of people who were merged or changed their address: a file with one means them
former_addresses = table(
    "former_addresses",
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("subscriber", sa.Integer, nullable=False, index=True),
)

erasures = table(
    "erasures",
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)

# the audit log; it outlives those whom it is about, by number alone
changes = table(
    "changes",
    sa.Column("key", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("subscriber", sa.Integer, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("action", one_of(Action), nullable=False),
    sa.Column("newsletter", sa.Text),
    sa.Column("who", one_of(Actor), nullable=False),
    *columns(sa.Text, "how", "origin", "detail"),
    sqlite_autoincrement=True,
)

confirmations = table(
    "confirmations",
    sa.Column("letter", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("subscriber", sa.Integer, nullable=False, index=True),
    sa.Column("kind", one_of(ConfirmationKind), nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    *columns(Instant, "at", "expires_at"),
    sa.Column("done_at", Instant),
)

counters = table(
    "counters",
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("starts_at", Instant, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Index(None, "starts_at"),
)

schedules = table(
    "schedules",
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("newsletter", sa.Text),
    # the newest public number when it was first seen, and when that was; empty in trials
    sa.Column("begins_after", sa.Integer),
    sa.Column("begun_at", Instant),
)

# renamed newsletters
renames = table(
    "renames",
    sa.Column("old", sa.Text, primary_key=True),
    sa.Column("new", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

fires = table(
    "fires",
    *columns(sa.Text, "schedule", "slot", primary_key=True),
    *columns(Instant, "due_at", "at"),
    sa.Column("outcome", one_of(FireOutcome), nullable=False),
    *columns(sa.Text, "reason", "node"),
    # the slugs of new articles that the edition doesn't have
    sa.Column("left_out", sa.JSON, nullable=False, server_default="[]"),
    sa.Index(None, "schedule", "due_at"),
)

contents = table(
    "contents",
    sa.Column("hash", sa.String(64), primary_key=True),
    *columns(sa.Text, "subject", "preheader", "html", "text", "nonce"),
)

editions = table(
    "editions",
    sa.Column("key", sa.Integer, primary_key=True),
    sa.Column("newsletter", sa.Text, nullable=False, index=True),
    sa.Column("schedule", sa.Text, index=True),
    sa.Column("kind", one_of(EditionKind), nullable=False),
    sa.Column("content", sa.ForeignKey("contents.hash"), nullable=False),
    sa.Column("upto", sa.Integer, nullable=False),
    *columns(Instant, "created_at", "expires_at"),
    sa.Column("on_unknown", sa.String(16), nullable=False),
    # whether it went to all readers of its newsletter, so that everybody may read it
    sa.Column("everybody", sa.Boolean, nullable=False, server_default=sa.true()),
    # whether it is sent, and which edition took over its readers
    sa.Column("state", one_of(EditionState), nullable=False, server_default="sending"),
    sa.Column("successor", sa.Integer),
    # the first edition of those that correct or repeat each other
    sa.Column("original", sa.Integer, index=True),
    # when its slot was due; where it was sent by hand, when it was composed
    sa.Column("slot_at", Instant),
    sqlite_autoincrement=True,
)

# editions that are not released yet; a row goes when it is decided
waiting_editions = table(
    "waiting_editions",
    sa.Column("edition", sa.ForeignKey("editions.key"), primary_key=True),
    # subscriptions since this public number don't get it
    sa.Column("newest", sa.Integer, nullable=False),
    sa.Column("segment", sa.Text),
    sa.Column("hold", Span, nullable=False),
    *columns(Instant, "approve_by", "release_at", nullable=True),
    *columns(sa.JSON, "findings", "warnings"),
    # of a correction: the article, its wrong revisions, and since when a copy counts
    sa.Column("corrects", sa.JSON),
)

# codes that reviewers were sent to confirm a decision; they go with the decision, or later codes
review_codes = table(
    "review_codes",
    sa.Column("edition", sa.ForeignKey("editions.key"), primary_key=True),
    sa.Column("reviewer", sa.Text, primary_key=True),
    sa.Column("decision", one_of(ReviewDecision), primary_key=True),
    *columns(sa.String(64), "content", "hash"),
    sa.Column("note", sa.Text, nullable=False),
    *columns(Instant, "asked_at", "expires_at"),
    sa.Column("tries", sa.Integer, nullable=False),
)

edition_items = table(
    "edition_items",
    sa.Column("edition", sa.ForeignKey("editions.key"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("article", sa.Integer, nullable=False, index=True),
    sa.Column("revision", sa.Integer, nullable=False),
)

# the articles whose corrections an edition names: those of `revision` that `since` lacks
edition_notes = table(
    "edition_notes",
    sa.Column("edition", sa.ForeignKey("editions.key"), primary_key=True),
    sa.Column("article", sa.Integer, primary_key=True, autoincrement=False, index=True),
    *columns(sa.Integer, "since", "revision"),
)

edition_links = table(
    "edition_links",
    sa.Column("edition", sa.ForeignKey("editions.key"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("address", sa.Text, nullable=False),
)

# no foreign keys, as in the ledger; the reader is recorded only where that is configured
clicks = table(
    "clicks",
    sa.Column("key", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    *columns(sa.Integer, "edition", "link"),
    sa.Column("subscriber", sa.Integer, index=True),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("machine", sa.Boolean, nullable=False),
    sa.Column("agent", sa.String(80), nullable=False),
    sa.Index(None, "edition", "link"),
    sqlite_autoincrement=True,
)

deliveries = table(
    "deliveries",
    *columns(sa.Integer, "edition", "subscriber", primary_key=True, autoincrement=False),
    sa.Column("state", one_of(DeliveryState), nullable=False),
    *columns(sa.Integer, "attempt", "code"),
    sa.Column("owner", sa.Text),
    *columns(Instant, "lease_until", "next_attempt_at", nullable=True),
    sa.Column("reply", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "state", "edition", "subscriber"),
)

delivery_events = table(
    "delivery_events",
    sa.Column("key", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    *columns(sa.Integer, "edition", "subscriber", "attempt", "code"),
    sa.Column("event", sa.String(16), nullable=False),
    sa.Column("reply", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "edition", "subscriber"),
    sqlite_autoincrement=True,
)

private_feeds = table(
    "private_feeds",
    sa.Column("subscriber", sa.ForeignKey("subscribers.key"), primary_key=True),
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("granted_at", Instant, nullable=False),
)

keys = table(
    "keys",
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),
)
