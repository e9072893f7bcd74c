"""Edition files: what an editor wrote about one edition before its slot."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from syndicate.model.articles import Figure, Sponsor
from syndicate.model.people import AuthorProfile
from syndicate.model.pictures import list_files, portraits


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedStory:
    """An article that an edition file names by its slug."""

    slug: str
    line: int
    """The line of the file, for messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionBrief:
    """What an editor decided about an edition; what is empty is as the schedule says."""

    subject: str = ""
    preheader: str = ""
    signed: str = ""
    """The name under the opening, or under the closing where there is none."""
    has_page: bool = False
    """Whether the one who signed has an author's page."""
    role: str = ""
    """The role of the one who signed, from the file about them; it may be empty."""
    portrait: Figure | None = None
    """Their portrait, shown as one of the squares of `pictures.portraits`."""
    stories: tuple[NamedStory, ...] = ()
    """The articles, in this order, in place of the schedule's selection."""
    leave_out: tuple[NamedStory, ...] = ()
    """Articles that the schedule would take, and that this edition doesn't."""
    sponsor: Sponsor | None = None
    opening: str = ""
    """Sanitised, well-formed HTML, as `Revision.body` is."""
    closing: str = ""
    """HTML as the opening's."""
    figures: tuple[Figure, ...] = ()
    """The pictures of opening and closing."""

    def by_author(self, profile: AuthorProfile | None) -> Self:
        """Return it with role and portrait of the one who signed, if there is a file about them."""
        if profile is None:
            return self
        return replace(self, role=profile.role, portrait=profile.portrait)

    @property
    def pictures(self) -> list[str]:
        """The files of `media/` that it shows, their renditions included."""
        logo = self.sponsor.logo if self.sponsor is not None else None
        local = (figure for figure in (*self.figures, logo) if figure is not None and figure.local)
        names = {name for figure in local for name in list_files(figure)}
        if self.portrait is not None:
            names.update(square.src for square in portraits(self.portrait))
        return sorted(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFile:
    """A file of the editions folder, as it was last read."""

    path: str
    """Relative to the publication's folder where it is inside."""
    version: str
    """The hash of its path and its content, or of the reason why it can't be read."""
    schedule: str = ""
    """Empty where the file's name has no schedule of the configuration."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """It is about the schedule's slots from `starts_at` until before `ends_at`: one slot, or all of
    a day where the file's name doesn't say which. None where it is about no slot.
    """
    is_draft: bool = False
    brief: EditionBrief = field(default_factory=EditionBrief)
    mistakes: tuple[str, ...] = ()
    """The mistakes in the file itself, with their lines."""

    @property
    def findings(self) -> tuple[str, ...]:
        """Why its edition has to wait for a person, as far as the file alone says."""
        draft = (f"{self.path} is a draft",) if self.is_draft else ()
        return (*draft, *self.mistakes)
