"""Readers have a language, own fields, tags and a pause; what changed is kept; open requests."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("language", sa.Text(), nullable=True))
    op.add_column(
        "subscribers", sa.Column("fields", sa.JSON(), server_default="{}", nullable=False)
    )
    op.add_column("subscribers", sa.Column("paused_until", sa.BigInteger(), nullable=True))
    op.create_table(
        "subscriber_tags",
        sa.Column("subscriber", sa.Integer(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber"], ["subscribers.key"], name="fk_subscriber_tags_subscriber_subscribers"
        ),
        sa.PrimaryKeyConstraint("subscriber", "tag", name="pk_subscriber_tags"),
    )
    op.create_index("ix_subscriber_tags_tag", "subscriber_tags", ["tag"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_erasures"),
    )
    op.create_table(
        "changes",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscriber", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("newsletter", sa.Text(), nullable=True),
        sa.Column("who", sa.String(length=16), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_changes_subscriber", "changes", ["subscriber"], unique=False)
    op.create_index("ix_changes_at", "changes", ["at"], unique=False)
    op.create_table(
        "requests",
        sa.Column("letter", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subscriber", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("letter", name="pk_requests"),
    )
    op.create_index("ix_requests_subscriber", "requests", ["subscriber"], unique=False)
    op.create_table(
        "limits",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "starts_at", name="pk_limits"),
    )
    keys = sa.table("keys", sa.column("name", sa.Text), sa.column("secret", sa.LargeBinary))
    op.bulk_insert(keys, [{"name": "erasures", "secret": secrets.token_bytes(32)}])
    op.create_index("ix_limits_starts_at", "limits", ["starts_at"], unique=False)
