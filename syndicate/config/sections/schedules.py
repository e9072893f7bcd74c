"""`[[schedules]]`: when editions go out, and which articles they take."""

from pydantic import Field, StrictInt

from syndicate.config.sections.feeds import ArticleFilter
from syndicate.config.values import BeginWith, Cron, Duration, Interval, Name, Table, Zone


class EditionFilter(ArticleFilter):
    """Which new articles an edition takes: those that meet every condition."""

    max: StrictInt = Field(10, ge=1, le=100)
    """How many in full; the rest is named in a line."""
    max_age: Duration | None = Field(None, examples=["24h"])
    """Leave out older articles. Default: no limit."""


class Schedule(Table):
    """One entry of the timetable."""

    name: Name
    """Its name in commands and in the record of what was sent."""
    newsletter: Name
    """The newsletter it sends."""
    every: Interval | None = Field(None, examples=["10m"])
    """A fixed interval, 10 s or longer."""
    cron: Cron | None = Field(None, examples=["0 7 * * mon-fri"])
    """Instead of every: minute, hour, day, month and weekday, as in crontab(5)."""
    timezone: Zone | None = Field(None, examples=["Europe/Berlin"])
    """The zone of its times. Default: the publication's."""
    select: EditionFilter = EditionFilter()
    """Which articles it takes."""
    segment: Name | None = Field(None, examples=["members"])
    """Send only to this segment of the newsletter's readers. Default: to all."""
    begin_with: BeginWith | None = Field(None, examples=["24h"])
    """How old a story, by its date, may be when the schedule is first seen and still go out; "all"
    takes the whole archive. Default: only what becomes public afterwards.
    """
    max_late: Duration | None = Field(None, examples=["30m"])
    """Skip a slot that would be later than this. Default: never."""
