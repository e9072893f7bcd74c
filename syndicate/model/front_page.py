"""The stories of a front page, and where they are.

A story is in the page's body once: as the lead, in the field below it, in the block of its section,
or in the list of all others. Beside the body is a rail of the latest by time, without the lead, the
strip and the field. So none is there three times, the strip counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syndicate.model.article_selection import placed_lead, top_first
from syndicate.model.articles import Article

LEAD_CANDIDATES = 8
"""The lead is one of this many newest: a picture doesn't justify an old article."""
FIELD = 4
"""Stories of the field where there are blocks, unless an editor placed more at the top."""
_FIELD_ALONE = 8
"""Stories of the field where there are none; not more, even if more are placed at the top."""
BLOCK = 4
"""Stories of a block: one with a picture, and three lines."""
_MIN_BLOCK = 2
_MIN_BLOCKS = 2
_MIN_WITH_BLOCKS = 9
"""Stories of a page that has blocks: fewer are all in the field."""
RAIL = 8
_MIN_RAIL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionStories:
    """A section, and the stories that its block may have, newest first."""

    title: str
    address: str
    stories: Sequence[Article]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionBlock:
    """A section's block: the newest story with a picture, else the newest, then the others."""

    title: str
    address: str
    first: Article
    others: tuple[Article, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontTop:
    """What is above the blocks."""

    lead: Article | None
    field: tuple[Article, ...]
    rest: tuple[Article, ...] = ()
    """The other stories, newest first."""

    @property
    def articles(self) -> tuple[Article, ...]:
        """The lead and the field."""
        return (*([self.lead] if self.lead is not None else []), *self.field)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPage:
    """The stories of a front page."""

    lead: Article | None = None
    field: tuple[Article, ...] = ()
    blocks: tuple[SectionBlock, ...] = ()
    more: tuple[Article, ...] = ()
    rail: tuple[Article, ...] = ()
    """Shown where there is room beside the body; none of `more` has to be shown twice there."""

    @property
    def railed(self) -> set[int]:
        """The keys of the rail's stories."""
        return {article.key for article in self.rail}

    @property
    def more_is_railed(self) -> bool:
        """Whether all of `more` is in the rail."""
        return {article.key for article in self.more} <= self.railed


def arrange(
    newest: Sequence[Article], strip: Article | None, sections: Sequence[SectionStories] = ()
) -> FrontPage:
    """Arrange a front page: `newest` are the newest stories first, `sections` those with blocks.

    The stories of sections may be older than `newest`. A section with a single story that is not
    above has no block; with fewer than two blocks there are none, and the field is larger.
    """
    top = arrange_top(newest, strip)
    blocks = tuple(_blocks(top, sections)) if top.rest else ()
    if len(blocks) < _MIN_BLOCKS:
        top, blocks = arrange_top(newest, strip, field=_FIELD_ALONE), ()
    blocked = {story.key for block in blocks for story in (block.first, *block.others)}
    above = {strip.key} if strip is not None else set()
    rail = tuple(article for article in top.rest if article.key not in above)[:RAIL]
    rail = rail if len(rail) >= _MIN_RAIL else ()
    return FrontPage(
        lead=top.lead,
        field=top.field,
        blocks=blocks,
        more=tuple(article for article in top.rest if article.key not in blocked),
        rail=rail,
    )


def arrange_top(
    newest: Sequence[Article], strip: Article | None, *, field: int = FIELD
) -> FrontTop:
    """Choose the lead and a field of so many stories, those placed at the top first.

    Stories that an editor keeps from the front page are left out. A page of few stories has all of
    them in its field.
    """
    shown = [article for article in newest if article.place != "hide"]
    lead = _lead(shown, strip)
    others = [article for article in shown if article is not lead]
    ordered, placed = top_first(others), sum(article.place == "top" for article in others)
    size = field if len(shown) >= _MIN_WITH_BLOCKS else _FIELD_ALONE
    chosen = tuple(ordered[: min(max(size, placed), _FIELD_ALONE)])
    keys = {article.key for article in chosen}
    rest = tuple(article for article in others if article.key not in keys)
    return FrontTop(lead=lead, field=chosen, rest=rest)


def _blocks(top: FrontTop, sections: Sequence[SectionStories]) -> Iterator[SectionBlock]:
    above = {article.key for article in top.articles}
    for section in sections:
        stories = [
            story for story in section.stories if story.key not in above and story.place != "hide"
        ][:BLOCK]
        if len(stories) < _MIN_BLOCK:
            continue
        first = next((story for story in stories if story.lead), stories[0])
        others = tuple(story for story in stories if story is not first)
        yield SectionBlock(title=section.title, address=section.address, first=first, others=others)


def _lead(shown: Sequence[Article], strip: Article | None) -> Article | None:
    """Choose the newest one placed there, else the newest with a picture that nobody paid for.

    The breaking one is chosen for its picture only if there is no other.
    """
    if (placed := placed_lead(shown)) is not None:
        return placed
    newest = shown[:LEAD_CANDIDATES]
    news = [article for article in newest if article.sponsor is None]
    pictured = [article for article in news if article.lead]
    breaking = strip.key if strip else None
    ranks = ([a for a in pictured if a.key != breaking], pictured, news, newest)
    return next((rank[0] for rank in ranks if rank), None)
