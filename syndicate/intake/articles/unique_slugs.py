"""Stories of one name: which files of an import ask for the same slug, and who gets it.

The earliest by date gets the slug, the others get it with -2, -3 behind it. So the
order in which files are read doesn't matter; for that, all names are read before
the first article is filed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path, PurePath

from syndicate.config import Config
from syndicate.intake.articles.fields import SLUG_KEYS
from syndicate.intake.articles.slugify import MAX_LENGTH, article_name, slugify, split_dated_name
from syndicate.intake.articles.source_file import (
    SourceFile,
    path_in_intake,
    read_source_file,
    stored_path,
)
from syndicate.model.articles import Article, Revision
from syndicate.store import ArticleWriter

_SEARCHED_BYTES = 65_536
"""Bytes of a file in which a key that names the slug is looked for."""
_SLUG_KEY = re.compile(
    rf"""(?im)\A(?:\xef\xbb\xbf)?\{{|^[ \t"']*+(?:{"|".join(SLUG_KEYS)})["' \t]*+[:=]""".encode()
)
"""JSON, which may be one line, or a line with such a key."""
_LAST = datetime.max.replace(tzinfo=UTC)
StoryKey = tuple[datetime | None, str]
"""What tells two stories apart: date and title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlugClaim:
    """A file that asks for a slug."""

    path: str
    slug: str
    story: StoryKey
    id: str | None

    @property
    def rank(self) -> tuple[datetime, str]:
        """The earliest story comes first; one without a date is of today."""
        return self.story[0] or _LAST, self.path


class SlugClaims:
    """The slugs that the files of one import ask for, and what each file gets."""

    def __init__(self, asked: Iterable[str] = (), claims: Iterable[SlugClaim] = ()) -> None:
        self._asked = frozenset(asked)
        self._groups: dict[str, list[SlugClaim]] = {}
        for claim in sorted(claims, key=lambda claim: claim.rank):
            self._groups.setdefault(claim.slug, []).append(claim)
        self._shares: dict[str, Mapping[str, str]] = {}

    def is_contested(self, slug: str) -> bool:
        """Whether several files ask for a slug."""
        return len(self._groups.get(slug, ())) > 1

    def twin(self, path: str, slug: str, story: StoryKey) -> str | None:
        """Return the first other file that asks for the same slug with the same story."""
        paths = (claim.path for claim in self._groups.get(slug, ()) if claim.story == story)
        return next((other for other in paths if other != path), None)

    def share(self, slug: str, store: ArticleWriter) -> Mapping[str, str]:
        """Return the slug of each new file that asks for this one; those in the store keep theirs.

        A file with the same story as another is left out.
        """
        if slug not in self._shares:
            group = self._groups.get(slug, ())
            known = {claim.path for claim in group if _is_stored(claim, store)}
            stories = {claim.story for claim in group if claim.path in known}
            if (owner := store.by_slug(slug)) is not None:
                stories.add(story_key(owner))
            free, shares = self._free(slug, store), {}
            for claim in group:
                if claim.path not in known and claim.story not in stories:
                    shares[claim.path] = next(free)
                    stories.add(claim.story)
            self._shares[slug] = shares
        return self._shares[slug]

    def _free(self, slug: str, store: ArticleWriter) -> Iterator[str]:
        """Iterate over a slug and its numbered forms that nobody has or asks for."""
        for number in count(1):
            name = numbered_slug(slug, number)
            if store.by_slug(name) is None and (number == 1 or name not in self._asked):
                yield name

    def asks_for(self, slug: str) -> bool:
        """Whether any file asks for a slug."""
        return slug in self._asked


def story_key(given: Article | Revision) -> StoryKey:
    """Return what tells a story from others of its name."""
    return given.date, given.title


def numbered_slug(slug: str, number: int) -> str:
    """Return a slug with a number behind it; the first has none."""
    mark = "" if number == 1 else f"-{number}"
    return f"{slug[: MAX_LENGTH - len(mark)]}{mark}"


def is_numbered_form(slug: str, wanted: str) -> bool:
    """Whether a slug is another with a number behind it."""
    digits = slug.rpartition("-")[2]
    return digits.isdecimal() and len(digits) < 10 and slug == numbered_slug(wanted, int(digits))  # noqa: PLR2004


def _is_stored(claim: SlugClaim, store: ArticleWriter) -> bool:
    by_id = store.by_id(claim.id) if claim.id else None
    return by_id is not None or store.by_path(claim.path) is not None


def read_requested_slugs(files: Sequence[Path], config: Config) -> list[str]:
    """Return the slug that each file asks for; empty where it can't be read."""
    return [_requested_slug(file, config) for file in files]


def read_slug_claims(files: Sequence[Path], config: Config) -> list[SlugClaim]:
    """Read files that may ask for the same slug."""
    claims = []
    for file in files:
        if (manuscript := _try_read(file, config)) is not None:
            claim = SlugClaim(
                path=manuscript.path,
                slug=manuscript.slug,
                story=story_key(manuscript.revision),
                id=manuscript.id,
            )
            claims.append(claim)
    return claims


def find_contested(files: Sequence[Path], slugs: Iterable[str]) -> list[Path]:
    """Return the files that ask for a slug which another of them asks for too."""
    slugs = list(slugs)
    seen: dict[str, int] = {}
    for slug in slugs:
        seen[slug] = seen.get(slug, 0) + 1
    return [file for file, slug in zip(files, slugs, strict=True) if slug and seen[slug] > 1]


def _requested_slug(file: Path, config: Config) -> str:
    """Return the slug that a file asks for; most are named by their file, and not read."""
    try:
        with file.open("rb", buffering=0) as opened:
            beginning = opened.read(_SEARCHED_BYTES)
    except OSError:
        return ""
    if _SLUG_KEY.search(beginning):
        manuscript = _try_read(file, config)
        return "" if manuscript is None else manuscript.slug
    path = path_in_intake(PurePath(stored_path(file, config)), config)
    with suppress(UnicodeEncodeError):  # a name that isn't UTF-8, which is refused later
        return slugify(split_dated_name(article_name(path))[1])
    return ""


def _try_read(file: Path, config: Config) -> SourceFile | None:
    """Read a file; None where that fails, which is reported when it is filed."""
    with suppress(Exception):
        return read_source_file(file, config)
    return None
