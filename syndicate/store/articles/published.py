"""Articles as builds ask for them: what changed, then batches by key, never all at once."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, func, select, union

from syndicate.model.articles import Article
from syndicate.model.compiled_body import CompiledBody
from syndicate.model.old_addresses import address_from_key
from syndicate.store.articles.rows import article_of, articles_query, newest_first, public_at
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import addresses, articles, bodies

BATCH = 500
"""Keys per query."""

# built once: SQLAlchemy takes longer to build and recognise a query than SQLite to answer it
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_ARTICLES = articles_query().where(articles.c.key.in_(_KEYS))
_BODIES = select(bodies.c.article, bodies.c.opening, bodies.c.body, bodies.c.rules).where(
    bodies.c.article.in_(_KEYS)
)
_OLD_ADDRESSES = (
    select(addresses.c.article, addresses.c.slug)
    .join(articles, articles.c.key == addresses.c.article)
    .where(addresses.c.article.in_(_KEYS))
    .where(addresses.c.slug != articles.c.slug)
    .order_by(addresses.c.slug)
)


class PublishedArticles(Repository):
    """Articles, as builds read them."""

    def newest_change(self) -> int:
        """Return the number of the newest change to any article; 0 where there was none."""
        return self._execute(select(func.max(articles.c.change))).scalar() or 0

    def changed(
        self, after: int, *, since: datetime, at: datetime, breaking_for: timedelta = timedelta()
    ) -> list[int]:
        """Return the keys of the articles that a build as of `at` has to look at, sorted.

        That is what changed after the change numbered `after`, what has become public
        since `since`, and what stopped being breaking since then.
        """
        start, end = since - breaking_for, at - breaking_for
        due = and_(articles.c.published_at > since, articles.c.published_at <= at)
        keys = union(  # each by an index: an OR would scan every article
            select(articles.c.key).where(articles.c.change > after),
            select(articles.c.key).where(due),
            select(articles.c.key).where(
                articles.c.breaking, articles.c.published_at > start, articles.c.published_at <= end
            ),
        )
        return sorted(self._execute(keys).scalars())

    def keys(self) -> list[int]:
        """Return the keys of all articles, whatever their state."""
        return [*self._execute(select(articles.c.key).order_by(articles.c.key)).scalars()]

    def articles(self, keys: Sequence[int]) -> list[Article]:
        """Return articles, whatever their state, in the order of `keys`."""
        by_key = {article.key: article for article in map(article_of, self._of(keys, _ARTICLES))}
        return [by_key[key] for key in keys if key in by_key]

    def compiled_bodies(self, keys: Sequence[int]) -> dict[int, CompiledBody]:
        """Return the compiled bodies that are stored, by the article's key."""
        return {
            key: CompiledBody(opening=tuple(opening), body=tuple(body), rules=rules)
            for key, opening, body, rules in self._of(keys, _BODIES)
        }

    def old_addresses(self, keys: Sequence[int]) -> dict[int, list[str]]:
        """Return the addresses that articles used to have, here or elsewhere, by their keys."""
        addresses: dict[int, list[str]] = {}
        for key, slug in self._of(keys, _OLD_ADDRESSES):
            addresses.setdefault(key, []).append(address_from_key(slug))
        return addresses

    def since(self, after: datetime, at: datetime, *, limit: int) -> list[Article]:
        """Return what was published after `after`, and readers may see at `at`, newest first."""
        recent = articles_query().where(public_at(at), articles.c.published_at > after)
        return [article_of(row) for row in self._execute(newest_first(recent).limit(limit))]

    def breaking(self, after: datetime, at: datetime) -> Article | None:
        """Return the newest breaking article that was published after `after`."""
        recent = articles_query().where(public_at(at), articles.c.published_at > after)
        query = newest_first(recent.where(articles.c.breaking)).limit(1)
        row = self._execute(query).one_or_none()
        return None if row is None else article_of(row)

    def _of(self, keys: Sequence[int], query: Select[Any]) -> Iterator[Any]:
        """Run a query for batches of articles."""
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            yield from self._execute(query, {"keys": batch}).all()
