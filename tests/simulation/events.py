"""What happens to a newsroom, as facts with a time: the one language of history, oracle and rig."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens at a time, in UTC."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class Filed(Event):
    """An editor saved an article: a new one, or the next revision."""

    slug: str
    title: str
    date: datetime | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    breaking: bool = False
    draft: bool = False
    corrections: tuple[datetime, ...] = ()
    """When each of its corrections was made."""


@dataclass(frozen=True, kw_only=True)
class Retracted(Event):
    """An article was taken back."""

    slug: str


@dataclass(frozen=True, kw_only=True)
class Restored(Event):
    """A retraction was undone."""

    slug: str


@dataclass(frozen=True, kw_only=True)
class PageLost(Event):
    """The page of an article can't be built from now on."""

    slug: str


@dataclass(frozen=True, kw_only=True)
class PageMended(Event):
    """The page of an article can be built again."""

    slug: str


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """An editor saved a file about an edition; the next pass reads it."""

    name: str
    """The file's name, which says what it is about."""
    stories: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    draft: bool = False
    misspelt: bool = False
    """Whether it has a key that doesn't exist."""


@dataclass(frozen=True, kw_only=True)
class PlanDropped(Event):
    """An editor deleted a file about an edition."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Joined(Event):
    """A reader was subscribed by the operator."""

    reader: str
    newsletter: str


@dataclass(frozen=True, kw_only=True)
class Left(Event):
    """A reader left a newsletter."""

    reader: str
    newsletter: str


@dataclass(frozen=True, kw_only=True)
class Returned(Event):
    """A reader signed up again and confirmed it."""

    reader: str
    newsletter: str


@dataclass(frozen=True, kw_only=True)
class Undone(Event):
    """A reader undid leaving."""

    reader: str
    newsletter: str


@dataclass(frozen=True, kw_only=True)
class Rested(Event):
    """A reader wants no mail until a time."""

    reader: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Tagged(Event):
    """A reader became a member, or is none any more."""

    reader: str
    member: bool


@dataclass(frozen=True, kw_only=True)
class Suppressed(Event):
    """An address gets nothing any more."""

    reader: str


@dataclass(frozen=True, kw_only=True)
class Approved(Event):
    """A person approved what waits of a schedule, if anything does."""

    schedule: str


@dataclass(frozen=True, kw_only=True)
class Rejected(Event):
    """A person dropped what waits of a schedule, if anything does."""

    schedule: str


@dataclass(frozen=True, kw_only=True)
class Passed(Event):
    """These processes did all that is due; two of them at the same moment."""

    processes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Restarted(Event):
    """A process was started again."""

    process: int


@dataclass(frozen=True)
class Timetable:
    """The tables of config.toml that decide what is sent."""

    zone: str
    schedules: list[dict[str, object]]
    segments: dict[str, str] = field(default_factory=dict)
    """The tag that makes somebody a member of a segment, by its name."""
