"""Finds and lists articles, and says what has changed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from syndicate.model.article_selection import ArticleWindow
from syndicate.model.articles import Article, Status
from syndicate.store.articles.rows import article_of, articles_query, newest_first, public_at
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import addresses, articles, edition_items, editions


class ArticleReader(Repository):
    """Articles, to be read."""

    def by_id(self, public_id: str) -> Article | None:
        """Find an article by its public id."""
        return self._one(articles_query().where(articles.c.id == public_id))

    def by_path(self, path: str) -> Article | None:
        """Find the article that a file holds."""
        return self._one(articles_query().where(articles.c.path == path))

    def by_slug(self, slug: str) -> Article | None:
        """Find an article by the slug that it has or ever had."""
        owner = select(addresses.c.article).where(addresses.c.slug == slug)
        return self._one(articles_query().where(articles.c.key.in_(owner)))

    def by_source(self, source: str) -> list[Article]:
        """Find articles by the hash of their file's body, oldest first."""
        query = articles_query().where(articles.c.source == source).order_by(articles.c.key)
        return self._many(query)

    def all(self) -> list[Article]:
        """Return every article, whatever its state, newest first."""
        return self._many(newest_first(articles_query()))

    def slugs_by_path(self, folder: str, paths: Sequence[str] | None = None) -> dict[str, str]:
        """Return the slugs of articles that are public or will be, by path, below a folder.

        With `paths`, only those.
        """
        query = select(articles.c.path, articles.c.slug).where(
            articles.c.path.startswith(folder, autoescape=True),
            articles.c.status != Status.DRAFT,
            articles.c.retracted_at.is_(None),
        )
        if paths is not None:
            query = query.where(articles.c.path.in_(paths))
        return dict(self._execute(query.order_by(articles.c.path)).all())

    def candidates(self, newsletter: str, window: ArticleWindow, at: datetime) -> list[Article]:
        """Return what is public at `at` and in a schedule's window, newest first.

        What an earlier edition of the newsletter carried is left out.
        """
        carried = (
            select(edition_items.c.article)
            .join(editions, editions.c.key == edition_items.c.edition)
            .where(editions.c.newsletter == newsletter)
        )
        fresh = and_(_in(window), public_at(at), articles.c.key.not_in(carried))
        return self._many(newest_first(articles_query().where(fresh)))

    def covered_until(self, window: ArticleWindow, at: datetime) -> int:
        """Return the public number up to which an edition composed at `at` covers a window.

        That is the newest, or the one before an article that has its number already and is
        postponed: its turn is still to come.
        """
        postponed = and_(_in(window), articles.c.retracted_at.is_(None), ~public_at(at))
        first = self._execute(select(func.min(articles.c.number)).where(postponed))
        number: int | None = first.scalar()
        return self.newest_number() if number is None else number - 1

    def newest_number(self) -> int:
        """Return the newest public number; 0 when nothing was ever public."""
        return self._execute(select(func.max(articles.c.number))).scalar() or 0

    def newest_public_number(self, at: datetime) -> int:
        """Return the newest number of what was public at `at`; 0 when nothing was."""
        query = select(func.max(articles.c.number)).where(public_at(at))
        return self._execute(query).scalar() or 0

    def publication_marker(self) -> tuple[int, int]:
        """Return a value that changes when an article becomes public, is retracted or restored."""
        query = select(func.max(articles.c.number), func.count(articles.c.retracted_at))
        newest, retracted = self._execute(query).one()
        return newest or 0, retracted

    def change_marker(self, at: datetime, breaking_for: timedelta) -> tuple[object, ...]:
        """Return a value that changes when readers may see something new, if only by time."""
        change = select(func.max(articles.c.change))
        due = select(func.max(articles.c.published_at)).where(articles.c.published_at <= at)
        no_longer_breaking = select(func.max(articles.c.published_at)).where(
            articles.c.breaking, articles.c.published_at <= at - breaking_for
        )
        return tuple(self._execute(query).scalar() for query in (change, due, no_longer_breaking))

    def _one(self, query: Select[Any]) -> Article | None:
        row = self._execute(query).one_or_none()
        return None if row is None else article_of(row)

    def _many(self, query: Select[Any]) -> list[Article]:
        return [article_of(row) for row in self._execute(query)]


def _in(window: ArticleWindow) -> ColumnElement[bool]:
    in_range = or_(
        articles.c.number > window.begins_after, articles.c.published_at > window.dated_after
    )
    return and_(articles.c.number > window.after, in_range)


class ArticleLookup:
    """Finds articles as `ArticleReader` does, for the ids, paths, slugs and sources given.

    It returns them as they were when they were looked up.
    """

    def __init__(self, articles: Iterable[Article], slugs: Mapping[str, int]) -> None:
        by_key = {article.key: article for article in articles}
        self._ids = {article.id: article for article in by_key.values()}
        self._paths = {article.path: article for article in by_key.values() if article.path}
        self._slugs = {slug: by_key[key] for slug, key in slugs.items()}
        self._sources: dict[str, list[Article]] = {}
        for key in sorted(by_key):
            self._sources.setdefault(by_key[key].source, []).append(by_key[key])

    def by_id(self, public_id: str) -> Article | None:
        """Find an article by its public id."""
        return self._ids.get(public_id)

    def by_path(self, path: str) -> Article | None:
        """Find the article that a file holds."""
        return self._paths.get(path)

    def by_slug(self, slug: str) -> Article | None:
        """Find an article by the slug that it has or ever had."""
        return self._slugs.get(slug)

    def by_source(self, source: str) -> list[Article]:
        """Find articles by the hash of their file's body, oldest first."""
        return self._sources.get(source, [])
