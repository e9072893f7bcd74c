"""Where each schedule begins, the slot of each edition, and newsletters that were renamed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_FIRST_PUBLIC_SINCE = """
    SELECT min(articles.number) FROM articles
    WHERE articles.first_seen > schedules.since OR articles.published_at > schedules.since
"""
_NEWEST = "SELECT max(articles.number) FROM articles"
_ITS_NEWSLETTER = """
    SELECT editions.newsletter FROM editions WHERE editions.key =
        (SELECT max(mine.key) FROM editions AS mine WHERE mine.schedule = schedules.name)
"""


def upgrade() -> None:
    op.add_column("schedules", sa.Column("newsletter", sa.Text(), nullable=True))
    op.add_column("schedules", sa.Column("begins_after", sa.Integer(), nullable=True))
    op.add_column("schedules", sa.Column("begun_at", sa.BigInteger(), nullable=True))
    op.add_column("editions", sa.Column("slot_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "renames",
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("old", name="pk_renames"),
    )
    # a schedule that the store knows begins with what has become public since it was first seen
    op.execute(
        f"UPDATE schedules SET begun_at = since, newsletter = ({_ITS_NEWSLETTER}), "  # noqa: S608 - our own words
        f"begins_after = coalesce(({_FIRST_PUBLIC_SINCE}) - 1, ({_NEWEST}), 0)"
    )
