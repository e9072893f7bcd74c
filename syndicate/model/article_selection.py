"""Which public articles are new to an edition of a schedule, and which of them it takes.

Public numbers decide what is new, not dates: an article that is written late, back-dated or
imported gets the next number, so it is neither lost nor repeated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from syndicate.clock import EPOCH, format_duration
from syndicate.config import EditionFilter
from syndicate.config.sections.feeds import ArticleFilter
from syndicate.config.values import ALL, BeginWith
from syndicate.model.articles import Article


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStart:
    """The start of a schedule: after the newest article that was public at that time."""

    number: int
    """The newest public number at that time."""
    at: datetime
    """When a process first saw the schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleWindow:
    """The articles numbered above `after`, unless they are older than the schedule.

    Older are those numbered up to `begins_after`, except when they are dated later than
    `dated_after`: they became public later, or `begin_with` includes them.
    """

    after: int = 0
    """The last public number of the schedule's last edition."""
    begins_after: int = 0
    dated_after: datetime = EPOCH

    @classmethod
    def of(
        cls, beginning: ScheduleStart, begin_with: BeginWith | None, *, last: int | None
    ) -> Self:
        """Return the window of a schedule whose last edition ended with the number `last`."""
        after = last or 0
        if begin_with == ALL:
            return cls(after=after)
        back = begin_with if isinstance(begin_with, timedelta) else timedelta()
        return cls(after=after, begins_after=beginning.number, dated_after=beginning.at - back)


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
    recent = [
        article
        for article in matching
        if rule.max_age is None or article.published >= at - rule.max_age
    ]
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
