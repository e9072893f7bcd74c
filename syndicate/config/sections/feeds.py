"""`[syndication]`, `[[feeds]]` and `[podcast]`: all feeds, the publication's own, podcasts."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.podcast_categories import check_category
from syndicate.config.values import Duration, Line, Name, Table, parseable, readable, requiring
from syndicate.text import is_email

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def _divides_an_hour(interval: timedelta) -> bool:
    """Whether RSS can say it: in minutes in <ttl>, as times an hour in sy:updateFrequency."""
    return interval >= _MINUTE and not interval % _MINUTE and not _HOUR % interval


class SyndicationSettings(Table):
    """The settings of all feeds."""

    items: StrictInt = Field(50, ge=1, le=1000)
    """How many articles a feed has; older ones are in its archives."""
    archives: StrictBool = True
    """Whether feeds reach back to the first article, in archives (RFC 5005)."""
    full_text: StrictBool = True
    """Whether feeds have whole articles; else summaries alone."""
    poll_every: Annotated[
        Duration,
        requiring(_divides_an_hour, 'whole minutes that divide an hour, such as "5m" or "15m"'),
    ] = timedelta(minutes=5)
    """How long readers and caches keep a feed before they ask again."""

    @property
    def minutes(self) -> int:
        """`poll_every` in minutes, a divisor of 60."""
        return self.poll_every // _MINUTE


class ArticleFilter(Table):
    """Which articles are taken: those that meet every condition."""

    breaking: StrictBool | None = Field(None, examples=[True])
    """Only breaking ones, or with false only others. Default: both."""
    sections: tuple[str, ...] = Field((), examples=[["World"]])
    """In one of these sections. Default: in any."""
    tags: tuple[str, ...] = Field((), examples=[["climate"]])
    """With one of these tags. Default: with any or none."""
    authors: tuple[str, ...] = Field((), examples=[["Ada Lovelace"]])
    """By one of these authors. Default: by anybody."""


class CustomFeed(Table):
    """A feed of a selection, beside those of everything and of each section, tag and author."""

    name: Name
    """Its name in its address, /feeds/NAME/; don't change it."""
    title: Line = Field("", examples=["Climate and energy"])
    """What readers call it. Default: the name."""
    select: ArticleFilter = ArticleFilter()
    """Which articles it takes."""
    formats: tuple[Literal["rss", "atom", "json"], ...] = Field(
        ("rss", "atom", "json"), min_length=1
    )
    """The formats it is written in."""
    items: StrictInt | None = Field(None, ge=1, le=1000, examples=[20])
    """How many articles it has. Default: syndication.items."""
    full_text: StrictBool | None = Field(None, examples=[False])
    """Whether it has whole articles. Default: syndication.full_text."""

    @property
    def label(self) -> str:
        """What readers call it."""
        return self.title or readable(self.name)


Email = Annotated[Line, requiring(is_email, 'an address such as "podcast@example.org"')]


class PodcastSettings(Table):
    """Feeds as podcasts, for directories; used once an article has `audio`."""

    author: Line | None = Field(None, examples=["The editors"])
    """Whose podcast it is. Default: publication.author, or the title."""
    email: Email | None = Field(None, examples=["podcast@example.org"])
    """The owner's address, which directories write to; public in the feed."""
    category: Annotated[Line, parseable(check_category)] = "News"
    """A category of Apple, with a subcategory after a slash: "News/Politics"."""
    explicit: StrictBool = False
    """Whether it is not for children."""
    image: Path | None = Field(None, examples=["cover.jpg"])
    """A square JPEG or PNG, 1400 to 3000 pixels wide. Default: publication.logo."""
    type: Literal["episodic", "serial"] = "episodic"
    """ "episodic": newest first; "serial": in order from the first episode."""
    locked: StrictBool = False
    """Whether other podcast hosts are asked not to import the podcast."""
    guid: UUID | None = Field(None, examples=["917393e3-1b1e-5cef-ace4-edaa54e1f810"])
    """The podcast:guid of a podcast that moved here. Default: from its address."""
