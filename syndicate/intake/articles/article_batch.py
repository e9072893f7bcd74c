"""The stored articles that the files of one batch may belong to."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import Literal

from syndicate.intake.articles.slugify import MAX_LENGTH
from syndicate.model.articles import Article
from syndicate.model.old_addresses import storage_key
from syndicate.store import ArticleWriter, NewArticle

_NUMBERS_AT_ONCE = 100
_Name = tuple[str, str]
"""`id`, `path`, `slug` or `source`, and its value."""


class ArticleBatch:
    """Articles to be read and changed, in one transaction.

    Those with the given values of `id`, `path`, `slug` and `source` are looked up at once; what
    the batch changed is looked up again. New articles are stored together: before anything is
    looked up again, and at the end by `save_new`.
    """

    def __init__(
        self, articles: ArticleWriter, at: datetime, names: Mapping[str, Collection[str]]
    ) -> None:
        self._articles = articles
        self._at = at
        self._new: list[NewArticle] = []
        self._known = self._look_up(names)
        self._changed_names: set[str] = set()
        """Ids, paths, slugs and source hashes that an article got after the look-up."""
        self._changed_keys: set[int] = set()
        """Articles that changed after the look-up."""

    def find(self, kind: Literal["id", "path", "slug"], name: str) -> Article | None:
        """Find an article by id, path, or a slug or old address that it has or ever had."""
        return next(iter(self.find_all(kind, name)), None)

    def find_all(self, kind: str, name: str) -> list[Article]:
        """Find articles, also by the `source` hash of their file's body; oldest first."""
        known = None if name in self._changed_names else self._known.get((kind, name))
        if known is not None and self._changed_keys.isdisjoint(article.key for article in known):
            return known
        self.save_new()
        return self._look_up({kind: [name]})[kind, name]

    def by_numbers(self, slug: str) -> Iterator[tuple[str, Article | None]]:
        """Iterate over a slug and the same with 2, 3, … appended, each with its article."""
        for first in count(1, _NUMBERS_AT_ONCE):
            slugs = [numbered_slug(slug, first + number) for number in range(_NUMBERS_AT_ONCE)]
            self.save_new()
            owners = self._look_up({"slug": slugs})
            yield from ((name, next(iter(owners["slug", name]), None)) for name in slugs)

    def add(self, new: NewArticle) -> None:
        """Add an article."""
        self._mark_changed(new)
        self._new.append(new)

    def revise(self, article: Article, new: NewArticle) -> Article:
        """Update an article to what its file says now, and return it."""
        revised = self._articles.revise(article, new, self._at)
        if revised is not article:
            self._mark_changed(new)
            self._changed_keys.add(article.key)
        return revised

    def save_new(self) -> None:
        """Store the new articles."""
        self._articles.add_all(self._new, self._at)
        self._new.clear()

    def _look_up(self, names: Mapping[str, Collection[str]]) -> Mapping[_Name, list[Article]]:
        found = {(kind, name): list[Article]() for kind in names for name in names[kind]}
        articles = {article.key: article for article in self._articles.find_many(names)}
        for article in articles.values():
            for kind in ("id", "path", "source"):
                if (key := (kind, getattr(article, kind))) in found:
                    found[key].append(article)
        for slug, owner in self._articles.slug_owners(names.get("slug", ())).items():
            found["slug", slug].append(articles[owner])
        return found

    def _mark_changed(self, new: NewArticle) -> None:
        """Record what is out of date in the look-up; a file's earlier article loses its path."""
        old_addresses = map(storage_key, new.revision.old_addresses)
        self._changed_names |= {new.id, new.slug, new.source, *old_addresses}
        if new.path is not None:
            self._changed_names.add(new.path)
            before = self._known.get(("path", new.path), ())
            self._changed_keys |= {article.key for article in before}


def numbered_slug(slug: str, number: int) -> str:
    """Return a slug with a number appended, unless it is 1; cut to `MAX_LENGTH`."""
    suffix = "" if number == 1 else f"-{number}"
    return f"{slug[: MAX_LENGTH - len(suffix)]}{suffix}"
