"""Decide which slug each article gets, so that no two have the same.

Of the files that ask for the same slug, the earliest by date gets it, the others get
it with -2, -3 appended. The order in which files are read doesn't matter: all requests
are read before the first article is imported.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path, PurePath

from syndicate.config import Config
from syndicate.intake.articles.article_fields import SLUG_KEYS
from syndicate.intake.articles.slugify import MAX_LENGTH, article_name, slugify, split_dated_name
from syndicate.intake.articles.source_file import (
    SourceFile,
    path_in_intake,
    read_source_file,
    stored_path,
)
from syndicate.model.articles import Article, Revision
from syndicate.store import ArticleLookup, ArticleWriter

_SEARCHED_BYTES = 65_536
"""Bytes of a file that are searched for a key with the slug."""
_SLUG_KEY = re.compile(
    rf"""(?im)\A(?:\xef\xbb\xbf)?\{{|^[ \t"']*+(?:{"|".join(SLUG_KEYS)})["' \t]*+[:=]""".encode()
)
"""JSON, which may be one line, or a line with such a key."""
_NUMBER = re.compile(r"\d{1,9}")
_UNDATED = datetime.max.replace(tzinfo=UTC)
StoryKey = tuple[datetime | None, str]
"""Date and title, by which two stories differ."""
ArticleFinder = ArticleLookup | ArticleWriter
"""Finds articles: in the look-up for many files at once, or in the store itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlugRequest:
    """A file that asks for a slug."""

    path: str
    slug: str
    story: StoryKey
    id: str | None


class SlugRequests:
    """The slugs that the files of one import ask for, and what each file gets."""

    def __init__(self, slugs: Iterable[str] = (), requests: Iterable[SlugRequest] = ()) -> None:
        self._requested = frozenset(slugs)
        self._groups: dict[str, list[SlugRequest]] = {}
        # the earliest story comes first, one without a date last
        for request in sorted(requests, key=lambda item: (item.story[0] or _UNDATED, item.path)):
            self._groups.setdefault(request.slug, []).append(request)
        self._assigned: dict[str, Mapping[str, str]] = {}

    def is_requested(self, slug: str) -> bool:
        """Whether any file asks for a slug."""
        return slug in self._requested

    def is_contested(self, slug: str) -> bool:
        """Whether several files ask for a slug."""
        return len(self._groups.get(slug, ())) > 1

    def find_duplicate(self, path: str, slug: str, story: StoryKey) -> str | None:
        """Return the first other file that asks for the same slug with the same story."""
        paths = (request.path for request in self._groups.get(slug, ()) if request.story == story)
        return next((other for other in paths if other != path), None)

    def assign(self, slug: str, store: ArticleWriter) -> Mapping[str, str]:
        """Return path → slug for the new files that ask for a slug.

        Files of stored articles, which keep their slugs, and of stories that another file
        has too are left out.
        """
        if slug not in self._assigned:
            group = self._groups.get(slug, ())
            stored = {
                request.path
                for request in group
                if (request.id and store.by_id(request.id)) or store.by_path(request.path)
            }
            stories = {request.story for request in group if request.path in stored}
            if (owner := store.by_slug(slug)) is not None:
                stories.add(story_key(owner))
            free = (
                name
                for number in count(1)
                if store.by_slug(name := numbered_slug(slug, number)) is None
                and (number == 1 or name not in self._requested)
            )
            assigned = {}
            for request in group:
                if request.path not in stored and request.story not in stories:
                    assigned[request.path] = next(free)
                    stories.add(request.story)
            self._assigned[slug] = assigned
        return self._assigned[slug]


def story_key(story: Article | Revision) -> StoryKey:
    """Return what distinguishes a story from others with the same slug."""
    return story.date, story.title


def describe_owner(article: Article) -> str:
    """Return the path of an article's file, else its title."""
    return article.path or f"“{article.title}”"


def numbered_slug(slug: str, number: int) -> str:
    """Return a slug with a number appended, unless it is 1; cut to `MAX_LENGTH`."""
    suffix = "" if number == 1 else f"-{number}"
    return f"{slug[: MAX_LENGTH - len(suffix)]}{suffix}"


def is_numbered_form(slug: str, wanted: str) -> bool:
    """Whether a slug is another one with a number appended."""
    digits = slug.rpartition("-")[2]
    return bool(_NUMBER.fullmatch(digits)) and slug == numbered_slug(wanted, int(digits))


def read_slug_requests(files: Sequence[Path], config: Config) -> list[SlugRequest]:
    """Read the requests of files that may ask for the same slug."""
    return [
        SlugRequest(
            path=source_file.path,
            slug=source_file.slug,
            story=story_key(source_file.revision),
            id=source_file.id,
        )
        for file in files
        if (source_file := _try_read(file, config)) is not None
    ]


def requested_slug(file: Path, config: Config) -> str:
    """Return the slug that a file asks for; mostly it is in the file's name."""
    try:
        with file.open("rb", buffering=0) as opened:
            beginning = opened.read(_SEARCHED_BYTES)
    except OSError:
        return ""
    if _SLUG_KEY.search(beginning):
        source_file = _try_read(file, config)
        return "" if source_file is None else source_file.slug
    path = path_in_intake(PurePath(stored_path(file, config)), config)
    with suppress(UnicodeEncodeError):  # a name that isn't UTF-8, which is refused later
        return slugify(split_dated_name(article_name(path))[1])
    return ""


def _try_read(file: Path, config: Config) -> SourceFile | None:
    """Read a file; None where that fails, which is reported when it is imported."""
    with suppress(Exception):
        return read_source_file(file, config)
    return None


def describe_taken_slug(source_file: SourceFile, holder: str) -> str:
    """Return why a story with the slug, title and date of another is refused."""
    return (
        f"{source_file.path}: the slug {source_file.slug} is or was that of {holder}, with the "
        "same title and date; give one of them another slug or date, or delete it"
    )
