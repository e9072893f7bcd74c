"""All tables, as of the first release.

Its number is that of the last migration before it: stores of that version are up to date.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_DEFERRED = sa.text("next_attempt_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "allowances",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("used_until", sa.BigInteger, nullable=False),
        sa.Column("apiece", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "articles",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("slug", sa.Text, nullable=False, unique=True),
        sa.Column("path", sa.Text, unique=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("retracted_at", sa.BigInteger),
        sa.Column("number", sa.Integer, unique=True),
        sa.Column("numbered_breaking", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("breaking", sa.Boolean, nullable=False),
        sa.Column("change", sa.Integer, nullable=False, server_default="0"),
        sa.Index("ix_articles_breaking_numbered_breaking", "breaking", "numbered_breaking"),
        sa.Index("ix_articles_change", "change"),
        sa.Index("ix_articles_published_at", "published_at"),
        sa.Index("ix_articles_source", "source"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "changes",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("subscriber", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("newsletter", sa.Text),
        sa.Column("who", sa.String(16), nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Index("ix_changes_at", "at"),
        sa.Index("ix_changes_subscriber", "subscriber"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "clicks",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("link", sa.Integer, nullable=False),
        sa.Column("subscriber", sa.Integer),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("machine", sa.Boolean, nullable=False),
        sa.Column("agent", sa.String(80), nullable=False),
        sa.Index("ix_clicks_at", "at"),
        sa.Index("ix_clicks_edition_link", "edition", "link"),
        sa.Index("ix_clicks_subscriber", "subscriber"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "contents",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("preheader", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("edition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("subscriber", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("next_attempt_at", sa.BigInteger),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Index(
            "ix_deliveries_put_off",
            "edition",
            "next_attempt_at",
            sqlite_where=_DEFERRED,
            postgresql_where=_DEFERRED,
        ),
        sa.Index("ix_deliveries_state_edition_subscriber", "state", "edition", "subscriber"),
    )
    op.create_table(
        "delivery_events",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("subscriber", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Index("ix_delivery_events_edition_subscriber", "edition", "subscriber"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "edition_acts",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("who", sa.String(16), nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("tried", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Index("ix_edition_acts_edition", "edition"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "engines",
        sa.Column("engine", sa.Text, primary_key=True),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "fires",
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("slot", sa.Text, primary_key=True),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Index("ix_fires_schedule_due_at", "schedule", "due_at"),
    )
    op.create_table(
        "former_addresses",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("subscriber", sa.Integer, nullable=False),
        sa.Index("ix_former_addresses_subscriber", "subscriber"),
    )
    op.create_table(
        "heartbeats",
        sa.Column("what", sa.String(16), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "holds",
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("strikes", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "keys",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "limits",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("starts_at", sa.BigInteger, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Index("ix_limits_starts_at", "starts_at"),
    )
    op.create_table(
        "media",
        sa.Column("src", sa.Text, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("variants", sa.JSON, nullable=False, server_default="[]"),
    )
    op.create_table(
        "paces",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("relay", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sessions", sa.Integer, nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("deferred", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("per_second", sa.Float, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "outgoing_calls",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("endpoint", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("delivered", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("claimed", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Index("ix_outgoing_calls_due_at", "kind", "due_at"),
        sa.Index("ix_outgoing_calls_expires_at", "expires_at"),
        sa.Index("ix_outgoing_calls_host", "kind", "host"),
    )
    op.create_table(
        "pauses",
        sa.Column("endpoint", sa.Text, primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "renames",
        sa.Column("old", sa.Text, primary_key=True),
        sa.Column("new", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("letter", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("subscriber", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.Index("ix_requests_subscriber", "subscriber"),
    )
    op.create_table(
        "schedules",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("newsletter", sa.Text),
        sa.Column("begins_after", sa.Integer),
        sa.Column("begun_at", sa.BigInteger),
    )
    op.create_table(
        "subscribers",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("address", sa.Text, nullable=False, unique=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("fields", sa.JSON, nullable=False, server_default="{}"),
        sa.Column("paused_until", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "suppressions",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "addresses",
        sa.Column("slug", sa.Text, primary_key=True),
        sa.Column("article", sa.Integer, sa.ForeignKey("articles.key"), nullable=False),
        sa.Index("ix_addresses_article", "article"),
    )
    op.create_table(
        "editions",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("newsletter", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("content", sa.String(64), sa.ForeignKey("contents.hash"), nullable=False),
        sa.Column("upto", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("on_unknown", sa.String(16), nullable=False),
        sa.Column("everybody", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("state", sa.String(16), nullable=False, server_default="sending"),
        sa.Column("successor", sa.Integer),
        sa.Column("original", sa.Integer),
        sa.Column("slot_at", sa.BigInteger),
        sa.Index("ix_editions_newsletter", "newsletter"),
        sa.Index("ix_editions_original", "original"),
        sa.Index("ix_editions_schedule", "schedule"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "galleys",
        sa.Column("article", sa.Integer, sa.ForeignKey("articles.key"), primary_key=True),
        sa.Column("rules", sa.String(64), nullable=False),
        sa.Column("opening", sa.JSON, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_table(
        "private_feeds",
        sa.Column("subscriber", sa.Integer, sa.ForeignKey("subscribers.key"), primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("granted_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "revisions",
        sa.Column("article", sa.Integer, sa.ForeignKey("articles.key"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("saved_at", sa.BigInteger, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("date", sa.BigInteger),
        sa.Column("updated", sa.BigInteger),
        sa.Column("section", sa.Text),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("contributors", sa.JSON, nullable=False),
        sa.Column("breaking", sa.Boolean, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("excerpt", sa.Text, nullable=False),
        sa.Column("image", sa.JSON),
        sa.Column("figures", sa.JSON, nullable=False),
        sa.Column("canonical_url", sa.Text),
        sa.Column("comments", sa.JSON),
        sa.Column("language", sa.Text),
        sa.Column("audio", sa.JSON),
        sa.Column("translations", sa.JSON, nullable=False, server_default="{}"),
        sa.Column("old_addresses", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("extra", sa.JSON, nullable=False),
    )
    op.create_table(
        "subscriber_tags",
        sa.Column("subscriber", sa.Integer, sa.ForeignKey("subscribers.key"), primary_key=True),
        sa.Column("tag", sa.Text, primary_key=True),
        sa.Index("ix_subscriber_tags_tag", "tag"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("subscriber", sa.Integer, sa.ForeignKey("subscribers.key"), primary_key=True),
        sa.Column("newsletter", sa.Text, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Index("ix_subscriptions_newsletter_state", "newsletter", "state"),
    )
    op.create_table(
        "tags",
        sa.Column("tag", sa.Text, primary_key=True),
        sa.Column("article", sa.Integer, sa.ForeignKey("articles.key"), primary_key=True),
        sa.Index("ix_tags_article", "article"),
    )
    op.create_table(
        "edition_items",
        sa.Column("edition", sa.Integer, sa.ForeignKey("editions.key"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("article", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Index("ix_edition_items_article", "article"),
    )
    op.create_table(
        "edition_links",
        sa.Column("edition", sa.Integer, sa.ForeignKey("editions.key"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("address", sa.Text, nullable=False),
    )
    keys = sa.table("keys", sa.column("name", sa.Text), sa.column("secret", sa.LargeBinary))
    op.bulk_insert(keys, [{"name": "erasures", "secret": secrets.token_bytes(32)}])
