"""`[[newsletters]]`, `[[segments]]` and `[[schedules]]`: what goes to whom, and when."""

from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.sections.feeds import ArticleFilter
from syndicate.config.segment_expression import Expression, parse
from syndicate.config.values import (
    BeginWith,
    Cron,
    Duration,
    Interval,
    Language,
    Line,
    Name,
    Sender,
    Table,
    Zone,
    parseable,
    readable,
)
from syndicate.text import closest_match

Tracking = Literal["none", "clicks", "readers"]
"""What is recorded of clicks: nothing; how many each link had, but not whose; also whose."""
Style = Literal["digest", "brief", "letter"]
"""How editions look that aren't one story in full."""
Corrections = Literal["none", "next", "send"]
"""What readers get of a correction: nothing; a note in the next edition; a mail of its own."""


SUBJECT_FIELDS = ("lead", "title", "date", "breaking")


def check_subject(pattern: str) -> None:
    """Raise ValueError for a pattern that isn't text with fields such as {lead}."""
    written = "expected text with {lead}, {title}, {date} or {breaking}"
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError as error:
        raise ValueError(f"{written}; write {{{{ and }}}} for braces") from error
    for _, field, form, conversion in parts:
        if field is None:
            continue
        if field not in SUBJECT_FIELDS:
            match = closest_match(field, SUBJECT_FIELDS)
            hint = f"; did you mean {{{match}}}?" if match else ""
            raise ValueError(f"{written}, and {{{field}}} is none of these{hint}")
        if form or conversion:
            raise ValueError(f"{written}, and nothing else in the braces of {{{field}}}")


class Newsletter(Table):
    """What a reader subscribes to."""

    name: Name
    """Its name in commands and in List-Id; if it changes, `subscribers move` takes its readers
    along.
    """
    title: Line = Field("", examples=["Breaking news"])
    """What readers call it. Default: the name."""
    description: str = Field("", examples=["What can't wait, when it happens."])
    """One sentence for readers."""
    sender: Sender | None = Field(
        None, alias="from", examples=["Breaking news <breaking@example.org>"]
    )
    """Who it is from. Default: mail.from."""
    reply_to: Sender | None = Field(None, examples=["editors@example.org"])
    """Where answers go. Default: mail.reply_to."""
    language: Language | None = Field(None, examples=["de"])
    """Its language. Default: the publication's."""
    subject: Annotated[Line, parseable(check_subject)] = Field("", examples=["{title}: {lead}"])
    """The subject of its editions, with {lead} for the headline of the first story, {title} for
    the newsletter's own title, {date}, and {breaking} for "Breaking: " where that story is
    breaking. Default: the headline alone.
    """
    style: Style = "digest"
    """How its editions look: "digest" with a lead, pictures and a sentence of each story (one story
    alone is mailed in full), "brief" with numbered stories of a few sentences, or "letter", the
    text of the edition file and links.
    """
    expire_after: Duration | None = Field(None, examples=["6h"])
    """When to give up on a message. Default: mail.expire_after."""
    offered: StrictBool = True
    """Whether people can subscribe to it on the web."""
    archive: StrictBool = True
    """Whether everybody can read its editions on the web."""
    tracking: Tracking = "none"
    """Whether clicks are counted: not at all, each link's, or each reader's."""
    utm: StrictBool = False
    """Whether links to our own pages carry UTM parameters."""
    corrections: Corrections = "next"
    """What readers get when an article is corrected that an edition carried: nothing, a note in the
    next edition, or a mail of its own to those who had it wrong, which a person approves.
    """

    @property
    def label(self) -> str:
        """What readers call it."""
        return self.title or readable(self.name)


class Segment(Table):
    """Some of the readers, by what is known of them."""

    name: Name
    """Its name in commands and schedules; don't change it."""
    where: Annotated[Line, parseable(parse)] = Field(
        examples=['tag = "vip" and not field.city = "Berlin"']
    )
    """Who is in it, as an expression; docs/audience.md explains it."""
    description: Line = Field("", examples=["Members of the club who live elsewhere."])
    """One sentence for the people who send."""

    @cached_property
    def expression(self) -> Expression:
        """The parsed condition."""
        return parse(self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What the store needs to find the readers of a segment."""

    name: str
    expression: Expression
    language: str
    """The language of readers who chose none."""
    zone: ZoneInfo
    """The zone of its days."""


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
    group_by: Literal["section"] | None = Field(None, examples=["section"])
    """Whether a digest's stories stand under the names of their sections, below the lead. Default:
    in the order of their dates.
    """
    begin_with: BeginWith | None = Field(None, examples=["24h"])
    """How old a story, by its date, may be when the schedule is first seen and still go out; "all"
    takes the whole archive. Default: only what becomes public afterwards.
    """
    max_late: Duration | None = Field(None, examples=["30m"])
    """Skip a slot that would be later than this. Default: never."""
    hold: Duration | None = Field(None, examples=["5m"])
    """How long an edition waits before it is sent, so that it can be stopped; less than the time
    between two slots. Default: no time.
    """
    approve: StrictBool = False
    """Whether an edition waits until a person approves it."""
    approve_by: Duration | None = Field(None, examples=["90m"])
    """How long after its slot an edition can be approved; then its articles are new for the next
    slot. Default: max_late, else two hours.
    """
