"""Changes are counted, bodies are kept set, pictures have variants; audio and translations."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("articles", sa.Column("change", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_articles_change", "articles", ["change"], unique=False)
    op.create_index(
        "ix_articles_breaking_numbered_breaking",
        "articles",
        ["breaking", "numbered_breaking"],
        unique=False,
    )
    op.add_column("revisions", sa.Column("audio", sa.JSON(), nullable=True))
    op.add_column(
        "revisions", sa.Column("translations", sa.JSON(), server_default="{}", nullable=False)
    )
    op.add_column("media", sa.Column("variants", sa.JSON(), server_default="[]", nullable=False))
    op.create_table(
        "galleys",
        sa.Column("article", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(length=64), nullable=False),
        sa.Column("opening", sa.JSON(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.key"], name="fk_galleys_article_articles"),
        sa.PrimaryKeyConstraint("article", name="pk_galleys"),
    )
