"""Which article a file is: the question that an article's identity hangs on.

By `id`, else path, else slug of an article whose file is gone, else equal body
of one whose file is gone. Whichever of path, slug and body stays, the id stays;
a file in which all three are new is a new article (design, decision 11).
"""

import uuid
from dataclasses import dataclass, field
from pathlib import Path

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake import manuscript as manuscripts
from syndicate.intake.manuscript import Manuscript
from syndicate.model.articles import Article
from syndicate.store import Transaction


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


@dataclass(frozen=True, slots=True)
class Match:
    """The article that a file is: one of the store's, or a new one."""

    id: str
    article: Article | None = None


def match(tx: Transaction, manuscript: Manuscript, config: Config, taken: Taken) -> Match:
    """Find the article of a file; raise Refused when it can be none."""
    article = _known(tx, manuscript, config, taken)
    _refuse_taken_slug(tx, manuscript, article, taken)
    if article is not None:
        return Match(article.id, article)
    public_id = manuscript.id or _new_id(config, manuscript.slug)
    other = tx.articles.by_id(public_id)
    if other is not None:  # somebody wrote this very id into another file
        raise Refused(f"{manuscript.path}: its id would be {public_id}, which is {_name(other)}'s")
    return Match(public_id)


def _known(tx: Transaction, manuscript: Manuscript, config: Config, taken: Taken) -> Article | None:
    if manuscript.id is not None:
        return _by_id(tx, manuscript, manuscript.id, config, taken)
    article = tx.articles.by_path(manuscript.path)
    if article is not None:
        return article
    return _whose_file_is_gone(tx, manuscript, config, taken)


def _by_id(
    tx: Transaction, manuscript: Manuscript, public_id: str, config: Config, taken: Taken
) -> Article | None:
    """Find the article that a file names itself; two files can't be one article."""
    article = tx.articles.by_id(public_id)
    holder = taken.ids.get(public_id)
    if holder is None and article is not None and _still_holds(article, config):
        holder = article.path
    if holder not in (None, manuscript.path):
        raise Refused(f"{manuscript.path}: the id {public_id} is that of {holder} too")
    if article is not None:
        return article
    before = tx.articles.by_path(manuscript.path)
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
    tx: Transaction, manuscript: Manuscript, config: Config, taken: Taken
) -> Article | None:
    by_slug = tx.articles.by_slug(manuscript.slug)
    by_body = tx.articles.by_source(manuscript.source) if manuscript.source else []
    for article in (*([by_slug] if by_slug else []), *reversed(by_body)):
        gone = article.path is None or not _file(article.path, config).exists()
        if gone and article.id not in taken.ids:
            return article
    return None


def _refuse_taken_slug(
    tx: Transaction, manuscript: Manuscript, article: Article | None, taken: Taken
) -> None:
    """Refuse a slug that another article has or ever had, and name both."""
    slug, key = manuscript.slug, None if article is None else article.key
    owner = tx.articles.by_slug(slug)
    holder = _name(owner) if owner is not None and owner.key != key else None
    if holder is None and taken.slugs.get(slug, manuscript.path) != manuscript.path:
        holder = taken.slugs[slug]
    if holder is not None:
        raise Refused(
            f"{manuscript.path}: the slug {slug} is or was that of {holder}; give it another"
        )


def _new_id(config: Config, slug: str) -> str:
    return f"urn:uuid:{uuid.uuid5(config.publication.id, slug)}"


def _name(article: Article) -> str:
    return article.path or f"“{article.title}”"


def _file(path: str, config: Config) -> Path:
    return config.root / path
