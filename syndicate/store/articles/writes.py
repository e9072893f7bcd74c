"""Filing: every move that changes an article, each of them counted.

A change gets the next number of one count for the whole store, under the lock
that is held until the transaction ends. So numbers grow in the order in which
transactions are committed: whoever saw the newest has missed nothing before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
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

from syndicate.body import compile_body
from syndicate.errors import Refused
from syndicate.model.articles import Article, Revision, Status
from syndicate.model.compiled_body import CompiledBody
from syndicate.model.old_addresses import storage_key
from syndicate.store.articles.lookup import ArticleLookup
from syndicate.store.articles.reading import ArticleReader
from syndicate.store.articles.rows import SAVED, public_at, row_of
from syndicate.store.database.locks import LOCK_NUMBERS, lock
from syndicate.store.database.schema import Instant, addresses, articles, galleys, revisions, tags
from syndicate.store.database.sql_engine import insert_new

_BY_KEY = articles.c.key == bindparam("its_key")
_NUMBER = update(articles).where(_BY_KEY)
_FREE_PATH = update(articles).where(articles.c.path == bindparam("its_path")).values(path=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArticle:
    """A new article, as it is filed."""

    id: str
    slug: str
    path: str | None
    source: str
    revision: Revision
    galley: CompiledBody | None = None
    """Its body set in type; set here where it isn't yet."""


class ArticleWriter(ArticleReader):
    """The newsroom's articles, and what becomes of them."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._newest_change: int | None = None

    def lookup(
        self,
        *,
        ids: Iterable[str],
        paths: Iterable[str],
        slugs: Iterable[str],
        sources: Iterable[str],
    ) -> ArticleLookup:
        """Look up at once what a batch of files may be."""
        slugs = list(slugs)
        keys = union(
            select(articles.c.key).where(articles.c.id.in_(list(ids))),
            select(articles.c.key).where(articles.c.path.in_(list(paths))),
            select(articles.c.key).where(articles.c.source.in_(list(sources))),
            select(addresses.c.article).where(addresses.c.slug.in_(slugs)),
        )
        owners = select(addresses.c.slug, addresses.c.article).where(addresses.c.slug.in_(slugs))
        return ArticleLookup(
            self.with_keys(keys),
            {row.slug: row.article for row in self._connection.execute(owners)},
        )

    def add(
        self,
        revision: Revision,
        *,
        id: str,  # noqa: A002 - the field's own name
        slug: str,
        path: str | None,
        source: str,
        at: datetime,
        galley: CompiledBody | None = None,
    ) -> Article:
        """File a new article; raise Refused when its id or slug is another's."""
        entry = NewArticle(
            id=id, slug=slug, path=path, source=source, revision=revision, galley=galley
        )
        self.add_all([entry], at)
        added = self.by_id(id)
        assert added is not None
        return added

    def add_all(self, entries: Sequence[NewArticle], at: datetime) -> None:
        """File new articles together; raise Refused when an id or slug is another's."""
        if not entries:
            return
        lock(self._connection, LOCK_NUMBERS)
        self._refuse_taken_ids(entries)
        self._refuse_taken_slugs({entry.slug: None for entry in entries})
        self._free_paths([entry.path for entry in entries])
        rows = [_entered(entry, self._next_change(), at) for entry in entries]
        self._connection.execute(insert(articles), rows)
        ids = select(articles.c.id, articles.c.key).where(
            articles.c.id.in_([entry.id for entry in entries])
        )
        keys = {row.id: row.key for row in self._connection.execute(ids)}
        owned = [{"slug": entry.slug, "article": keys[entry.id]} for entry in entries]
        self._connection.execute(insert(addresses), owned)
        self._keep_old_addresses({keys[entry.id]: entry.revision for entry in entries})
        saved = [(keys[e.id], 1, e.revision, e.slug, e.galley) for e in entries]
        self._save(saved, at)
        self._set_in_type(saved)

    def revise(
        self,
        article: Article,
        revision: Revision,
        *,
        slug: str,
        path: str | None,
        source: str,
        at: datetime,
        galley: CompiledBody | None = None,
    ) -> Article:
        """Bring an article to what its file says now.

        Where that is what the store says already, nothing is written; a revision
        that says the same is not saved again. The old slug is kept and leads to
        the new one; an old address does as long as the file names it. While it
        was only a draft, the article was not yet seen: its `first_seen` moves.
        Raise Refused for another's slug or address.
        """
        changed = any(getattr(article, name) != getattr(revision, name) for name in SAVED)
        if not changed and (slug, path, source) == (article.slug, article.path, article.source):
            return article
        lock(self._connection, LOCK_NUMBERS)
        number = article.revision + changed
        first_seen = at if article.status is Status.DRAFT else article.first_seen
        if slug != article.slug:
            self._refuse_taken_slugs({slug: article.key})
            insert_new(self._connection, addresses, {"slug": slug, "article": article.key})
        if revision.old_addresses != article.old_addresses:
            self._forget_old_addresses(article.key)
            self._keep_old_addresses({article.key: revision})
        if path != article.path:
            self._free_paths([path])
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
        if changed or slug != article.slug:
            self._connection.execute(delete(galleys).where(galleys.c.article == article.key))
            self._set_in_type([(article.key, number, revision, slug, galley)])
        if changed:
            self._connection.execute(delete(tags).where(tags.c.article == article.key))
            self._save([(article.key, number, revision, slug, galley)], at)
        revised = self.by_id(article.id)
        assert revised is not None
        return revised

    def save_compiled_bodies(self, cut_again: Sequence[tuple[Article, CompiledBody]]) -> None:
        """Keep bodies that were cut by newer rules, of articles that are still what they were."""
        query = select(articles.c.key, articles.c.revision, articles.c.slug)
        keys = [article.key for article, _ in cut_again]
        rows = self._connection.execute(query.where(articles.c.key.in_(keys)))
        now = {row.key: (row.revision, row.slug) for row in rows}
        same = [
            (article.key, article.revision, article, article.slug, galley)
            for article, galley in cut_again
            if now.get(article.key) == (article.revision, article.slug)
        ]
        if same:
            of_these = galleys.c.article.in_([key for key, *_ in same])
            self._connection.execute(delete(galleys).where(of_these))
            self._set_in_type(same)

    def retract(self, article: Article, at: datetime) -> None:
        """Take an article back."""
        self._set(article.key, retracted_at=at)

    def restore(self, article: Article) -> None:
        """Undo a retraction."""
        self._set(article.key, retracted_at=None)

    def assign_numbers(self, at: datetime) -> int:
        """Give a public number to everything that became public by `at`; return how many.

        An article that was public before it was first flagged breaking gets a
        new one. Numbers are given under a lock, in the order of publication.
        """
        lock(self._connection, LOCK_NUMBERS)
        keys = union(  # each by an index: an OR would look at every article
            select(articles.c.key).where(articles.c.number.is_(None)),
            select(articles.c.key).where(
                articles.c.breaking == true(), articles.c.numbered_breaking == false()
            ),
        )
        waiting = articles.c.key.in_(select(keys.subquery().c.key))
        query = select(articles.c.key, articles.c.breaking).where(waiting, public_at(at))
        found = self._connection.execute(
            query.order_by(articles.c.published_at, articles.c.id)
        ).all()
        rows = [
            {
                "its_key": row.key,
                "number": number,
                "numbered_breaking": row.breaking,
                "change": self._next_change(),
            }
            for number, row in enumerate(found, self.newest_number() + 1)
        ]
        if rows:
            self._connection.execute(_NUMBER, rows)
        return len(rows)

    # how

    def _next_change(self) -> int:
        """Count a change; the lock keeps everybody else's out until the transaction ends."""
        if self._newest_change is None:
            lock(self._connection, LOCK_NUMBERS)
            newest = self._connection.execute(select(func.max(articles.c.change))).scalar()
            self._newest_change = newest or 0
        self._newest_change += 1
        return self._newest_change

    def _set(self, key: int, **values: Any) -> None:
        changed = {**values, "change": self._next_change()}
        self._connection.execute(update(articles).where(articles.c.key == key).values(changed))

    def _refuse_taken_ids(self, entries: Sequence[NewArticle]) -> None:
        ids = [entry.id for entry in entries]
        taken = self._connection.execute(select(articles.c.id).where(articles.c.id.in_(ids)))
        for (public_id,) in taken:
            raise Refused(f"the id {public_id} is another article's")

    def _refuse_taken_slugs(self, wanted: Mapping[str, int | None]) -> None:
        """Raise Refused when one of the slugs is or was that of another than its article."""
        query = select(addresses.c.slug, addresses.c.article).where(addresses.c.slug.in_(wanted))
        for slug, key in self._connection.execute(query).all():
            if key != wanted[slug]:
                owner = self.by_slug(slug)
                assert owner is not None
                name = f"{owner.title!r} ({owner.path or owner.id})"
                what = f"address {slug}" if slug.startswith("/") else f"slug {slug}"
                raise Refused(f"the {what} belongs to {name}")

    def _keep_old_addresses(self, revised: Mapping[int, Revision]) -> None:
        """Have the old addresses of articles lead to them; raise Refused for another's."""
        kept = {
            storage_key(address): key
            for key, revision in revised.items()
            for address in revision.old_addresses
        }
        if kept:
            self._refuse_taken_slugs(kept)
            rows = [{"slug": name, "article": key} for name, key in kept.items()]
            insert_new(self._connection, addresses, rows)

    def _forget_old_addresses(self, key: int) -> None:
        """Have no old address lead to an article; the slugs that it had do so for ever."""
        its = and_(addresses.c.article == key, addresses.c.slug.startswith("/"))
        self._connection.execute(delete(addresses).where(its))

    def _free_paths(self, paths: Iterable[str | None]) -> None:
        """Take paths from who was filed there before: a file holds one article."""
        rows = [{"its_path": path} for path in paths if path is not None]
        if rows:
            self._connection.execute(_FREE_PATH, rows)

    def _save(self, saved: Sequence["_Saved"], at: datetime) -> None:
        """Save revisions, and the tags that lead to their articles."""
        rows = [
            {"article": key, "number": number, "saved_at": at, **row_of(revision)}
            for key, number, revision, _, _ in saved
        ]
        self._connection.execute(insert(revisions), rows)
        tagged = [
            {"tag": tag, "article": key}
            for key, _, revision, _, _ in saved
            for tag in dict.fromkeys(revision.tags)
        ]
        if tagged:
            self._connection.execute(insert(tags), tagged)

    def _set_in_type(self, saved: Sequence["_Saved"]) -> None:
        rows = []
        for key, _, revision, slug, galley in saved:
            set_in_type = galley or compile_body(revision, slug=slug)
            rows.append(
                {
                    "article": key,
                    "rules": set_in_type.rules,
                    "opening": set_in_type.opening,
                    "body": set_in_type.body,
                }
            )
        self._connection.execute(insert(galleys), rows)


_Saved = tuple[int, int, Revision, str, CompiledBody | None]
"""An article's key, the number of its revision, the revision, its slug, and its body in type."""


def _entered(entry: NewArticle, change: int, at: datetime) -> dict[str, Any]:
    revision = entry.revision
    return {
        "id": entry.id,
        "slug": entry.slug,
        "path": entry.path,
        "source": entry.source,
        "first_seen": at,
        "retracted_at": at if revision.status is Status.RETRACTED else None,
        "revision": 1,
        "change": change,
        **_listed(revision, at),
    }


def _listed(revision: Revision, first_seen: datetime) -> dict[str, Any]:
    """Return the columns of `articles` that repeat what its newest revision says."""
    return {
        "status": revision.status,
        "published_at": revision.date or first_seen,
        "breaking": revision.breaking,
    }
