"""The tables of delivery beside the ledger, and those of outgoing calls."""

from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, String, Text

from syndicate.model.alarms import AlarmKind
from syndicate.model.editions import ControlAction
from syndicate.model.subscribers import Actor
from syndicate.store.database.schema import Instant, columns, deliveries, one_of, table


class CallKind(StrEnum):
    """What a call is for."""

    PING = "ping"
    """A WebSub hub is notified of a new version of a feed."""
    INDEXNOW = "indexnow"
    """A search engine is notified of a page that changed."""
    VERIFICATION = "verification"
    """A subscriber is asked whether its request to our own hub is its own."""
    DELIVERY = "delivery"
    """A subscriber of our own hub is sent the new version of a feed."""
    STAFF_MAIL = "staff mail"
    """Somebody of the newsroom is sent a mail, such as a proof or an alarm."""
    WEBHOOK = "webhook"
    """A service of the operator's is notified of an alarm."""


# decisions about editions, each with the edition's counts; only added to
control_records = table(
    "control_records",
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("edition", Integer, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("act", one_of(ControlAction), nullable=False),
    Column("who", one_of(Actor), nullable=False),
    *columns(Text, "how", "detail"),
    *columns(Integer, "tried", "failed"),
    sqlite_autoincrement=True,
)

# one row while all mail is paused: who paused it, when and why
mail_pause = table(
    "mail_pause",
    Column("key", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("who", one_of(Actor), nullable=False),
    *columns(Text, "how", "why"),
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
token_buckets = table(
    "token_buckets",
    Column("name", Text, primary_key=True),
    *columns(BigInteger, "used_until", "apiece"),
)

# the newest send rate of each process and relay
send_rates = table(
    "send_rates",
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

# what each endpoint is to get of each topic: the newest version, and the one that it has. A call
# is made at `due_at`; while it is claimed, that is when the claim expires.
outgoing_calls = table(
    "outgoing_calls",
    Column("kind", one_of(CallKind), primary_key=True),
    *columns(Text, "endpoint", "topic", primary_key=True),
    *columns(Text, "host", "version", "delivered"),
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
engines = table(
    "engines",
    Column("engine", Text, primary_key=True),
    Column("change", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

# endpoints that are not called for a while: they asked for it or don't answer
backoffs = table(
    "backoffs", Column("endpoint", Text, primary_key=True), Column("until", Instant, nullable=False)
)

# what is wrong, or was: one row for each cause. `notified`: people know that it is on
alarms = table(
    "alarms",
    Column("kind", one_of(AlarmKind), primary_key=True),
    *columns(Text, "subject", "machine", primary_key=True),
    *columns(Text, "text", "remedy"),
    *columns(Instant, "since", "seen_at"),
    Column("notified", Boolean, nullable=False),
    *columns(Instant, "notified_at", "over_at", nullable=True),
)

# the TLS certificate of each relay, as a session last saw it
relay_certificates = table(
    "relay_certificates",
    Column("relay", Text, primary_key=True),
    *columns(Instant, "starts_at", "ends_at", "seen_at"),
)
