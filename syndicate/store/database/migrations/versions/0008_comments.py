"""Comments may have a count, an address and a feed at once; they had a count or an address."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_REVISIONS = sa.table(
    "revisions",
    sa.column("article", sa.Integer()),
    sa.column("number", sa.Integer()),
    sa.column("comments", sa.JSON()),
)


def upgrade() -> None:
    store = op.get_bind()
    known = sa.cast(_REVISIONS.c.comments, sa.Text()) != "null"
    rows = store.execute(sa.select(_REVISIONS).where(known)).all()
    for row in rows:
        if isinstance(row.comments, int | str):
            count, url = (
                (row.comments, None) if isinstance(row.comments, int) else (None, row.comments)
            )
            its = sa.and_(_REVISIONS.c.article == row.article, _REVISIONS.c.number == row.number)
            told = {"count": count, "url": url, "feed": None}
            store.execute(sa.update(_REVISIONS).where(its).values(comments=told))
