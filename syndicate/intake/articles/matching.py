"""Which article a file is: the question that an article's identity hangs on.

By `id`, else path, else slug of an article whose file is gone, else equal body
of one whose file is gone. Whichever of path, slug and body stays, the id stays;
a file in which all three are new is a new article (design, decision 11).
"""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Self

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles import source_file as manuscripts
from syndicate.intake.articles.parallel_parse import default_id
from syndicate.intake.articles.source_file import SourceFile
from syndicate.intake.articles.unique_slugs import (
    SlugClaims,
    is_numbered_form,
    numbered_slug,
    story_key,
)
from syndicate.model.articles import Article
from syndicate.model.old_addresses import storage_key
from syndicate.store import ArticleLookup, ArticleWriter

ArticleFinder = ArticleLookup | ArticleWriter
"""Whom to ask for articles: what was looked up for many files at once, or the store itself."""


@dataclass(slots=True)
class TakenIdentities:
    """What files of this import have taken already; a dry run has nothing else to go by."""

    claims: SlugClaims
    slugs: dict[str, str] = field(default_factory=dict)
    """Slug → path of the file that has it."""
    ids: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    """Old address → path of the file that names it."""

    def take(self, manuscript: SourceFile, match: "ArticleMatch") -> None:
        """Remember what a file has become."""
        self.slugs[match.slug] = manuscript.path
        self.ids[match.id] = manuscript.path
        for address in manuscript.revision.old_addresses:
            self.addresses[storage_key(address)] = manuscript.path

    def copy(self) -> Self:
        """Return the same, to go on from and to fall back behind."""
        return type(self)(self.claims, dict(self.slugs), dict(self.ids), dict(self.addresses))


@dataclass(frozen=True, slots=True)
class ArticleMatch:
    """The article that a file is: one of the store's, or a new one; and the slug that it gets."""

    id: str
    slug: str
    article: Article | None = None
    warning: str = ""

    def named(self, manuscript: SourceFile) -> SourceFile:
        """Return a manuscript with the slug that it gets."""
        warnings = (*manuscript.warnings, *filter(None, (self.warning,)))
        return replace(manuscript, slug=self.slug, warnings=warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleMatcher:
    """Finds the articles that the files of an import are, and their slugs."""

    config: Config
    taken: TakenIdentities
    store: Callable[[], ArticleWriter]
    """Returns the store, with everything in it that was filed so far."""

    def match(self, door: ArticleFinder, manuscript: SourceFile) -> ArticleMatch:
        """Find the article of a file; raise Refused when it can be none."""
        article = self._known(door, manuscript)
        slug = self._slug(door, manuscript, article)
        warning = ""
        if slug != manuscript.slug and (article is None or slug != article.slug):
            warning = f"{manuscript.path}: another story has the slug {manuscript.slug}; "
            warning += f"this one gets {slug}"
        if article is not None:
            return ArticleMatch(article.id, slug, article, warning)
        public_id = manuscript.id or default_id(self.config, slug)
        other = (door if slug == manuscript.slug else self.store()).by_id(public_id)
        if other is not None:  # somebody wrote this very id into another file
            raise Refused(
                f"{manuscript.path}: its id would be {public_id}, which is {_name(other)}'s"
            )
        return ArticleMatch(public_id, slug, None, warning)

    def refuse_taken_addresses(
        self, door: ArticleFinder, manuscript: SourceFile, match: ArticleMatch
    ) -> None:
        """Refuse a file that says it was where another article is, was, or will be."""
        its_key = None if match.article is None else match.article.key
        for address in manuscript.revision.old_addresses:
            kept = storage_key(address)
            owner = door.by_slug(kept)
            holder = self.taken.addresses.get(kept) or self.taken.slugs.get(kept)
            if owner is not None and owner.key != its_key:
                holder = _name(owner)
            elif holder is None or holder == manuscript.path:
                continue
            raise Refused(
                f"{manuscript.path}: the old address {address} leads to {holder}; "
                "take it out of one of them"
            )

    def _known(self, door: ArticleFinder, manuscript: SourceFile) -> Article | None:
        if manuscript.id is not None:
            return _by_id(door, manuscript, manuscript.id, self.config, self.taken)
        article = door.by_path(manuscript.path)
        if article is not None:
            return article
        return next(filter(self._is_gone, self._alike(door, manuscript)), None)

    def _alike(self, door: ArticleFinder, manuscript: SourceFile) -> Iterator[Article]:
        """Iterate over the articles that a file is if theirs is gone."""
        slug, date = manuscript.slug, manuscript.revision.date
        owner = door.by_slug(slug)
        if owner is not None and (owner.date == date or not self.taken.claims.is_contested(slug)):
            yield owner
        yield from reversed(door.by_source(manuscript.source) if manuscript.source else [])
        if owner is not None and date is not None:
            store, number = self.store(), 2
            while (another := store.by_slug(numbered_slug(slug, number))) is not None:
                if another.date == date:
                    yield another
                number += 1

    def _is_gone(self, article: Article) -> bool:
        """Whether an article's file is gone, and no other file has become that article."""
        gone = article.path is None or not _file(article.path, self.config).exists()
        return gone and article.id not in self.taken.ids

    def _slug(self, door: ArticleFinder, manuscript: SourceFile, article: Article | None) -> str:
        """Return the slug that a file asks for, or one with a number where another has it."""
        wanted, path = manuscript.slug, manuscript.path
        owner = door.by_slug(wanted)
        if owner is not None and article is not None and owner.key == article.key:
            return wanted
        free = owner is None and self.taken.slugs.get(wanted, path) == path
        contested = self.taken.claims.is_contested(wanted)
        if free and not contested:
            return wanted
        shares = self.taken.claims.share(wanted, self.store()) if contested else {}
        promised = {slug for other, slug in shares.items() if other != path}
        if free and article is not None and wanted not in promised:
            return wanted
        if article is not None and is_numbered_form(article.slug, wanted):
            return article.slug
        return self._numbered(manuscript, article, shares.get(path), promised)

    def _numbered(
        self,
        manuscript: SourceFile,
        article: Article | None,
        share: str | None,
        promised: AbstractSet[str],
    ) -> str:
        """Return the slug with the first number that is free; refuse the same story twice."""
        wanted, path, story = manuscript.slug, manuscript.path, story_key(manuscript.revision)
        twin = self.taken.claims.twin(path, wanted, story) if share is None else None
        if twin is not None:
            raise Refused(_slug_taken(manuscript, twin))
        store = self.store()
        for number in count(1):
            slug = numbered_slug(wanted, number)
            owner = store.by_slug(slug)
            if owner is not None and article is not None and owner.key == article.key:
                return slug
            if owner is not None and story_key(owner) == story:
                raise Refused(_slug_taken(manuscript, _name(owner)))
            if owner is not None or self.taken.slugs.get(slug, path) != path or slug in promised:
                continue
            if number == 1 or slug == share or not self.taken.claims.asks_for(slug):
                return slug
        raise AssertionError  # numbers never end


def _by_id(
    door: ArticleFinder,
    manuscript: SourceFile,
    public_id: str,
    config: Config,
    taken: TakenIdentities,
) -> Article | None:
    """Find the article that a file names itself; two files can't be one article."""
    article = door.by_id(public_id)
    holder = taken.ids.get(public_id)
    if holder is None and article is not None and _file_still_has_id(article, config):
        holder = article.path
    if holder not in (None, manuscript.path):
        raise Refused(f"{manuscript.path}: the id {public_id} is that of {holder} too")
    if article is not None:
        return article
    before = door.by_path(manuscript.path)
    if before is not None:
        raise Refused(
            f"{manuscript.path}: the id {public_id} is new, and this file's article has "
            f"{before.id}, which stays; take the id out, or file another story in another file"
        )
    return None


def _file_still_has_id(article: Article, config: Config) -> bool:
    """Whether the file that an article came from is there and still names its id."""
    if article.path is None or not _file(article.path, config).is_file():
        return False
    try:
        return manuscripts.read_source_file(_file(article.path, config), config).id == article.id
    except Refused:
        return False


def _slug_taken(manuscript: SourceFile, holder: str) -> str:
    return (
        f"{manuscript.path}: the slug {manuscript.slug} is or was that of {holder}, with the same "
        "title and date; give one of them another slug or date, or delete it"
    )


def _name(article: Article) -> str:
    return article.path or f"“{article.title}”"


def _file(path: str, config: Config) -> Path:
    return config.root / path
