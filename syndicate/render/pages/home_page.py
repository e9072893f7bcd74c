"""The layout of the home page: which article leads, and which are beside and below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from syndicate.model.articles import Article

MIN_ARTICLES = 15
"""Articles on the home page where there are older ones; more follow until a list page ends."""
RAIL_ARTICLES = 10
MASTHEAD_SECTIONS = 8
"""Sections linked in the masthead."""
LEAD_CANDIDATES = 8
"""The lead is one of this many newest: a picture doesn't justify an old article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """The articles of the home page, by their places."""

    lead: Article | None
    field: tuple[Article, ...]
    latest: tuple[Article, ...]
    sections: tuple[tuple[str, str], ...]
    """Name and address of the largest sections."""
    older: str | None = None
    """The address of the list page with the articles that follow."""

    @classmethod
    def of(
        cls,
        articles: Sequence[Article],
        strip: Article | None,
        sections: Sequence[tuple[str, str]] = (),
        older: str | None = None,
    ) -> Self:
        """Lay out the newest articles, newest first; `strip` is the breaking article.

        `sections` are name and address of those in the masthead. The rail of the latest
        leaves out the lead and the breaking article, so no article is there three times.
        """
        lead = _lead(articles, strip)
        above = {article.key for article in (lead, strip) if article is not None}
        latest = [article for article in articles if article.key not in above]
        return cls(
            lead=lead,
            field=tuple(article for article in articles if article is not lead),
            latest=tuple(latest[:RAIL_ARTICLES]),
            sections=tuple(sections),
            older=older,
        )


def _lead(articles: Sequence[Article], strip: Article | None) -> Article | None:
    """Choose the newest article with a picture; the breaking one only if there is no other."""
    newest = articles[:LEAD_CANDIDATES]
    pictured = [article for article in newest if article.lead and article.lead.src]
    breaking = strip.key if strip else None
    ranks = ([article for article in pictured if article.key != breaking], pictured, newest)
    return next((rank[0] for rank in ranks if rank), None)
