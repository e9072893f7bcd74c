"""`[syndication]` and `[[feeds]]`: the settings of all feeds, and the publication's own feeds."""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field, StrictBool, StrictInt, field_validator

from syndicate.config.values import Duration, Line, Name, Table

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


class FeedFormat(StrEnum):
    """A format that a feed can have."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"


class SyndicationSettings(Table):
    """The settings of all feeds."""

    items: StrictInt = Field(
        default=50,
        ge=1,
        le=1000,
        description="How many articles a feed has; older ones are in its archives.",
    )
    archives: StrictBool = Field(
        default=True,
        description="Whether feeds reach back to the first article, in archives (RFC 5005).",
    )
    full_text: StrictBool = Field(
        default=True, description="Whether feeds have whole articles; else summaries alone."
    )
    poll_every: Duration = Field(
        default=timedelta(minutes=5),
        description="How long readers and caches keep a feed before they ask again.",
    )

    @property
    def minutes(self) -> int:
        """`poll_every` in minutes, a divisor of 60."""
        return self.poll_every // _MINUTE

    @field_validator("poll_every")
    @classmethod
    def _check_units(cls, interval: timedelta) -> timedelta:
        # RSS has minutes in <ttl>, and times an hour in sy:updateFrequency
        if interval < _MINUTE or interval % _MINUTE or _HOUR % interval:
            raise ValueError('expected whole minutes that divide an hour, such as "5m" or "15m"')
        return interval


class ArticleFilter(Table):
    """Which articles are taken: those that meet every condition."""

    breaking: StrictBool | None = Field(
        default=None,
        description="Only breaking ones, or with false only others. Default: both.",
        examples=[True],
    )
    sections: tuple[str, ...] = Field(
        default=(), description="In one of these sections. Default: in any.", examples=[["World"]]
    )
    tags: tuple[str, ...] = Field(
        default=(),
        description="With one of these tags. Default: with any or none.",
        examples=[["climate"]],
    )
    authors: tuple[str, ...] = Field(
        default=(),
        description="By one of these authors. Default: by anybody.",
        examples=[["Ada Lovelace"]],
    )


class CustomFeed(Table):
    """A feed of a selection, beside those of everything and of each section, tag and author."""

    name: Name = Field(description="Its name in its address, /feeds/NAME/; don't change it.")
    title: Line = Field(
        default="",
        description="What readers call it. Default: the name.",
        examples=["Climate and energy"],
    )
    select: ArticleFilter = Field(default=ArticleFilter(), description="Which articles it takes.")
    formats: tuple[FeedFormat, ...] = Field(
        default=tuple(FeedFormat), min_length=1, description="The formats it is written in."
    )
    items: StrictInt | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="How many articles it has. Default: syndication.items.",
        examples=[20],
    )
    full_text: StrictBool | None = Field(
        default=None,
        description="Whether it has whole articles. Default: syndication.full_text.",
        examples=[False],
    )

    @property
    def label(self) -> str:
        """What readers call it."""
        return self.title or self.name.replace("-", " ").replace("_", " ").capitalize()
