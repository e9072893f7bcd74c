"""The front page: which story leads, which stand in the field, and what is breaking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.render import addresses

FIELD = 38
"""Stories besides the lead; together with the rail, what a person may want to leaf through."""
RAIL = 10
NAVIGATION = 8
"""Sections named in the masthead."""
LEADING = 8
"""The lead is one of so many newest: a picture is not worth an old story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A front page."""

    lead: Article | None
    field: tuple[Article, ...]
    latest: tuple[Article, ...]
    sections: tuple[tuple[str, str], ...]
    """Name and address of the largest sections."""

    @classmethod
    def of(cls, articles: Sequence[Article], strip: Article | None) -> Self:
        """Make up a front page of public articles, newest first."""
        lead = _lead(articles, strip)
        others = tuple(article for article in articles if article is not lead)
        return cls(
            lead=lead,
            field=others[:FIELD],
            latest=tuple(articles[:RAIL]),
            sections=sections(articles)[:NAVIGATION],
        )


def breaking(articles: Sequence[Article], config: Config, at: datetime) -> Article | None:
    """Return the newest breaking article that is not too old for the strip at `at`."""
    window = config.publication.breaking_for
    return max(
        (a for a in articles if a.breaking and a.published <= at < a.published + window),
        key=lambda article: article.published,
        default=None,
    )


def _lead(articles: Sequence[Article], strip: Article | None) -> Article | None:
    """Take the newest story with a picture; one that stands in the strip already gives way."""
    newest = articles[:LEADING]
    pictured = [a for a in newest if a.lead and a.lead.src]
    ranks = ([a for a in pictured if a is not strip], pictured, newest)
    return next((rank[0] for rank in ranks if rank), None)


def sections(articles: Sequence[Article]) -> tuple[tuple[str, str], ...]:
    """Return name and address of each section, the one with the most articles first."""
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for article in articles:
        if article.section:
            address = addresses.section(article.section)
            names.setdefault(address, article.section)
            counts[address] = counts.get(address, 0) + 1
    ranked = sorted(names, key=lambda address: (-counts[address], address))
    return tuple((names[address], address) for address in ranked)
