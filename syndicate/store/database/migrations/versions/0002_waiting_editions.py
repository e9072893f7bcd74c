"""Editions can wait, articles have corrections, mail can be paused, bounces come back."""

import sqlalchemy as sa
from alembic import op

from syndicate.store.database.schema import edition_notes, review_codes, waiting_editions
from syndicate.store.database.schema_delivery import alarms, mail_pause, relay_certificates
from syndicate.store.database.schema_editorial import (
    edition_files,
    edition_media,
    edition_omissions,
    edition_sources,
    refused_files,
)
from syndicate.store.database.schema_feedback import (
    feedback,
    held_reports,
    processed_reports,
    report_counts,
    report_doors,
)

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of what waits, notes, codes, paused mail, alarms, feedback, refused files.

    Add columns for corrections, and for what a fire left out.
    """
    new = (waiting_editions, edition_notes, review_codes, mail_pause, alarms, relay_certificates)
    for table in new:
        table.create(op.get_bind())
    corrections = sa.Column("corrections", sa.JSON, nullable=False, server_default="[]")
    op.add_column("revisions", corrections)
    count = sa.Column("corrections", sa.Integer, nullable=False, server_default="0")
    op.add_column("articles", count)
    op.create_index("ix_articles_corrections", "articles", ["corrections"])
    op.add_column("fires", sa.Column("left_out", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("revisions", sa.Column("place", sa.Text))
    op.add_column("revisions", sa.Column("sponsor", sa.JSON))
    for table in (edition_files, edition_sources, edition_omissions, edition_media, refused_files):
        table.create(op.get_bind())
    for table in (feedback, processed_reports, held_reports, report_counts, report_doors):
        table.create(op.get_bind())
    kind = sa.Column("kind", sa.String(16), nullable=False, server_default="operator")
    op.add_column("suppressions", kind)
