"""The front page: which story leads, which stand in the field, and what is breaking."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from syndicate.model.articles import Article

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
    def of(
        cls,
        articles: Sequence[Article],
        strip: Article | None,
        sections: Sequence[tuple[str, str]] = (),
    ) -> Self:
        """Make up a front page of the newest articles, newest first.

        `sections` are name and address of those to be named in the masthead.
        """
        lead = _lead(articles, strip)
        others = tuple(article for article in articles if article is not lead)
        return cls(
            lead=lead,
            field=others[:FIELD],
            latest=tuple(articles[:RAIL]),
            sections=tuple(sections),
        )


def _lead(articles: Sequence[Article], strip: Article | None) -> Article | None:
    """Take the newest story with a picture; one that stands in the strip already gives way."""
    newest = articles[:LEADING]
    pictured = [a for a in newest if a.lead and a.lead.src]
    ranks = ([a for a in pictured if a is not strip], pictured, newest)
    return next((rank[0] for rank in ranks if rank), None)
