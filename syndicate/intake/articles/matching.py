"""Decide which stored article a file belongs to, or that it is a new one, and which slug it gets.

By `id`, else path, else slug of an article whose file is gone, else equal body of one
whose file is gone. As long as one of path, slug and body is unchanged, the id stays.

Of the files that ask for the same slug, the earliest by date gets it, the others get
it with -2, -3 appended. The order in which files are read doesn't matter: all requests
are read before the first article is imported.
"""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Self

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles.article_batch import ArticleBatch, numbered_slug
from syndicate.intake.articles.source_file import SourceFile, read_source_file
from syndicate.model.articles import Article, Revision
from syndicate.model.old_addresses import storage_key

_NUMBER = re.compile(r"\d{1,9}")
_UNDATED = datetime.max.replace(tzinfo=UTC)


class SlugRequests:
    """The slugs that the files of one import ask for, and what each file gets."""

    def __init__(self, slugs: Iterable[str] = (), rivals: Iterable[SourceFile] = ()) -> None:
        """Take all slugs, and the files that may ask for the same one."""
        self.requested = frozenset(slugs)
        self._groups: dict[str, list[SourceFile]] = {}
        # the earliest story comes first, one without a date last
        for file in sorted(rivals, key=lambda file: (file.revision.date or _UNDATED, file.path)):
            self._groups.setdefault(file.slug, []).append(file)
        self._assigned: dict[str, Mapping[str, str]] = {}

    def is_contested(self, slug: str) -> bool:
        """Whether several files ask for a slug."""
        return len(self._groups.get(slug, ())) > 1

    def find_duplicate(self, source_file: SourceFile) -> str | None:
        """Return the first other file that asks for the same slug with the same story."""
        story = _story(source_file.revision)
        others = (
            other.path
            for other in self._groups.get(source_file.slug, ())
            if other.path != source_file.path and _story(other.revision) == story
        )
        return next(others, None)

    def assign(self, slug: str, articles: ArticleBatch) -> Mapping[str, str]:
        """Return path → slug for the new files that ask for a slug.

        Files of stored articles, which keep their slugs, and of stories that another file
        has too are left out.
        """
        if slug not in self._assigned:
            group = self._groups.get(slug, ())
            stored = {
                file.path
                for file in group
                if (file.id and articles.find("id", file.id)) or articles.find("path", file.path)
            }
            stories = {_story(file.revision) for file in group if file.path in stored}
            if (owner := articles.find("slug", slug)) is not None:
                stories.add(_story(owner))
            free = (
                name
                for name, owner in articles.by_numbers(slug)
                if owner is None and (name == slug or name not in self.requested)
            )
            assigned = {}
            for file in group:
                story = _story(file.revision)
                if file.path not in stored and story not in stories:
                    assigned[file.path] = next(free)
                    stories.add(story)
            self._assigned[slug] = assigned
        return self._assigned[slug]


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
    articles: ArticleBatch

    def match(self, source_file: SourceFile) -> ArticleMatch:
        """Find the article of a file; raise Refused where its id or slug is another's."""
        article = self._find(source_file)
        slug = self._slug(source_file, article)
        warnings: tuple[str, ...] = ()
        if slug != source_file.slug and (article is None or slug != article.slug):
            taken = f"{source_file.path}: another story has the slug {source_file.slug}"
            warnings = (f"{taken}; this one gets {slug}",)
        if article is not None:
            return ArticleMatch(article.id, slug, article, warnings)
        public_id = source_file.id or default_id(self.config, slug)
        owner = self.articles.find("id", public_id)
        if owner is not None:  # another file has exactly this id
            raise Refused(
                f"{source_file.path}: its id would be {public_id}, "
                f"which is {_describe_owner(owner)}'s"
            )
        return ArticleMatch(public_id, slug, None, warnings)

    def refuse_taken_addresses(self, source_file: SourceFile, match: ArticleMatch) -> None:
        """Refuse a file with an old address that another article has, had, or will have."""
        own_key = None if match.article is None else match.article.key
        for address in source_file.revision.old_addresses:
            stored = storage_key(address)
            owner = self.articles.find("slug", stored)
            holder = self.taken.addresses.get(stored) or self.taken.slugs.get(stored)
            if owner is not None and owner.key != own_key:
                holder = _describe_owner(owner)
            elif holder is None or holder == source_file.path:
                continue
            raise Refused(
                f"{source_file.path}: the old address {address} leads to {holder}; "
                "remove it from one of them"
            )

    def _find(self, source_file: SourceFile) -> Article | None:
        if source_file.id is not None:
            return self._find_by_id(source_file, source_file.id)
        article = self.articles.find("path", source_file.path)
        if article is not None:
            return article
        orphans = (
            candidate
            for candidate in self._candidates(source_file)
            if candidate.id not in self.taken.ids
            and (candidate.path is None or not self.config.path(candidate.path).exists())
        )
        return next(orphans, None)

    def _find_by_id(self, source_file: SourceFile, public_id: str) -> Article | None:
        """Find the article with the id in a file; two files can't be one article."""
        article = self.articles.find("id", public_id)
        holder = self.taken.ids.get(public_id)
        if holder is None and article is not None and self._file_still_has_id(article):
            holder = article.path
        if holder not in (None, source_file.path):
            raise Refused(f"{source_file.path}: {holder} has the id {public_id} too")
        if article is not None:
            return article
        before = self.articles.find("path", source_file.path)
        if before is not None:
            raise Refused(
                f"{source_file.path}: the id {public_id} is new, but this file's article keeps "
                f"its id {before.id}; remove the id, or put another story into another file"
            )
        return None

    def _candidates(self, source_file: SourceFile) -> Iterator[Article]:
        """Iterate over the articles that the file may be a renamed file of."""
        slug, date = source_file.slug, source_file.revision.date
        owner = self.articles.find("slug", slug)
        if owner is not None and (owner.date == date or not self.taken.requests.is_contested(slug)):
            yield owner
        if source_file.source:
            yield from reversed(self.articles.find_all("source", source_file.source))
        if owner is not None and date is not None:
            for _, article in islice(self.articles.by_numbers(slug), 1, None):
                if article is None:
                    return
                if article.date == date:
                    yield article

    def _file_still_has_id(self, article: Article) -> bool:
        file = self.config.path(article.path or "")  # of an article without one: the folder
        with suppress(Refused):
            return file.is_file() and read_source_file(file, self.config).id == article.id
        return False

    def _slug(self, source_file: SourceFile, article: Article | None) -> str:
        """Return the slug that a file asks for, or one with a number where another has it.

        Raise Refused for a story with the slug, title and date of another.
        """
        wanted, path = source_file.slug, source_file.path
        owner = self.articles.find("slug", wanted)
        if owner is not None and article is not None and owner.key == article.key:
            return wanted
        free = owner is None and self.taken.slugs.get(wanted, path) == path
        contested = self.taken.requests.is_contested(wanted)
        if free and not contested:
            return wanted
        assigned = self.taken.requests.assign(wanted, self.articles) if contested else {}
        reserved = {slug for other, slug in assigned.items() if other != path}
        if free and article is not None and wanted not in reserved:
            return wanted
        if article is not None and _is_numbered_form(article.slug, wanted):
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
        path, story = source_file.path, _story(source_file.revision)
        requests = self.taken.requests
        duplicate = requests.find_duplicate(source_file) if assigned is None else None
        if duplicate is not None:
            raise Refused(_describe_taken_slug(source_file, duplicate))
        for slug, owner in self.articles.by_numbers(source_file.slug):
            if owner is not None and article is not None and owner.key == article.key:
                return slug
            if owner is not None and _story(owner) == story:
                raise Refused(_describe_taken_slug(source_file, _describe_owner(owner)))
            if owner is not None or self.taken.slugs.get(slug, path) != path or slug in reserved:
                continue
            if slug in (source_file.slug, assigned) or slug not in requests.requested:
                return slug
        raise AssertionError  # numbers never end


def default_id(config: Config, slug: str) -> str:
    """Return the public id of a new article whose file names none."""
    return f"urn:uuid:{uuid.uuid5(config.publication.id, slug)}"


def _story(story: Article | Revision) -> tuple[datetime | None, str]:
    """Return what distinguishes a story from others with the same slug."""
    return story.date, story.title


def _describe_owner(article: Article) -> str:
    """Return the path of an article's file, else its title."""
    return article.path or f"“{article.title}”"


def _is_numbered_form(slug: str, wanted: str) -> bool:
    """Whether a slug is another one with a number appended."""
    digits = slug.rpartition("-")[2]
    return bool(_NUMBER.fullmatch(digits)) and slug == numbered_slug(wanted, int(digits))


def _describe_taken_slug(source_file: SourceFile, holder: str) -> str:
    """Return why a story with the slug, title and date of another is refused."""
    return (
        f"{source_file.path}: the slug {source_file.slug} is or was that of {holder}, with the "
        "same title and date; give one of them another slug or date, or delete it"
    )
