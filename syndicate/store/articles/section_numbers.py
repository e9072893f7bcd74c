"""The public numbers of articles, with what decides which articles stand beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syndicate.store.articles.reading import BATCH, public_at
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import articles, revisions


@dataclass(frozen=True, slots=True)
class NumberedArticle:
    """A public article with its section, language and public number."""

    key: int
    number: int | None
    """None where it has none yet, in a build of another time."""
    section: str | None
    language: str | None


_KEYS: sa.BindParameter[int] = sa.bindparam("keys", expanding=True)


class SectionNumbers(Repository):
    """Reads them, for builds."""

    def public(self, at: datetime, keys: Sequence[int] | None = None) -> list[NumberedArticle]:
        """Return what is public at `at`: all of it, or which of the articles with some keys."""
        newest = sa.and_(
            revisions.c.article == articles.c.key, revisions.c.number == articles.c.revision
        )
        query = (
            sa.select(articles.c.key, articles.c.number, revisions.c.section, revisions.c.language)
            .join(revisions, newest)
            .where(public_at(at))
        )
        if keys is None:
            return [NumberedArticle(*row) for row in self._execute(query)]
        batches = (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
        query = query.where(articles.c.key.in_(_KEYS))
        return [
            NumberedArticle(*row)
            for batch in batches
            for row in self._execute(query, {"keys": batch})
        ]
