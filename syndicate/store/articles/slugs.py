"""Slugs and old addresses: each belongs to one article, and leads to its address of today.

An old address is a path, which begins with a slash; it is kept as `storage_key` writes it.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import and_, delete, insert, select

from syndicate.errors import Refused
from syndicate.model.articles import Revision
from syndicate.model.old_addresses import storage_key
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import addresses, articles, revisions
from syndicate.store.database.sql_engine import insert_new


class Slugs(Repository):
    """Which article each slug and old address belongs to."""

    def owners(self, slugs: Iterable[str]) -> dict[str, int]:
        """Return the articles that slugs belong to, by key; free ones are left out."""
        query = select(addresses.c.slug, addresses.c.article).where(addresses.c.slug.in_(slugs))
        return {slug: key for slug, key in self._execute(query)}  # noqa: C416 - rows are not pairs

    def refuse_taken(self, wanted: Mapping[str, int | None]) -> None:
        """Raise Refused where a slug is or was that of another article than the one given."""
        for slug, key in self.owners(wanted).items():
            if key != wanted[slug]:
                newest = and_(
                    revisions.c.article == articles.c.key, revisions.c.number == articles.c.revision
                )
                query = select(revisions.c.title, articles.c.path, articles.c.id)
                query = query.select_from(articles.join(revisions, newest))
                owner = self._execute(query.where(articles.c.key == key)).one()
                name = f"address {slug}" if slug.startswith("/") else f"slug {slug}"
                raise Refused(f"the {name} belongs to {owner.title!r} ({owner.path or owner.id})")

    def add(self, owners: Mapping[str, int]) -> None:
        """Give free slugs to articles."""
        rows = [{"slug": slug, "article": key} for slug, key in owners.items()]
        self._execute(insert(addresses), rows)

    def add_again(self, slug: str, key: int) -> None:
        """Give an article a slug that is free, or that it had before."""
        insert_new(self._connection, addresses, {"slug": slug, "article": key})

    def add_old_addresses(self, revised: Mapping[int, Revision]) -> None:
        """Make old addresses lead to their articles; raise Refused for another's."""
        old_slugs = {
            storage_key(address): key
            for key, revision in revised.items()
            for address in revision.old_addresses
        }
        if old_slugs:
            self.refuse_taken(old_slugs)
            rows = [{"slug": name, "article": key} for name, key in old_slugs.items()]
            insert_new(self._connection, addresses, rows)

    def delete_old_addresses(self, key: int) -> None:
        """Delete an article's old addresses; its former slugs stay."""
        old = and_(addresses.c.article == key, addresses.c.slug.startswith("/"))
        self._execute(delete(addresses).where(old))
