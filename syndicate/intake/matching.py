"""Which article a file is: the question that an article's identity hangs on.

By `id`, else path, else slug of an article whose file is gone, else equal body
of one whose file is gone. Whichever of path, slug and body stays, the id stays;
a file in which all three are new is a new article (design, decision 11).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake import manuscript as manuscripts
from syndicate.intake.composing import new_id
from syndicate.intake.manuscript import Manuscript
from syndicate.model.articles import Article
from syndicate.store import Filing, Known

Door = Known | Filing
"""Whom to ask for articles: what was looked up for many files at once, or the store itself."""


@dataclass(slots=True)
class Taken:
    """What files of this run have taken already; a dry run has nothing else to go by."""

    slugs: dict[str, str] = field(default_factory=dict)
    """Slug → path of the file that has it."""
    ids: dict[str, str] = field(default_factory=dict)

    def take(self, manuscript: Manuscript, match: "Match") -> None:
        """Remember what a file has become."""
        self.slugs[manuscript.slug] = manuscript.path
        self.ids[match.id] = manuscript.path

    def copy(self) -> Self:
        """Return the same, to go on from and to fall back behind."""
        return type(self)(dict(self.slugs), dict(self.ids))


@dataclass(frozen=True, slots=True)
class Match:
    """The article that a file is: one of the store's, or a new one."""

    id: str
    article: Article | None = None


def match(door: Door, manuscript: Manuscript, config: Config, taken: Taken) -> Match:
    """Find the article of a file; raise Refused when it can be none."""
    article = _known(door, manuscript, config, taken)
    _refuse_taken_slug(door, manuscript, article, taken)
    if article is not None:
        return Match(article.id, article)
    public_id = manuscript.id or new_id(config, manuscript.slug)
    other = door.by_id(public_id)
    if other is not None:  # somebody wrote this very id into another file
        raise Refused(f"{manuscript.path}: its id would be {public_id}, which is {_name(other)}'s")
    return Match(public_id)


def _known(door: Door, manuscript: Manuscript, config: Config, taken: Taken) -> Article | None:
    if manuscript.id is not None:
        return _by_id(door, manuscript, manuscript.id, config, taken)
    article = door.by_path(manuscript.path)
    if article is not None:
        return article
    return _whose_file_is_gone(door, manuscript, config, taken)


def _by_id(
    door: Door, manuscript: Manuscript, public_id: str, config: Config, taken: Taken
) -> Article | None:
    """Find the article that a file names itself; two files can't be one article."""
    article = door.by_id(public_id)
    holder = taken.ids.get(public_id)
    if holder is None and article is not None and _still_holds(article, config):
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


def _still_holds(article: Article, config: Config) -> bool:
    """Whether the file that an article came from is there and still names its id."""
    if article.path is None or not _file(article.path, config).is_file():
        return False
    try:
        return manuscripts.read(_file(article.path, config), config).id == article.id
    except Refused:
        return False


def _whose_file_is_gone(
    door: Door, manuscript: Manuscript, config: Config, taken: Taken
) -> Article | None:
    by_slug = door.by_slug(manuscript.slug)
    by_body = door.by_source(manuscript.source) if manuscript.source else []
    for article in (*([by_slug] if by_slug else []), *reversed(by_body)):
        gone = article.path is None or not _file(article.path, config).exists()
        if gone and article.id not in taken.ids:
            return article
    return None


def _refuse_taken_slug(
    door: Door, manuscript: Manuscript, article: Article | None, taken: Taken
) -> None:
    """Refuse a slug that another article has or ever had, and name both."""
    slug, key = manuscript.slug, None if article is None else article.key
    owner = door.by_slug(slug)
    holder = _name(owner) if owner is not None and owner.key != key else None
    if holder is None and taken.slugs.get(slug, manuscript.path) != manuscript.path:
        holder = taken.slugs[slug]
    if holder is not None:
        raise Refused(
            f"{manuscript.path}: the slug {slug} is or was that of {holder}; give it another"
        )


def _name(article: Article) -> str:
    return article.path or f"“{article.title}”"


def _file(path: str, config: Config) -> Path:
    return config.root / path
