"""Chooses the articles of an edition, whether alert or digest, among those that are new to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.clock import EPOCH, format_duration
from syndicate.config import ArticleFilter, EditionFilter
from syndicate.model.articles import Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The articles of an edition, newest first, and what was left out."""

    taken: tuple[Article, ...]
    """Those in full, at most `max`."""
    more: tuple[Article, ...] = ()
    """Those beyond `max`: only their headlines."""
    aged: int = 0
    """How many match but are older than `max_age`."""
    max_age: timedelta | None = None

    def __bool__(self) -> bool:
        return bool(self.taken)

    @property
    def carried(self) -> tuple[Article, ...]:
        """All articles in the edition; no later edition has them."""
        return self.taken + self.more

    @property
    def left_out(self) -> str:
        """How many were too old, as ", 3 older than 24 h"; empty if nothing."""
        if not self.aged or self.max_age is None:
            return ""
        return f", {self.aged} older than {format_duration(self.max_age)}"


def select_articles(
    candidates: Iterable[Article], rule: EditionFilter, *, at: datetime
) -> Selection:
    """Choose the articles of an edition that is composed at `at`."""
    matching = [article for article in candidates if matches(article, rule)]
    recent = [article for article in matching if not _too_old(article, rule, at)]
    newest_first = sorted(recent, key=lambda article: (EPOCH - article.published, article.id))
    return Selection(
        taken=tuple(newest_first[: rule.max]),
        more=tuple(newest_first[rule.max :]),
        aged=len(matching) - len(recent),
        max_age=rule.max_age,
    )


def matches(article: Article, rule: ArticleFilter) -> bool:
    """Whether a rule selects an article, whatever its age."""
    return (
        rule.breaking in {None, article.breaking}
        and _matches_any(rule.sections, (article.section or "",))
        and _matches_any(rule.tags, article.tags)
        and _matches_any(rule.authors, [person.name for person in article.authors])
    )


def _matches_any(wanted: Sequence[str], names: Sequence[str]) -> bool:
    return not wanted or bool(
        {name.casefold() for name in wanted} & {name.casefold() for name in names}
    )


def _too_old(article: Article, rule: EditionFilter, at: datetime) -> bool:
    return rule.max_age is not None and article.published < at - rule.max_age
