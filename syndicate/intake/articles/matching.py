"""Decide which stored article a file belongs to, or that it is a new one.

By `id`, else path, else slug of an article whose file is gone, else equal body of one
whose file is gone. As long as one of path, slug and body is unchanged, the id stays.
"""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Self

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles.parallel_parse import default_id
from syndicate.intake.articles.source_file import SourceFile, read_source_file
from syndicate.intake.articles.unique_slugs import (
    ArticleFinder,
    SlugRequests,
    describe_owner,
    describe_taken_slug,
    is_numbered_form,
    numbered_slug,
    story_key,
)
from syndicate.model.articles import Article
from syndicate.model.old_addresses import storage_key
from syndicate.store import ArticleWriter


@dataclass(slots=True)
class TakenIdentities:
    """Slugs, ids and addresses taken by files of this import, which a dry run doesn't store."""

    requests: SlugRequests
    slugs: dict[str, str] = field(default_factory=dict)
    """Slug → path of the file that has it."""
    ids: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    """Old address → path of the file that names it."""

    def add(self, source_file: SourceFile, match: "ArticleMatch") -> None:
        """Record the slug, id and old addresses of an imported file."""
        self.slugs[match.slug] = source_file.path
        self.ids[match.id] = source_file.path
        for address in source_file.revision.old_addresses:
            self.addresses[storage_key(address)] = source_file.path

    def copy(self) -> Self:
        """Return a copy, so that a failed batch can be undone."""
        return type(self)(self.requests, dict(self.slugs), dict(self.ids), dict(self.addresses))


@dataclass(frozen=True, slots=True)
class ArticleMatch:
    """The stored or new article of a file, and the slug that it gets."""

    id: str
    slug: str
    article: Article | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleMatcher:
    """Finds the articles of an import's files, and their slugs."""

    config: Config
    taken: TakenIdentities
    store: Callable[[], ArticleWriter]
    """Returns the store's articles, with all that were imported so far."""

    def match(self, finder: ArticleFinder, source_file: SourceFile) -> ArticleMatch:
        """Find the article of a file; raise Refused where its id or slug is another's."""
        article = self._find(finder, source_file)
        slug = self._slug(finder, source_file, article)
        warnings: tuple[str, ...] = ()
        if slug != source_file.slug and (article is None or slug != article.slug):
            taken = f"{source_file.path}: another story has the slug {source_file.slug}"
            warnings = (f"{taken}; this one gets {slug}",)
        if article is not None:
            return ArticleMatch(article.id, slug, article, warnings)
        public_id = source_file.id or default_id(self.config, slug)
        owner = (finder if slug == source_file.slug else self.store()).by_id(public_id)
        if owner is not None:  # another file has exactly this id
            raise Refused(
                f"{source_file.path}: its id would be {public_id}, "
                f"which is {describe_owner(owner)}'s"
            )
        return ArticleMatch(public_id, slug, None, warnings)

    def refuse_taken_addresses(
        self, finder: ArticleFinder, source_file: SourceFile, match: ArticleMatch
    ) -> None:
        """Refuse a file with an old address that another article has, had, or will have."""
        own_key = None if match.article is None else match.article.key
        for address in source_file.revision.old_addresses:
            stored = storage_key(address)
            owner = finder.by_slug(stored)
            holder = self.taken.addresses.get(stored) or self.taken.slugs.get(stored)
            if owner is not None and owner.key != own_key:
                holder = describe_owner(owner)
            elif holder is None or holder == source_file.path:
                continue
            raise Refused(
                f"{source_file.path}: the old address {address} leads to {holder}; "
                "remove it from one of them"
            )

    def _find(self, finder: ArticleFinder, source_file: SourceFile) -> Article | None:
        if source_file.id is not None:
            return self._find_by_id(finder, source_file, source_file.id)
        article = finder.by_path(source_file.path)
        if article is not None:
            return article
        return next(filter(self._is_orphaned, self._candidates(finder, source_file)), None)

    def _find_by_id(
        self, finder: ArticleFinder, source_file: SourceFile, public_id: str
    ) -> Article | None:
        """Find the article with the id in a file; two files can't be one article."""
        article = finder.by_id(public_id)
        holder = self.taken.ids.get(public_id)
        if holder is None and article is not None and self._file_still_has_id(article):
            holder = article.path
        if holder not in (None, source_file.path):
            raise Refused(f"{source_file.path}: {holder} has the id {public_id} too")
        if article is not None:
            return article
        before = finder.by_path(source_file.path)
        if before is not None:
            raise Refused(
                f"{source_file.path}: the id {public_id} is new, but this file's article keeps "
                f"its id {before.id}; remove the id, or put another story into another file"
            )
        return None

    def _candidates(self, finder: ArticleFinder, source_file: SourceFile) -> Iterator[Article]:
        """Iterate over the articles that the file may be a renamed file of."""
        slug, date = source_file.slug, source_file.revision.date
        owner = finder.by_slug(slug)
        if owner is not None and (owner.date == date or not self.taken.requests.is_contested(slug)):
            yield owner
        yield from reversed(finder.by_source(source_file.source) if source_file.source else [])
        if owner is not None and date is not None:
            store, numbers = self.store(), count(2)
            while (article := store.by_slug(numbered_slug(slug, next(numbers)))) is not None:
                if article.date == date:
                    yield article

    def _is_orphaned(self, article: Article) -> bool:
        """Whether an article's file is gone, and no other file has become that article."""
        gone = article.path is None or not self._file(article.path).exists()
        return gone and article.id not in self.taken.ids

    def _file_still_has_id(self, article: Article) -> bool:
        if article.path is None or not self._file(article.path).is_file():
            return False
        try:
            return read_source_file(self._file(article.path), self.config).id == article.id
        except Refused:
            return False

    def _file(self, path: str) -> Path:
        return self.config.root / path

    def _slug(self, finder: ArticleFinder, source_file: SourceFile, article: Article | None) -> str:
        """Return the slug that a file asks for, or one with a number where another has it.

        Raise Refused for a story with the slug, title and date of another.
        """
        wanted, path = source_file.slug, source_file.path
        owner = finder.by_slug(wanted)
        if owner is not None and article is not None and owner.key == article.key:
            return wanted
        free = owner is None and self.taken.slugs.get(wanted, path) == path
        contested = self.taken.requests.is_contested(wanted)
        if free and not contested:
            return wanted
        assigned = self.taken.requests.assign(wanted, self.store()) if contested else {}
        reserved = {slug for other, slug in assigned.items() if other != path}
        if free and article is not None and wanted not in reserved:
            return wanted
        if article is not None and is_numbered_form(article.slug, wanted):
            return article.slug
        return self._number(source_file, article, assigned.get(path), reserved)

    def _number(
        self,
        source_file: SourceFile,
        article: Article | None,
        assigned: str | None,
        reserved: AbstractSet[str],
    ) -> str:
        """Return the slug with the first free number; refuse the same story twice."""
        wanted, path, story = source_file.slug, source_file.path, story_key(source_file.revision)
        duplicate = (
            self.taken.requests.find_duplicate(path, wanted, story) if assigned is None else None
        )
        if duplicate is not None:
            raise Refused(describe_taken_slug(source_file, duplicate))
        store = self.store()
        for number in count(1):
            slug = numbered_slug(wanted, number)
            owner = store.by_slug(slug)
            if owner is not None and article is not None and owner.key == article.key:
                return slug
            if owner is not None and story_key(owner) == story:
                raise Refused(describe_taken_slug(source_file, describe_owner(owner)))
            if owner is not None or self.taken.slugs.get(slug, path) != path or slug in reserved:
                continue
            if number == 1 or slug == assigned or not self.taken.requests.is_requested(slug):
                return slug
        raise AssertionError  # numbers never end
