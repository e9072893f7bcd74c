"""What an oracle knows of a newsroom: its stories, its readers, and the editions that it predicts."""

from dataclasses import dataclass, field
from datetime import date, datetime

from tests.simulation import events


@dataclass
class Story:
    """An article."""

    slug: str
    first_seen: datetime
    file: events.Filed
    revision: int = 1
    corrected: list[tuple[datetime, ...]] = field(default_factory=list)
    """The corrections of each revision."""
    retracted: bool = False
    number: int = 0
    """0 until it was public."""
    numbered_breaking: bool = False

    @property
    def published(self) -> datetime:
        return self.file.date or self.first_seen

    def is_public(self, at: datetime) -> bool:
        return not self.file.draft and not self.retracted and self.published <= at


@dataclass
class Reader:
    """A subscriber."""

    since: dict[str, int] = field(default_factory=dict)
    """The newest public number when they subscribed to a newsletter."""
    left: set[str] = field(default_factory=set)
    rests_until: datetime | None = None
    member: bool = False
    suppressed: bool = False

    def takes(self, newsletter: str, at: datetime) -> bool:
        subscribed = newsletter in self.since and newsletter not in self.left
        resting = self.rests_until is not None and self.rests_until > at
        return subscribed and not resting and not self.suppressed


@dataclass
class PredictedEdition:
    """An edition."""

    schedule: str
    newsletter: str
    slot: datetime
    stories: tuple[str, ...]
    revisions: tuple[int, ...]
    notes: dict[str, int]
    """The articles whose corrections it names, with their revisions."""
    breaking: tuple[bool, ...]
    """Which of the stories are still breaking news."""
    day: date
    upto: int
    newest: int
    state: str
    made_at: datetime
    approved: bool = False
    plan: tuple[events.Planned, ...] = ()
    """What editors had written about it when it was made."""
    findings: frozenset[tuple[str, str]] = frozenset()
    left_out: frozenset[str] = frozenset()
    """What no later edition of the schedule has, since an editor left it out."""
    for_everybody: bool = False
    """Whether it goes to those, too, who subscribed after its stories were published."""
    approve_by: datetime | None = None
    release_at: datetime | None = None
    sent_at: datetime | None = None
    audience: frozenset[str] = frozenset()
    reached: frozenset[str] | None = None
    """Who of them got it; None until the next pass."""

    @property
    def content(self) -> tuple[object, ...]:
        """What a reader can tell it by."""
        return self.stories, self.revisions, self.breaking, self.day, self.notes
