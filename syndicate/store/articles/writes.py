"""Everything that changes an article; each change gets a number.

The numbers count the changes of the whole store, under a lock that lasts until the
transaction ends. So they grow in the order of commits: a build that has read up to one
number has missed nothing before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    true,
    union,
    update,
)

from syndicate.body.compiler import compile_body
from syndicate.errors import Refused
from syndicate.model.articles import Article, Revision, Status
from syndicate.model.compiled_body import CompiledBody
from syndicate.store.articles.lookup import ArticleLookup
from syndicate.store.articles.reading import ArticleReader
from syndicate.store.articles.rows import REVISION_FIELDS, public_at, row_of
from syndicate.store.articles.slugs import Slugs
from syndicate.store.database.locks import LOCK_NUMBERS, lock
from syndicate.store.database.schema import Instant, addresses, articles, galleys, revisions, tags

_NUMBER = update(articles).where(articles.c.key == bindparam("its_key"))
_FREE_PATH = update(articles).where(articles.c.path == bindparam("its_path")).values(path=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArticle:
    """An article to be added."""

    id: str
    slug: str
    path: str | None
    source: str
    revision: Revision
    compiled_body: CompiledBody | None = None
    """None: it is compiled here."""


class ArticleWriter(ArticleReader):
    """Articles, to be read and changed."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._slugs = Slugs(connection)
        self._newest_change: int | None = None

    def lookup(
        self,
        *,
        ids: Iterable[str],
        paths: Iterable[str],
        slugs: Iterable[str],
        sources: Iterable[str],
    ) -> ArticleLookup:
        """Look up at once the articles that a batch of files may update."""
        slugs = list(slugs)
        keys = union(
            select(articles.c.key).where(articles.c.id.in_(list(ids))),
            select(articles.c.key).where(articles.c.path.in_(list(paths))),
            select(articles.c.key).where(articles.c.source.in_(list(sources))),
            select(addresses.c.article).where(addresses.c.slug.in_(slugs)),
        )
        return ArticleLookup(self.with_keys(keys), self._slugs.owners(slugs))

    def add(
        self,
        revision: Revision,
        *,
        id: str,  # noqa: A002 - the field's own name
        slug: str,
        path: str | None,
        source: str,
        at: datetime,
        compiled_body: CompiledBody | None = None,
    ) -> Article:
        """Add an article; raise Refused when its id or slug is another's."""
        new = NewArticle(
            id=id,
            slug=slug,
            path=path,
            source=source,
            revision=revision,
            compiled_body=compiled_body,
        )
        self.add_all([new], at)
        added = self.by_id(id)
        assert added is not None
        return added

    def add_all(self, new: Sequence[NewArticle], at: datetime) -> None:
        """Add articles together; raise Refused when an id or slug is another's."""
        if not new:
            return
        lock(self._connection, LOCK_NUMBERS)
        self._refuse_taken_ids(new)
        self._slugs.refuse_taken({article.slug: None for article in new})
        self._free_paths([article.path for article in new])
        rows = [_new_row(article, self._next_change(), at) for article in new]
        self._execute(insert(articles), rows)
        ids = select(articles.c.id, articles.c.key).where(
            articles.c.id.in_([article.id for article in new])
        )
        keys = {row.id: row.key for row in self._execute(ids)}
        self._slugs.add({article.slug: keys[article.id] for article in new})
        self._slugs.add_old_addresses({keys[article.id]: article.revision for article in new})
        saved = [
            _Saved(keys[article.id], 1, article.revision, article.slug, article.compiled_body)
            for article in new
        ]
        self._save_revisions(saved, at)
        self._save_bodies(saved)

    def revise(
        self,
        article: Article,
        revision: Revision,
        *,
        slug: str,
        path: str | None,
        source: str,
        at: datetime,
        compiled_body: CompiledBody | None = None,
    ) -> Article:
        """Update an article to what its file says now, and return it.

        Where nothing changed, nothing is written; an equal revision is not saved again.
        The old slug stays and leads to the new one; an old address does as long as the
        file names it. The `first_seen` of a draft moves to `at`, since nobody has seen
        it yet. Raise Refused for another's slug or address.
        """
        changed = any(getattr(article, name) != getattr(revision, name) for name in REVISION_FIELDS)
        if not changed and (slug, path, source) == (article.slug, article.path, article.source):
            return article
        lock(self._connection, LOCK_NUMBERS)
        number = article.revision + changed
        first_seen = at if article.status is Status.DRAFT else article.first_seen
        if slug != article.slug:
            self._slugs.refuse_taken({slug: article.key})
            self._slugs.add_again(slug, article.key)
        if revision.old_addresses != article.old_addresses:
            self._slugs.delete_old_addresses(article.key)
            self._slugs.add_old_addresses({article.key: revision})
        if path != article.path:
            self._free_paths([path])
        # from the row itself: another transaction may just have retracted the article
        retracted_at = at if revision.status is Status.RETRACTED else None
        self._set(
            article.key,
            slug=slug,
            path=path,
            source=source,
            first_seen=first_seen,
            retracted_at=func.coalesce(articles.c.retracted_at, literal(retracted_at, Instant)),
            revision=number,
            **_listing_columns(revision, first_seen),
        )
        saved = [_Saved(article.key, number, revision, slug, compiled_body)]
        if changed or slug != article.slug:
            self._execute(delete(galleys).where(galleys.c.article == article.key))
            self._save_bodies(saved)
        if changed:
            self._execute(delete(tags).where(tags.c.article == article.key))
            self._save_revisions(saved, at)
        revised = self.by_id(article.id)
        assert revised is not None
        return revised

    def save_compiled_bodies(self, compiled: Sequence[tuple[Article, CompiledBody]]) -> None:
        """Replace the bodies of articles that have not changed since they were compiled."""
        query = select(articles.c.key, articles.c.revision, articles.c.slug)
        keys = [article.key for article, _ in compiled]
        rows = self._execute(query.where(articles.c.key.in_(keys)))
        current = {row.key: (row.revision, row.slug) for row in rows}
        unchanged = [
            _Saved(article.key, article.revision, article, article.slug, body)
            for article, body in compiled
            if current.get(article.key) == (article.revision, article.slug)
        ]
        if unchanged:
            old = galleys.c.article.in_([saved.article for saved in unchanged])
            self._execute(delete(galleys).where(old))
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
        keys = union(  # each by an index: an OR would scan every article
            select(articles.c.key).where(articles.c.number.is_(None)),
            select(articles.c.key).where(
                articles.c.breaking == true(), articles.c.numbered_breaking == false()
            ),
        )
        is_unnumbered = articles.c.key.in_(select(keys.subquery().c.key))
        query = select(articles.c.key, articles.c.breaking).where(is_unnumbered, public_at(at))
        query = query.order_by(articles.c.published_at, articles.c.id)
        unnumbered = self._execute(query).all()
        rows = [
            {
                "its_key": row.key,
                "number": number,
                "numbered_breaking": row.breaking,
                "change": self._next_change(),
            }
            for number, row in enumerate(unnumbered, self.newest_number() + 1)
        ]
        if rows:
            self._execute(_NUMBER, rows)
        return len(rows)

    def _next_change(self) -> int:
        """Return the next change number; the lock keeps others from taking one."""
        if self._newest_change is None:
            lock(self._connection, LOCK_NUMBERS)
            newest = self._execute(select(func.max(articles.c.change))).scalar()
            self._newest_change = newest or 0
        self._newest_change += 1
        return self._newest_change

    def _set(self, key: int, **values: Any) -> None:
        changed = {**values, "change": self._next_change()}
        self._execute(update(articles).where(articles.c.key == key).values(changed))

    def _refuse_taken_ids(self, new: Sequence[NewArticle]) -> None:
        ids = [article.id for article in new]
        taken = self._execute(select(articles.c.id).where(articles.c.id.in_(ids)))
        for (public_id,) in taken:
            raise Refused(f"the id {public_id} is another article's")

    def _free_paths(self, paths: Iterable[str | None]) -> None:
        """Take paths from the articles that had them before: a file holds one article."""
        rows = [{"its_path": path} for path in paths if path is not None]
        if rows:
            self._execute(_FREE_PATH, rows)

    def _save_revisions(self, saved: Sequence["_Saved"], at: datetime) -> None:
        """Save revisions, and the tags that lead to their articles."""
        rows = [
            {
                "article": entry.article,
                "number": entry.number,
                "saved_at": at,
                **row_of(entry.revision),
            }
            for entry in saved
        ]
        self._execute(insert(revisions), rows)
        tagged = [
            {"tag": tag, "article": entry.article}
            for entry in saved
            for tag in dict.fromkeys(entry.revision.tags)
        ]
        if tagged:
            self._execute(insert(tags), tagged)

    def _save_bodies(self, saved: Sequence["_Saved"]) -> None:
        rows = []
        for entry in saved:
            compiled = entry.body or compile_body(entry.revision, slug=entry.slug)
            rows.append(
                {
                    "article": entry.article,
                    "rules": compiled.rules,
                    "opening": compiled.opening,
                    "body": compiled.body,
                }
            )
        self._execute(insert(galleys), rows)


class _Saved(NamedTuple):
    article: int
    """Its key."""
    number: int
    """The revision's."""
    revision: Revision
    slug: str
    body: CompiledBody | None


def _new_row(new: NewArticle, change: int, at: datetime) -> dict[str, Any]:
    revision = new.revision
    return {
        "id": new.id,
        "slug": new.slug,
        "path": new.path,
        "source": new.source,
        "first_seen": at,
        "retracted_at": at if revision.status is Status.RETRACTED else None,
        "revision": 1,
        "change": change,
        **_listing_columns(revision, at),
    }


def _listing_columns(revision: Revision, first_seen: datetime) -> dict[str, Any]:
    """Return the columns of `articles` that repeat those of the newest revision."""
    return {
        "status": revision.status,
        "published_at": revision.date or first_seen,
        "breaking": revision.breaking,
    }
