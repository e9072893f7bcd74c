"""Find the articles that an edition file names."""

from dataclasses import dataclass
from datetime import datetime

from syndicate.model.articles import Article
from syndicate.model.edition_files import EditionFile, NamedStory
from syndicate.store import Transaction
from syndicate.text import closest_match


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedStories:
    """The articles of an edition file."""

    stories: tuple[Article, ...]
    """Those to carry that are public, in the file's order, each once."""
    leave_out: frozenset[int]
    """The keys of those to leave out, public or not."""
    mistakes: tuple[str, ...]
    """Which of them don't exist or can't be carried, with their lines."""


def find_stories(
    tx: Transaction, file: EditionFile, *, at: datetime, coming: bool = False
) -> NamedStories:
    """Find the articles that a file names, as they are at `at`.

    With `coming` those that will be public by then count, although they have no number yet.
    """
    stories: dict[int, Article] = {}
    leave_out, mistakes = set[int](), list[str]()
    for name, carried in (
        *((name, True) for name in file.brief.stories),
        *((name, False) for name in file.brief.leave_out),
    ):
        article = tx.articles.by_slug(name.slug)
        if article is None:
            mistakes.append(_unknown(tx, file, name))
        elif not carried:
            leave_out.add(article.key)
        elif reason := _why_not_public(article, at, coming=coming):
            mistakes.append(f"{file.path}:{name.line}: {name.slug} {reason}")
        else:
            stories[article.key] = article
    return NamedStories(
        stories=tuple(stories.values()), leave_out=frozenset(leave_out), mistakes=tuple(mistakes)
    )


def _unknown(tx: Transaction, file: EditionFile, name: NamedStory) -> str:
    match = closest_match(name.slug, tx.edition_files.similar_slugs(name.slug))
    hint = f"did you mean {match}?" if match else "`syndicate articles` lists them"
    return f"{file.path}:{name.line}: no article has the slug {name.slug}; {hint}"


def _why_not_public(article: Article, at: datetime, *, coming: bool) -> str:
    if article.retracted_at is not None:
        return "is retracted"
    if not article.is_public(at) or not (coming or article.number is not None):
        return "is not public yet"
    return ""
