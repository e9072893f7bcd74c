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

    def includes(self, article: Article) -> bool:
        """Whether an article with a public number is in the window."""
        number = article.number or 0
        started = number > self.begins_after or article.published > self.dated_after
        return number > self.after and started


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The articles of an edition, the lead first and then the newest, and what was left out."""

    taken: tuple[Article, ...]
    """Those in full, at most `max`."""
    more: tuple[Article, ...] = ()
    """Those beyond `max`: only their headlines."""
    too_old: tuple[Article, ...] = ()
    """Those that match but are older than `max_age`."""
    max_age: timedelta | None = None
    omitted: tuple[Article, ...] = ()
    """Those that match and an editor left out."""

    def __bool__(self) -> bool:
        return bool(self.taken)

    @property
    def carried(self) -> tuple[Article, ...]:
        """All articles in the edition; no later edition has them."""
        return self.taken + self.more

    @property
    def slugs_left_out(self) -> tuple[str, ...]:
        """The slugs of the new articles that the edition should have had and hasn't."""
        return tuple(article.slug for article in (*self.omitted, *self.too_old))

    @property
    def left_out(self) -> str:
        """How many were left out, as ", 3 older than 24 h"; empty if nothing."""
        omitted = f", {len(self.omitted)} left out by the editor" if self.omitted else ""
        if not self.too_old or self.max_age is None:
            return omitted
        return f"{omitted}, {len(self.too_old)} older than {format_duration(self.max_age)}"


def select_articles(
    candidates: Iterable[Article], rule: EditionFilter, *, at: datetime
) -> Selection:
    """Choose the articles of an edition that is composed at `at`."""
    newest_first = sorted(
        (article for article in candidates if matches(article, rule)),
        key=lambda article: (EPOCH - article.published, article.id),
    )
    recent = [
        article
        for article in newest_first
        if rule.max_age is None or article.published >= at - rule.max_age
    ]
    ordered = lead_first(news_first(recent))
    return Selection(
        taken=tuple(ordered[: rule.max]),
        more=tuple(ordered[rule.max :]),
        too_old=tuple(newest_first[len(recent) :]),
        max_age=rule.max_age,
    )


def lead_first(articles: Sequence[Article]) -> list[Article]:
    """Return articles as editors placed them: the first lead, those at the top, all others."""
    lead = placed_lead(articles)
    others = [article for article in articles if article is not lead]
    return [*([lead] if lead is not None else []), *top_first(others)]


def top_first(articles: Sequence[Article]) -> list[Article]:
    """Return articles with those first that their editor placed at the top."""
    return sorted(articles, key=lambda article: article.place != "top")


def placed_lead(articles: Iterable[Article]) -> Article | None:
    """Return the first article whose editor made it the lead."""
    return next((article for article in articles if article.place == "lead"), None)


def news_first(articles: Sequence[Article]) -> list[Article]:
    """Return articles with the first one on top that nobody paid for: it would be the subject."""
    first = next((article for article in articles if article.sponsor is None), None)
    return list(articles) if first is None else [first, *(a for a in articles if a is not first)]


def matches(article: Article, rule: ArticleFilter) -> bool:
    """Whether a rule selects an article, whatever its age."""
    return not unmet_condition(article, rule)


def unmet_condition(article: Article, rule: ArticleFilter) -> str:
    """Return the condition of a rule that an article doesn't meet, for operators; else empty."""
    if rule.breaking not in {None, article.breaking}:
        return "breaking" if article.breaking else "not breaking"
    authors = [person.name for person in article.authors]
    for wanted, names, unmet in (
        (rule.sections, (article.section or "",), "not in the section"),
        (rule.tags, article.tags, "not tagged"),
        (rule.authors, authors, "not by"),
    ):
        if not _matches_any(wanted, names):
            return f"{unmet} {' or '.join(wanted)}"
    return ""


def _matches_any(wanted: Sequence[str], names: Sequence[str]) -> bool:
    return not wanted or bool(
        {name.casefold() for name in wanted} & {name.casefold() for name in names}
    )
