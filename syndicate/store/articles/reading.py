"""Finds and lists articles, for editors and for builds; converts their rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from syndicate.model.article_selection import ArticleWindow
from syndicate.model.articles import (
    Article,
    Comments,
    CompiledBody,
    Correction,
    Figure,
    Person,
    Recording,
    Revision,
    Sponsor,
    Status,
)
from syndicate.model.editions import NEVER_SENT, EditionState
from syndicate.model.old_addresses import address_from_key
from syndicate.store.database.repository import Repository, columns_of
from syndicate.store.database.schema import (
    addresses,
    articles,
    bodies,
    edition_items,
    editions,
    media,
    revisions,
)
from syndicate.store.database.schema_editorial import edition_omissions

REVISION_FIELDS = tuple(field.name for field in fields(Revision))
_IDENTITY = (
    "key", "id", "slug", "path", "source", "number", "revision", "first_seen", "retracted_at",
)  # fmt: skip
_NEWEST = sa.and_(revisions.c.article == articles.c.key, revisions.c.number == articles.c.revision)
_COLUMNS = [articles.c[name] for name in _IDENTITY] + [
    revisions.c[name] for name in (*REVISION_FIELDS, "saved_at")
]
_NAMES = tuple(column.name for column in _COLUMNS)


def articles_query() -> sa.Select[Any]:
    """Select articles with their newest revision."""
    return sa.select(*_COLUMNS).join(revisions, _NEWEST)


def newest_first(query: sa.Select[Any]) -> sa.Select[Any]:
    """Order articles as lists show them."""
    return query.order_by(articles.c.published_at.desc(), articles.c.id)


def public_at(at: datetime) -> sa.ColumnElement[bool]:
    """Match articles that readers may see at `at`."""
    return sa.and_(
        articles.c.status != Status.DRAFT,
        articles.c.retracted_at.is_(None),
        articles.c.published_at <= at,
    )


def unnumbered_query(at: datetime) -> sa.Select[Any]:
    """Select what gets a public number at `at`, in the order of publication: `key`, `breaking`.

    An article that was public before it was first flagged breaking gets a new one.
    """
    keys = sa.union(  # each by an index: an OR would scan every article
        sa.select(articles.c.key).where(articles.c.number.is_(None)),
        sa.select(articles.c.key).where(
            articles.c.breaking == sa.true(), articles.c.numbered_breaking == sa.false()
        ),
    )
    is_unnumbered = articles.c.key.in_(sa.select(keys.subquery().c.key))
    query = sa.select(articles.c.key, articles.c.breaking).where(is_unnumbered, public_at(at))
    return query.order_by(articles.c.published_at, articles.c.id)


def carried_by(newsletter: str, schedule: str | None) -> sa.ColumnElement[bool]:
    """Match a newsletter's editions whose articles aren't new to a schedule's next one.

    Those of an edition that was rejected are, and so are those of the schedule's own one that
    waits.
    """
    waiting = editions.c.state == EditionState.WAITING
    if schedule is not None:
        waiting = sa.and_(waiting, editions.c.schedule.is_distinct_from(schedule))
    released = editions.c.state.not_in(NEVER_SENT)
    return sa.and_(editions.c.newsletter == newsletter, sa.or_(released, waiting))


def row_of(revision: Revision) -> dict[str, Any]:
    """Return the columns of a revision's row."""
    row = {name: getattr(revision, name) for name in REVISION_FIELDS}
    for name in _SEVERAL:
        row[name] = [columns_of(value) for value in row[name]]
    for name in _AT_MOST_ONE:
        row[name] = columns_of(row[name]) if row[name] else None
    for value in row["corrections"]:
        value["at"] = value["at"].isoformat()
    if row["sponsor"] and (logo := row["sponsor"]["logo"]):
        row["sponsor"]["logo"] = columns_of(logo)
    return row | {name: dict(row[name]) for name in ("translations", "extra")}


def article_of(row: sa.Row[Any]) -> Article:
    """Make an article of a row of `articles_query`."""
    values = dict(zip(_NAMES, row, strict=True))
    for name in ("tags", "old_addresses"):
        values[name] = tuple(values[name])
    for name, kind in _SEVERAL.items():
        values[name] = tuple(kind(**value) for value in values[name])
    for name, kind in _AT_MOST_ONE.items():
        values[name] = kind(**values[name]) if values[name] else None
    return Article(**values)


def figure_of(*, variants: Iterable[int] = (), **row: Any) -> Figure:
    """Make a picture of its stored fields."""
    return Figure(**row, variants=tuple(variants))


def sponsor_of(*, logo: Mapping[str, Any] | None, **row: Any) -> Sponsor:
    """Make a sponsor of its stored fields."""
    return Sponsor(**row, logo=figure_of(**logo) if logo else None)


def correction_of(*, at: str, text: str) -> Correction:
    """Make a correction of its stored fields."""
    return Correction(at=datetime.fromisoformat(at), text=text)


_Makers = Mapping[str, Callable[..., Any]]
_SEVERAL: _Makers = {
    "authors": Person,
    "contributors": Person,
    "figures": figure_of,
    "corrections": correction_of,
}
_AT_MOST_ONE: _Makers = {
    "image": figure_of,
    "audio": Recording,
    "comments": Comments,
    "sponsor": sponsor_of,
}


class ArticleReader(Repository):
    """Articles, to be read."""

    def by_id(self, public_id: str) -> Article | None:
        """Find an article by its public id."""
        return self._one(articles_query().where(articles.c.id == public_id))

    def by_slug(self, slug: str) -> Article | None:
        """Find an article by the slug that it has or ever had."""
        owner = sa.select(addresses.c.article).where(addresses.c.slug == slug)
        return self._one(articles_query().where(articles.c.key.in_(owner)))

    def find_many(self, names: Mapping[str, Iterable[str]]) -> list[Article]:
        """Find articles by their values of `id`, `path`, `source` or `slug`, oldest first."""
        by_name = (  # each by an index: an OR would scan every article
            sa.select(addresses.c.article).where(addresses.c.slug.in_(values))
            if kind == "slug"
            else sa.select(articles.c.key).where(articles.c[kind].in_(values))
            for kind, values in names.items()
        )
        query = articles_query().where(articles.c.key.in_(sa.union(*by_name)))
        return self._many(query.order_by(articles.c.key))

    def all(self) -> list[Article]:
        """Return every article, whatever its state, newest first."""
        return self._many(newest_first(articles_query()))

    def slugs_by_path(self, folder: str, paths: Sequence[str] | None = None) -> dict[str, str]:
        """Return the slugs of articles that are public or will be, by path, below a folder.

        With `paths`, only those.
        """
        query = sa.select(articles.c.path, articles.c.slug).where(
            articles.c.path.startswith(folder, autoescape=True),
            articles.c.status != Status.DRAFT,
            articles.c.retracted_at.is_(None),
        )
        if paths is not None:
            query = query.where(articles.c.path.in_(paths))
        return dict(self._execute(query.order_by(articles.c.path)).all())

    def candidates(
        self,
        newsletter: str,
        window: ArticleWindow,
        at: datetime,
        *,
        schedule: str | None = None,
        unnumbered: bool = False,
    ) -> list[Article]:
        """Return what is public at `at` and in a schedule's window, newest first.

        What an earlier edition of the newsletter carried is left out, unless that was rejected, or
        waits and is of this schedule: then its articles go into the next one. So is what an editor
        left out of an edition of the schedule. With `unnumbered`,
        articles that have no public number yet have the one that they would get at `at`.
        """
        carried = sa.select(edition_items.c.article).join(editions)
        carried = carried.where(carried_by(newsletter, schedule))
        left_out = sa.select(edition_omissions.c.article).join(editions)
        left_out = left_out.where(
            editions.c.schedule == schedule, editions.c.state.not_in(NEVER_SENT)
        )
        is_new = articles.c.key.not_in(carried), articles.c.key.not_in(left_out)
        fresh = sa.and_(public_at(at), *is_new)
        found = self._many(newest_first(articles_query().where(fresh, _in(window))))
        if not unnumbered:
            return found
        query = unnumbered_query(at).with_only_columns(articles.c.key).order_by(None)
        new = self._many(newest_first(articles_query().where(fresh, articles.c.key.in_(query))))
        keys = {article.key for article in new}
        numbered = (article for article in self._as_numbered(new, at) if window.includes(article))
        return [*numbered, *(article for article in found if article.key not in keys)]

    def unnumbered(self, at: datetime) -> int:
        """Count the articles that would get a public number at `at`."""
        return len(self._execute(unnumbered_query(at)).all())

    def considered(self, after: int, *, since: datetime, at: datetime) -> list[Article]:
        """Return what is numbered above `after`, has no number, or is dated later than `since`.

        Whatever its state, newest first, with the numbers that they would have at `at`.
        """
        number = articles.c.number
        recent = sa.or_(number > after, number.is_(None), articles.c.published_at > since)
        return self._as_numbered(self._many(newest_first(articles_query().where(recent))), at)

    def _as_numbered(self, found: Iterable[Article], at: datetime) -> list[Article]:
        """Return articles with the public numbers that they would have at `at`."""
        keys = (row.key for row in self._execute(unnumbered_query(at)))
        numbers = {key: number for number, key in enumerate(keys, self.newest_number() + 1)}
        return [
            replace(article, number=numbers.get(article.key, article.number)) for article in found
        ]

    def embargoed(self, after: datetime, until: datetime) -> list[Article]:
        """Return what becomes public later than `after`, up to `until`, the earliest first."""
        coming = sa.and_(public_at(until), articles.c.published_at > after)
        query = articles_query().where(coming)
        return self._many(query.order_by(articles.c.published_at, articles.c.id))

    def covered_until(self, window: ArticleWindow, at: datetime) -> int:
        """Return the public number up to which an edition composed at `at` covers a window.

        That is the newest, or the one before an article that has its number already and is
        postponed: its turn is still to come.
        """
        postponed = sa.and_(_in(window), articles.c.retracted_at.is_(None), ~public_at(at))
        number = self._scalar(sa.func.min(articles.c.number), postponed)
        return self.newest_number() if number is None else number - 1

    def newest_number(self, at: datetime | None = None) -> int:
        """Return the newest public number, ever or of what was public at `at`; 0 for nothing."""
        is_public = sa.true() if at is None else public_at(at)
        return self._scalar(sa.func.max(articles.c.number), is_public) or 0

    def revisions(self, keys: Iterable[int]) -> dict[int, int]:
        """Return the numbers of the newest revisions of articles, by key."""
        query = sa.select(articles.c.key, articles.c.revision)
        return dict(self._execute(query.where(articles.c.key.in_(keys))).all())

    def newest_change(self) -> int:
        """Return the number of the newest change to any article; 0 where there was none."""
        return self._scalar(sa.func.max(articles.c.change)) or 0

    def publication_marker(self) -> tuple[int, int]:
        """Return a value that changes when an article becomes public, is retracted or restored."""
        query = sa.select(sa.func.max(articles.c.number), sa.func.count(articles.c.retracted_at))
        newest, retracted = self._execute(query).one()
        return newest or 0, retracted

    def change_marker(self, at: datetime, breaking_for: timedelta) -> tuple[object, ...]:
        """Return a value that changes when readers may see something new, if only by time."""
        change = sa.select(sa.func.max(articles.c.change))
        due = sa.select(sa.func.max(articles.c.published_at)).where(articles.c.published_at <= at)
        no_longer_breaking = sa.select(sa.func.max(articles.c.published_at)).where(
            articles.c.breaking, articles.c.published_at <= at - breaking_for
        )
        return tuple(self._execute(query).scalar() for query in (change, due, no_longer_breaking))

    def _one(self, query: sa.Select[Any]) -> Article | None:
        row = self._execute(query).one_or_none()
        return None if row is None else article_of(row)

    def _many(self, query: sa.Select[Any]) -> list[Article]:
        return [article_of(row) for row in self._execute(query)]


def _in(window: ArticleWindow) -> sa.ColumnElement[bool]:
    in_range = sa.or_(
        articles.c.number > window.begins_after, articles.c.published_at > window.dated_after
    )
    return sa.and_(articles.c.number > window.after, in_range)


BATCH = 500
"""Keys per query."""

# built once: SQLAlchemy takes longer to build and recognise a query than SQLite to answer it
_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_ARTICLES = articles_query().where(articles.c.key.in_(_KEYS))
_BODIES = sa.select(bodies.c.article, bodies.c.opening, bodies.c.body, bodies.c.rules).where(
    bodies.c.article.in_(_KEYS)
)
_OLD_ADDRESSES = (
    sa.select(addresses.c.article, addresses.c.slug)
    .join(articles, articles.c.key == addresses.c.article)
    .where(addresses.c.article.in_(_KEYS))
    .where(addresses.c.slug != articles.c.slug)
    .order_by(addresses.c.slug)
)


class PublishedArticles(ArticleReader):
    """Articles, as builds read them."""

    def changed(
        self, after: int, *, since: datetime, at: datetime, breaking_for: timedelta = timedelta()
    ) -> list[int]:
        """Return the keys of the articles that a build as of `at` has to look at, sorted.

        That is what changed after the change numbered `after`, what has become public
        since `since`, and what stopped being breaking since then.
        """
        start, end = since - breaking_for, at - breaking_for
        due = sa.and_(articles.c.published_at > since, articles.c.published_at <= at)
        keys = sa.union(  # each by an index: an OR would scan every article
            sa.select(articles.c.key).where(articles.c.change > after),
            sa.select(articles.c.key).where(due),
            sa.select(articles.c.key).where(
                articles.c.breaking, articles.c.published_at > start, articles.c.published_at <= end
            ),
        )
        return sorted(self._column(keys))

    def keys(self) -> list[int]:
        """Return the keys of all articles, whatever their state."""
        return self._column(sa.select(articles.c.key).order_by(articles.c.key))

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
        return self._many(newest_first(recent).limit(limit))

    def breaking(self, after: datetime, at: datetime, *, limit: int = 1) -> list[Article]:
        """Return the breaking articles that were published after `after`, newest first."""
        recent = articles_query().where(public_at(at), articles.c.published_at > after)
        return self._many(newest_first(recent.where(articles.c.breaking)).limit(limit))

    def _of(self, keys: Sequence[int], query: sa.Select[Any]) -> Iterator[Any]:
        """Run a query for batches of articles."""
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            yield from self._execute(query, {"keys": batch}).all()


class MediaCatalogue(Repository):
    """The publication's own pictures."""

    def add(self, figure: Figure) -> None:
        """Add a picture; its name is a hash of its content, so there is nothing to update."""
        self._insert_new(media, {key.name: getattr(figure, key.name) for key in media.c})

    def get(self, src: str) -> Figure | None:
        """Find a picture by its `media/…` name; alt, caption and credit are the article's."""
        return self._value(figure_of, sa.select(media).where(media.c.src == src))
