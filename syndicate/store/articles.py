"""Articles, their revisions, and every slug they ever had."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from syndicate.errors import Refused
from syndicate.model.articles import Article, Figure, Person, Recording, Revision, Status
from syndicate.store.engine import LOCK_NUMBERS, insert_new, lock
from syndicate.store.schema import (
    Instant,
    addresses,
    articles,
    edition_items,
    editions,
    revisions,
    tags,
)

_SAVED = tuple(field.name for field in fields(Revision))
_IDENTITY = ("key", "id", "slug", "path", "number", "revision", "first_seen", "retracted_at")
_NEWEST = and_(revisions.c.article == articles.c.key, revisions.c.number == articles.c.revision)
_COLUMNS = [articles.c[name] for name in _IDENTITY] + [
    revisions.c[name] for name in (*_SAVED, "saved_at")
]


class Articles:
    """What the newsroom filed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # one article

    def by_id(self, public_id: str) -> Article | None:
        """Find an article by its public id."""
        return self._one(_articles().where(articles.c.id == public_id))

    def by_path(self, path: str) -> Article | None:
        """Find the article that a file holds."""
        return self._one(_articles().where(articles.c.path == path))

    def by_slug(self, slug: str) -> Article | None:
        """Find an article by the slug that it has or ever had."""
        owner = select(addresses.c.article).where(addresses.c.slug == slug)
        return self._one(_articles().where(articles.c.key.in_(owner)))

    def by_source(self, source: str) -> list[Article]:
        """Find articles by the hash of their file's body, oldest first."""
        query = _articles().where(articles.c.source == source).order_by(articles.c.key)
        return self._many(query)

    # lists

    def all(self) -> list[Article]:
        """Return every article, whatever its state, newest first."""
        return self._many(_newest_first(_articles()))

    def public(self, at: datetime, limit: int | None = None) -> list[Article]:
        """Return what readers may see at `at`, newest first."""
        return self._many(_newest_first(_articles().where(_public(at))).limit(limit))

    def withdrawn(self) -> list[Article]:
        """Return articles that were public and are retracted."""
        taken_back = and_(articles.c.retracted_at.is_not(None), articles.c.number.is_not(None))
        return self._many(_newest_first(_articles().where(taken_back)))

    def redirects(self) -> dict[str, str]:
        """Return each slug that an article has no more, with the one it has now."""
        query = (
            select(addresses.c.slug, articles.c.slug)
            .join(articles, articles.c.key == addresses.c.article)
            .where(addresses.c.slug != articles.c.slug)
            .order_by(addresses.c.slug)
        )
        return {old: now for old, now in self._connection.execute(query)}  # noqa: C416 - rows are no pairs

    def candidates(self, newsletter: str, after: int, at: datetime) -> list[Article]:
        """Return what is public at `at` and numbered above `after`, newest first.

        What an earlier edition of the newsletter carried is left out. Numbers,
        not dates, decide, so late and back-dated articles are neither lost nor
        repeated.
        """
        carried = (
            select(edition_items.c.article)
            .join(editions, editions.c.key == edition_items.c.edition)
            .where(editions.c.newsletter == newsletter)
        )
        fresh = and_(articles.c.number > after, _public(at), articles.c.key.not_in(carried))
        return self._many(_newest_first(_articles().where(fresh)))

    def covered(self, after: int, at: datetime) -> int:
        """Return the number up to which an edition composed at `at` covers what is above `after`.

        That is the newest one, or the one before an article that has its number
        and is put off to a later time: its turn is still to come.
        """
        put_off = and_(articles.c.number > after, articles.c.retracted_at.is_(None), ~_public(at))
        first = self._connection.execute(select(func.min(articles.c.number)).where(put_off))
        number: int | None = first.scalar()
        return self.newest_number() if number is None else number - 1

    # moves

    def add(
        self,
        revision: Revision,
        *,
        id: str,  # noqa: A002 - the field's own name
        slug: str,
        path: str | None,
        source: str,
        at: datetime,
    ) -> Article:
        """File a new article; raise Refused when its id or slug is another's."""
        if self.by_id(id) is not None:
            raise Refused(f"the id {id} is another article's")
        self._refuse_taken(slug, by=None)
        self._free_path(path)
        key: int = self._connection.execute(
            insert(articles).returning(articles.c.key),
            {
                "id": id,
                "slug": slug,
                "path": path,
                "source": source,
                "first_seen": at,
                "retracted_at": at if revision.status is Status.RETRACTED else None,
                "revision": 1,
                **_listed(revision, at),
            },
        ).scalar_one()
        insert_new(self._connection, addresses, {"slug": slug, "article": key})
        self._save(key, 1, revision, at)
        return self._by_key(key)

    def revise(
        self,
        article: Article,
        revision: Revision,
        *,
        slug: str,
        path: str | None,
        source: str,
        at: datetime,
    ) -> Article:
        """Bring an article to what its file says now.

        A revision that says the same is not saved again; the old slug is kept
        and leads to the new one. While it was only a draft, the article was not
        yet seen: its `first_seen` moves. Raise Refused for another's slug.
        """
        changed = any(getattr(article, name) != getattr(revision, name) for name in _SAVED)
        number = article.revision + changed
        first_seen = at if article.status is Status.DRAFT else article.first_seen
        if slug != article.slug:
            self._refuse_taken(slug, by=article.key)
            insert_new(self._connection, addresses, {"slug": slug, "article": article.key})
        if path != article.path:
            self._free_path(path)
        # as the row has it now: somebody may be taking the article back at this moment
        taken_back = at if revision.status is Status.RETRACTED else None
        self._set(
            article.key,
            slug=slug,
            path=path,
            source=source,
            first_seen=first_seen,
            retracted_at=func.coalesce(articles.c.retracted_at, literal(taken_back, Instant)),
            revision=number,
            **_listed(revision, first_seen),
        )
        if changed:
            self._save(article.key, number, revision, at)
        return self._by_key(article.key)

    def retract(self, article: Article, at: datetime) -> None:
        """Take an article back."""
        self._set(article.key, retracted_at=at)

    def restore(self, article: Article) -> None:
        """Undo a retraction."""
        self._set(article.key, retracted_at=None)

    # public numbers

    def newest_number(self) -> int:
        """Return the newest public number; 0 when nothing was ever public."""
        return self._connection.execute(select(func.max(articles.c.number))).scalar() or 0

    def standing(self) -> tuple[int, int]:
        """Return what changes when an article becomes public, or is taken back or restored."""
        query = select(func.max(articles.c.number), func.count(articles.c.retracted_at))
        newest, retracted = self._connection.execute(query).one()
        return newest or 0, retracted

    def mark(self) -> tuple[object, ...]:
        """Return what changes whenever readers might see something new."""
        query = select(
            func.count(),
            func.sum(articles.c.revision),
            func.max(articles.c.number),
            func.count(articles.c.retracted_at),
            func.max(articles.c.retracted_at),  # one taken back for another that is restored
            select(func.count()).select_from(addresses).scalar_subquery(),
        )
        return tuple(self._connection.execute(query).one())

    def give_numbers(self, at: datetime) -> int:
        """Give a public number to everything that became public by `at`; return how many.

        An article that was public before it was first flagged breaking gets a
        new one. Numbers are given under a lock, in the order of publication.
        """
        lock(self._connection, LOCK_NUMBERS)
        due = and_(
            _public(at),
            or_(
                articles.c.number.is_(None),
                and_(articles.c.breaking, ~articles.c.numbered_breaking),
            ),
        )
        query = select(articles.c.key, articles.c.breaking).where(due)
        found = self._connection.execute(
            query.order_by(articles.c.published_at, articles.c.id)
        ).all()
        for number, row in enumerate(found, self.newest_number() + 1):
            self._set(row.key, number=number, numbered_breaking=row.breaking)
        return len(found)

    # how

    def _refuse_taken(self, slug: str, *, by: int | None) -> None:
        owner = self.by_slug(slug)
        if owner is not None and owner.key != by:
            raise Refused(f"the slug {slug} belongs to {owner.title!r} ({owner.path or owner.id})")

    def _free_path(self, path: str | None) -> None:
        """Take a path from whoever was filed there before: a file holds one article."""
        self._connection.execute(update(articles).where(articles.c.path == path), {"path": None})

    def _set(self, key: int, **values: Any) -> None:
        self._connection.execute(update(articles).where(articles.c.key == key).values(values))

    def _save(self, key: int, number: int, revision: Revision, at: datetime) -> None:
        self._connection.execute(
            insert(revisions),
            {"article": key, "number": number, "saved_at": at, **_row(revision)},
        )
        self._connection.execute(delete(tags).where(tags.c.article == key))
        insert_new(self._connection, tags, [{"tag": t, "article": key} for t in revision.tags])

    def _by_key(self, key: int) -> Article:
        found = self._one(_articles().where(articles.c.key == key))
        assert found is not None
        return found

    def _one(self, query: Select[Any]) -> Article | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _article(row)

    def _many(self, query: Select[Any]) -> list[Article]:
        return [_article(row) for row in self._connection.execute(query)]


def _articles() -> Select[Any]:
    return select(*_COLUMNS).join(revisions, _NEWEST)


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(articles.c.published_at.desc(), articles.c.id)


def _public(at: datetime) -> ColumnElement[bool]:
    return and_(
        articles.c.status != Status.DRAFT,
        articles.c.retracted_at.is_(None),
        articles.c.published_at <= at,
    )


def _listed(revision: Revision, first_seen: datetime) -> dict[str, Any]:
    """Return the columns of `articles` that repeat what its newest revision says."""
    return {
        "status": revision.status,
        "published_at": revision.date or first_seen,
        "breaking": revision.breaking,
    }


def _row(revision: Revision) -> dict[str, Any]:
    row = {name: getattr(revision, name) for name in _SAVED}
    for name in ("authors", "contributors", "figures"):
        row[name] = [asdict(value) for value in row[name]]
    return row | {
        "tags": list(revision.tags),
        "image": asdict(revision.image) if revision.image else None,
        "audio": asdict(revision.audio) if revision.audio else None,
        "translations": dict(revision.translations),
        "extra": dict(revision.extra),
    }


def _article(row: Row[Any]) -> Article:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    image, audio = values["image"], values["audio"]
    return Article(
        **values
        | {
            "status": Status(values["status"]),
            "tags": tuple(values["tags"]),
            "authors": _people(values["authors"]),
            "contributors": _people(values["contributors"]),
            "figures": tuple(_figure(figure) for figure in values["figures"]),
            "image": _figure(image) if image else None,
            "audio": Recording(**audio) if audio else None,
        }
    )


def _figure(row: dict[str, Any]) -> Figure:
    return Figure(**row | {"variants": tuple(row.get("variants", ()))})


def _people(rows: Iterable[dict[str, Any]]) -> tuple[Person, ...]:
    return tuple(Person(**row) for row in rows)
