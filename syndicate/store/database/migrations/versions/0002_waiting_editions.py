"""Editions can wait until they are released, and articles have corrections."""

import sqlalchemy as sa
from alembic import op

from syndicate.store.database.schema import edition_notes, review_codes, waiting_editions

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of editions that wait and of their notes, and columns for corrections."""
    waiting_editions.create(op.get_bind())
    edition_notes.create(op.get_bind())
    review_codes.create(op.get_bind())
    corrections = sa.Column("corrections", sa.JSON, nullable=False, server_default="[]")
    op.add_column("revisions", corrections)
    count = sa.Column("corrections", sa.Integer, nullable=False, server_default="0")
    op.add_column("articles", count)
    op.create_index("ix_articles_corrections", "articles", ["corrections"])
