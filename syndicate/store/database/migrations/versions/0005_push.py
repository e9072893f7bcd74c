"""Private feeds, and push: what hubs and search engines are owed, and our own hub."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "private_feeds",
        sa.Column("subscriber", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber"], ["subscribers.key"], name="fk_private_feeds_subscriber_subscribers"
        ),
        sa.PrimaryKeyConstraint("subscriber", name="pk_private_feeds"),
    )
    op.create_table(
        "pings",
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hub", "topic", name="pk_pings"),
    )
    op.create_index("ix_pings_due_at", "pings", ["due_at"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("engine", "address", name="pk_submissions"),
    )
    op.create_index("ix_submissions_due_at", "submissions", ["due_at"], unique=False)
    op.create_table(
        "engines",
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("engine", name="pk_engines"),
    )
    op.create_table(
        "pauses",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server", name="pk_pauses"),
    )
    op.create_table(
        "hub_requests",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("lease", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "callback", name="pk_hub_requests"),
    )
    op.create_index("ix_hub_requests_host", "hub_requests", ["host"], unique=False)
    op.create_index("ix_hub_requests_due_at", "hub_requests", ["due_at"], unique=False)
    op.create_table(
        "hub_subscriptions",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("owed", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "callback", name="pk_hub_subscriptions"),
    )
    op.create_index("ix_hub_subscriptions_host", "hub_subscriptions", ["host"], unique=False)
    op.create_index("ix_hub_subscriptions_until", "hub_subscriptions", ["until"], unique=False)
    op.create_index("ix_hub_subscriptions_due_at", "hub_subscriptions", ["due_at"], unique=False)
