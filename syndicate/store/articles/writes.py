"""Everything that changes an article; each change gets a number.

The numbers count the changes of the whole store, under a lock that lasts until the
transaction ends. So they grow in the order of commits: a build that has read up to one
number has missed nothing before it.

A slug or an old address belongs to one article. An old address is a path, which begins with
a slash; it is kept as `storage_key` writes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, update

from syndicate.body.compiler import compile_body
from syndicate.errors import Refused
from syndicate.model.articles import Article, CompiledBody, Revision, Status
from syndicate.model.old_addresses import storage_key
from syndicate.store.articles.reading import (
    REVISION_FIELDS,
    ArticleReader,
    articles_query,
    row_of,
    unnumbered_query,
)
from syndicate.store.database.repository import LOCK_NUMBERS, columns_of, lock
from syndicate.store.database.schema import Instant, addresses, articles, bodies, revisions, tags

_NUMBER = update(articles).where(articles.c.key == bindparam("its_key"))
_FREE_PATH = update(articles).where(articles.c.path == bindparam("its_path")).values(path=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArticle:
    """An article as its file has it now."""

    id: str
    slug: str
    path: str | None
    source: str
    revision: Revision
    compiled_body: CompiledBody | None = None
    """None: it is compiled when it is stored."""

    def compile(self) -> CompiledBody:
        """Return its body for every channel."""
        return self.compiled_body or compile_body(self.revision, slug=self.slug)


class ArticleWriter(ArticleReader):
    """Articles, to be read and changed."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._newest_change: int | None = None

    def add_all(self, new: Sequence[NewArticle], at: datetime) -> None:
        """Add articles together; raise Refused when an id or slug is another's."""
        if not new:
            return
        lock(self._connection, LOCK_NUMBERS)
        ids = articles.c.id.in_([article.id for article in new])
        for taken in self._execute(select(articles.c.id).where(ids)).scalars():
            raise Refused(f"the id {taken} is another article's")
        self.refuse_taken_slugs({article.slug: None for article in new})
        self._free_paths([article.path for article in new])
        rows = [
            {
                "id": article.id,
                "slug": article.slug,
                "path": article.path,
                "source": article.source,
                "first_seen": at,
                "retracted_at": at if article.revision.status is Status.RETRACTED else None,
                "revision": 1,
                "change": self._next_change(),
                **_listing_columns(article.revision, at),
            }
            for article in new
        ]
        self._insert(articles, rows)
        keys = dict(self._execute(select(articles.c.id, articles.c.key).where(ids)).all())
        self._add_slugs({article.slug: keys[article.id] for article in new})
        self._add_old_addresses({keys[article.id]: article.revision for article in new})
        saved = [(keys[article.id], article) for article in new]
        self._save_revisions(saved, 1, at)
        self._save_bodies({key: article.compile() for key, article in saved})

    def revise(self, article: Article, new: NewArticle, at: datetime) -> Article:
        """Update an article to what its file says now, and return it.

        Where nothing changed, nothing is written; an equal revision is not saved again.
        The old slug stays and leads to the new one; an old address does as long as the
        file names it. The `first_seen` of a draft moves to `at`, since nobody has seen
        it yet. Raise Refused for another's slug or address.
        """
        key, revision = article.key, new.revision
        changed = any(getattr(article, name) != getattr(revision, name) for name in REVISION_FIELDS)
        same_file = (new.slug, new.path, new.source) == (article.slug, article.path, article.source)
        if same_file and not changed:
            return article
        lock(self._connection, LOCK_NUMBERS)
        self._move(article, new)
        first_seen = at if article.status is Status.DRAFT else article.first_seen
        # from the row itself: another transaction may just have retracted the article
        retracted_at = at if revision.status is Status.RETRACTED else None
        self._set(
            key,
            slug=new.slug,
            path=new.path,
            source=new.source,
            first_seen=first_seen,
            retracted_at=func.coalesce(articles.c.retracted_at, literal(retracted_at, Instant)),
            revision=article.revision + changed,
            **_listing_columns(revision, first_seen),
        )
        if changed or new.slug != article.slug:
            self._save_bodies({key: new.compile()})
        if changed:
            self._delete(tags, tags.c.article == key)
            self._save_revisions([(key, new)], article.revision + 1, at)
        revised = self.by_id(article.id)
        assert revised is not None
        return revised

    def _move(self, article: Article, new: NewArticle) -> None:
        """Give an article the slug, old addresses and path that it has now, where they differ."""
        key, revision = article.key, new.revision
        if new.slug != article.slug:
            self.refuse_taken_slugs({new.slug: key})
            self._add_slugs({new.slug: key})
        if revision.old_addresses != article.old_addresses:
            is_old_address = addresses.c.slug.startswith("/")  # former slugs stay
            self._delete(addresses, addresses.c.article == key, is_old_address)
            self._add_old_addresses({key: revision})
        if new.path != article.path:
            self._free_paths([new.path])

    def save_compiled_bodies(self, compiled: Sequence[tuple[Article, CompiledBody]]) -> None:
        """Replace the bodies of articles that have not changed since they were compiled."""
        query = select(articles.c.key, articles.c.revision, articles.c.slug)
        keys = [article.key for article, _ in compiled]
        rows = self._execute(query.where(articles.c.key.in_(keys)))
        current = {key: (revision, slug) for key, revision, slug in rows}
        unchanged = {
            article.key: body
            for article, body in compiled
            if current.get(article.key) == (article.revision, article.slug)
        }
        self._save_bodies(unchanged)

    def retract(self, article: Article, at: datetime) -> None:
        """Retract an article."""
        self._set(article.key, retracted_at=at)

    def restore(self, article: Article) -> None:
        """Undo a retraction."""
        self._set(article.key, retracted_at=None)

    def assign_numbers(self, at: datetime) -> int:
        """Give a public number to everything that became public by `at`; return how many.

        An article that was public before it was first flagged breaking gets a new one.
        Numbers are assigned under a lock, in the order of publication.
        """
        lock(self._connection, LOCK_NUMBERS)
        unnumbered = self._execute(unnumbered_query(at)).all()
        rows = [
            {
                "its_key": row.key,
                "number": number,
                "numbered_breaking": row.breaking,
                "change": self._next_change(),
            }
            for number, row in enumerate(unnumbered, self.newest_number() + 1)
        ]
        self._run_each(_NUMBER, rows)
        return len(rows)

    def slug_owners(self, slugs: Iterable[str]) -> dict[str, int]:
        """Return the articles that slugs belong to, by key; free ones are left out."""
        query = select(addresses.c.slug, addresses.c.article).where(addresses.c.slug.in_(slugs))
        return dict(self._execute(query).all())

    def refuse_taken_slugs(self, wanted: Mapping[str, int | None]) -> None:
        """Raise Refused where a slug is or was that of another article than the one given."""
        for slug, key in self.slug_owners(wanted).items():
            if key != wanted[slug]:
                owner = self._execute(articles_query().where(articles.c.key == key)).one()
                name = f"address {slug}" if slug.startswith("/") else f"slug {slug}"
                raise Refused(f"the {name} belongs to {owner.title!r} ({owner.path or owner.id})")

    def _next_change(self) -> int:
        """Return the next change number; the lock keeps others from taking one."""
        if self._newest_change is None:
            lock(self._connection, LOCK_NUMBERS)
            self._newest_change = self.newest_change()
        self._newest_change += 1
        return self._newest_change

    def _set(self, key: int, **values: Any) -> None:
        self._update(articles, articles.c.key == key, **values, change=self._next_change())

    def _free_paths(self, paths: Iterable[str | None]) -> None:
        """Take paths from the articles that had them before: a file holds one article."""
        self._run_each(_FREE_PATH, [{"its_path": path} for path in paths if path is not None])

    def _save_revisions(
        self, saved: Sequence[tuple[int, NewArticle]], number: int, at: datetime
    ) -> None:
        """Save revisions, by article, and the tags that lead to their articles."""
        rows = [
            {"article": key, "number": number, "saved_at": at, **row_of(new.revision)}
            for key, new in saved
        ]
        self._insert(revisions, rows)
        tagged = [
            {"tag": tag, "article": key}
            for key, new in saved
            for tag in dict.fromkeys(new.revision.tags)
        ]
        self._insert(tags, tagged)

    def _save_bodies(self, compiled: Mapping[int, CompiledBody]) -> None:
        self._delete(bodies, bodies.c.article.in_(list(compiled)))
        rows = [{"article": key, **columns_of(body)} for key, body in compiled.items()]
        self._insert(bodies, rows)

    def _add_slugs(self, owners: Mapping[str, int]) -> None:
        """Give articles slugs that are free, or that they had before."""
        rows = [{"slug": slug, "article": key} for slug, key in owners.items()]
        self._insert_new(addresses, rows)

    def _add_old_addresses(self, revised: Mapping[int, Revision]) -> None:
        """Make old addresses lead to their articles; raise Refused for another's."""
        old_slugs = {
            storage_key(address): key
            for key, revision in revised.items()
            for address in revision.old_addresses
        }
        if old_slugs:
            self.refuse_taken_slugs(old_slugs)
            self._add_slugs(old_slugs)


def _listing_columns(revision: Revision, first_seen: datetime) -> dict[str, Any]:
    """Return the columns of `articles` that repeat those of the newest revision."""
    return {
        "status": revision.status,
        "published_at": revision.date or first_seen,
        "breaking": revision.breaking,
        "corrections": len(revision.corrections),
    }
