"""The tables of what comes back: feedback, reports for a person, and suppressed addresses."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    literal,
    select,
)

from syndicate.model.feedback import FeedbackKind, MatchedBy
from syndicate.model.subscribers import SuppressionKind
from syndicate.store.database.schema import Instant, columns, one_of, table

suppressions = table(
    "suppressions",
    Column("address", Text, primary_key=True),
    Column("kind", one_of(SuppressionKind), nullable=False, server_default="operator"),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# the first feedback of each kind about a delivery: nothing counts twice, however often it is
# reported
feedback = table(
    "feedback",
    *columns(Integer, "edition", "subscriber", primary_key=True, autoincrement=False),
    Column("kind", one_of(FeedbackKind), primary_key=True),
    Column("code", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    *columns(Text, "text", "host"),
    Column("domain", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("matched_by", one_of(MatchedBy), nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False, index=True),
    # a reader's earlier bounces are looked up at each new one
    Index(None, "subscriber"),
    # figures: what was delivered may be a million rows of an edition, the rest is few
    Index(None, "edition", "kind", "subscriber"),
    Index(None, "kind", "received_at"),
)

# the reports and events that were processed, by their digest or the provider's id
processed_reports = table(
    "processed_reports",
    *columns(Text, "source", "id", primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)

held_reports = table(
    "held_reports",
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("source", Text, nullable=False),
    Column("received_at", Instant, nullable=False, index=True),
    *columns(Text, "reason", "sender", "subject"),
    Column("recipient", Text, nullable=False, index=True),
    Column("raw", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

WITHOUT_MESSAGE = select(
    *(column for column in held_reports.c if column.name != "raw"), literal(b"").label("raw")
)
"""Selects reports for a person without their messages, which have up to 256 KiB each."""

# when the mailbox and the Maildir were last read, and since when they can't be
report_doors = table(
    "report_doors",
    Column("door", Text, primary_key=True),
    Column("tried_at", Instant, nullable=False),
    Column("read_at", Instant),
    Column("reports", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("reason", Text, nullable=False),
)

# how many reports came by each door, by what they were
report_counts = table(
    "report_counts",
    *columns(Text, "source", "outcome", primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_at", Instant, nullable=False),
)
