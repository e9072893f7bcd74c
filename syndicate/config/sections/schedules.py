"""`[[schedules]]`: when editions go out, and which articles they take."""

from typing import Self

from pydantic import Field, StrictInt, model_validator

from syndicate.config.sections.feeds import ArticleFilter
from syndicate.config.values import BeginWith, Cron, Duration, Interval, Name, Table, Zone

ONE_TIMING = 'needs either every = "10m" or cron = "0 7 * * mon-fri", one of them'


class EditionFilter(ArticleFilter):
    """Which new articles an edition takes: those that meet every condition."""

    max: StrictInt = Field(
        default=10, ge=1, le=100, description="How many in full; the rest is named in a line."
    )
    max_age: Duration | None = Field(
        default=None, description="Leave out older articles. Default: no limit.", examples=["24h"]
    )


class Schedule(Table):
    """One entry of the timetable."""

    name: Name = Field(description="Its name in commands and in the record of what was sent.")
    newsletter: Name = Field(description="The newsletter it sends.")
    every: Interval | None = Field(
        default=None, description="A fixed interval, 10 s or longer.", examples=["10m"]
    )
    cron: Cron | None = Field(
        default=None,
        description="Instead of every: minute, hour, day, month and weekday, as in crontab(5).",
        examples=["0 7 * * mon-fri"],
    )
    timezone: Zone | None = Field(
        default=None,
        description="The zone of its times. Default: the publication's.",
        examples=["Europe/Berlin"],
    )
    select: EditionFilter = Field(default=EditionFilter(), description="Which articles it takes.")
    segment: Name | None = Field(
        default=None,
        description="Send only to this segment of the newsletter's readers. Default: to all.",
        examples=["members"],
    )
    begin_with: BeginWith | None = Field(
        default=None,
        description=(
            "How old a story, by its date, may be when the schedule is first seen and still go "
            'out; "all" takes the whole archive. Default: only what becomes public afterwards.'
        ),
        examples=["24h"],
    )
    max_late: Duration | None = Field(
        default=None,
        description="Skip a slot that would be later than this. Default: never.",
        examples=["30m"],
    )

    @model_validator(mode="after")
    def _check_timing(self) -> Self:
        if (self.every is None) == (self.cron is None):
            raise ValueError(ONE_TIMING)
        return self
