"""The front page: which story leads, which are in the field and the rail, what is breaking."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from syndicate.model.articles import Article

LEAST = 15
"""Stories on a front page where there are older ones; it goes on until a page of those ends."""
RAIL = 10
NAVIGATION = 8
"""Sections named in the masthead."""
LEADING = 8
"""The lead is one of so many newest: a picture is not worth an old story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """A front page."""

    lead: Article | None
    field: tuple[Article, ...]
    latest: tuple[Article, ...]
    sections: tuple[tuple[str, str], ...]
    """Name and address of the largest sections."""
    older: str | None = None
    """The address of the page with the stories that come after these."""

    @classmethod
    def of(
        cls,
        articles: Sequence[Article],
        strip: Article | None,
        sections: Sequence[tuple[str, str]] = (),
        older: str | None = None,
    ) -> Self:
        """Make up a front page of the newest articles, newest first.

        `sections` are name and address of those to be named in the masthead. The rail
        names neither the lead nor the story of the strip, so none is there three times.
        """
        lead = _lead(articles, strip)
        above = {article.key for article in (lead, strip) if article is not None}
        return cls(
            lead=lead,
            field=tuple(a for a in articles if lead is not None and a.key != lead.key),
            latest=tuple(a for a in articles if a.key not in above)[:RAIL],
            sections=tuple(sections),
            older=older,
        )


def _lead(articles: Sequence[Article], strip: Article | None) -> Article | None:
    """Take the newest story with a picture; the story of the strip gives way to another."""
    newest = articles[:LEADING]
    pictured = [a for a in newest if a.lead and a.lead.src]
    breaking = strip.key if strip else None
    ranks = ([a for a in pictured if a.key != breaking], pictured, newest)
    return next((rank[0] for rank in ranks if rank), None)
