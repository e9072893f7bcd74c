"""Articles, with a public id that never changes; their revisions, and their compiled bodies."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Self

MEDIA = "media/"
"""The folder of local pictures and recordings, beside the config and in the output."""


FILE_LINK = "article:"
"""What the address of another article's file begins with, in a body."""

Placement = Literal["lead", "top", "hide"]
"""Where an editor puts an article, instead of its date."""


class Status(StrEnum):
    """The editorial state of an article."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An author or contributor; only the name is always known."""

    name: str
    place: str | None = None
    url: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with its caption and credit.

    `src` is `media/<hash>.<suffix>` for a local picture, an http(s) address for a remote
    one, and empty for one that was missing at import. `caption` and `credit` are plain
    text. Width and height are in pixels, `length` in bytes, `type` is the media type; each
    is None where unknown (remote pictures).
    """

    src: str
    alt: str = ""
    caption: str = ""
    credit: str = ""
    width: int | None = None
    height: int | None = None
    type: str | None = None
    length: int | None = None
    variants: tuple[int, ...] = ()
    """Widths of the renditions beside a local picture, in pixels, ascending."""

    @property
    def local(self) -> bool:
        """Whether the picture is in the publication's own `media/`."""
        return self.src.startswith(MEDIA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The audio of an article: an episode, or the article read aloud.

    `src` is as in `Figure`; `length` is in bytes, `duration` in whole seconds.
    """

    src: str
    type: str
    length: int | None = None
    duration: int | None = None
    title: str = ""

    @property
    def local(self) -> bool:
        """Whether the recording is in the publication's own `media/`."""
        return self.src.startswith(MEDIA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments:
    """Readers' comments on another site: how many, and where; None where unknown."""

    count: int | None = None
    url: str | None = None
    """The page with the comments, an http(s) address."""
    feed: str | None = None
    """Their feed in RSS or Atom, an http(s) address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sponsor:
    """Who paid for an article or an edition; readers see the name, labelled as paid."""

    name: str
    url: str | None = None
    """An http(s) address."""
    logo: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was wrong in an article, and since when it is corrected."""

    at: datetime
    text: str
    """Plain text on one line."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"{self.at!r} has no time zone")


def new_corrections(
    before: Sequence[Correction], now: Sequence[Correction]
) -> tuple[Correction, ...]:
    """Return the corrections that an earlier revision lacks, oldest first.

    One is known by its time, and among those of one time by its position: a text that is reworded
    is the same correction.
    """
    known = Counter(correction.at for correction in before)
    added = []
    for correction in now:
        if known[correction.at]:
            known[correction.at] -= 1
        else:
            added.append(correction)
    return tuple(added)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One saved state of an article: everything an editor can change.

    `body` is sanitised, well-formed HTML (void elements self-closed, so it is
    XML too). Pictures in it have `src` as in `Figure`. A figure is always
    `<figure><img src alt width height/><figcaption>caption <cite>credit</cite>
    </figcaption></figure>`, without the parts it lacks; `figures` lists them in
    order. An embed is always in a `<figure class="embed">`: `<iframe src width height
    title allowfullscreen>`, `<video>` or `<audio>` with `controls`, `<source>` and
    `<track>`; its addresses have https (a `poster` is as `src` in `Figure`), and nothing
    plays automatically. A frame with a video (`model.videos`) has its aspect ratio as a
    second class, such as `ratio-16-9`. Ids have a prefix that is unique to the article.
    Every other address is absolute, or relative to the article's page; or it begins with
    `FILE_LINK` and is that of another article's file (`body.file_links`).
    """

    title: str
    body: str
    status: Status = Status.PUBLISHED
    date: datetime | None = None
    updated: datetime | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    breaking: bool = False
    place: Placement | None = None
    """`lead`: on top of the home page and of digests; `top`: below the lead; `hide`: not on the
    home page; None: by its date.
    """
    summary: str = ""
    """The editor's summary, plain text; empty if there is none."""
    excerpt: str = ""
    """The summary, or the beginning of the body as plain text."""
    image: Figure | None = None
    """The lead picture of the front matter; without `src` if it was missing at import."""
    figures: tuple[Figure, ...] = ()
    """The figures inside the body, in order."""
    canonical_url: str | None = None
    comments: Comments | None = None
    language: str | None = None
    audio: Recording | None = None
    sponsor: Sponsor | None = None
    """Who paid for it; None for the newsroom's own work."""
    translations: Mapping[str, str] = field(default_factory=dict)
    """The article in other languages: slug or http(s) address, by BCP 47 tag."""
    old_addresses: tuple[str, ...] = ()
    """Paths from the root that redirect to the article."""
    corrections: tuple[Correction, ...] = ()
    """What was wrong in it, oldest first."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Front matter that Syndicate doesn't know."""

    def __post_init__(self) -> None:
        for at in (self.date, self.updated):
            if at is not None and at.tzinfo is None:
                raise ValueError(f"{at!r} has no time zone")

    @property
    def pictures(self) -> list[Figure]:
        """The picture of the front matter, those of the body, and the sponsor's logo."""
        logo = self.sponsor.logo if self.sponsor is not None else None
        return [figure for figure in (self.image, *self.figures, logo) if figure is not None]

    @property
    def lead(self) -> Figure | None:
        """The picture that represents the article in lists, mail and feeds."""
        figures = (self.image, *self.figures) if self.image else self.figures
        return next((figure for figure in figures if figure.src), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(Revision):
    """An article as readers see it: its identity and its newest published revision."""

    key: int
    """Its key in the store; never shown."""
    id: str
    """The public id: RSS guid, Atom id and JSON Feed id."""
    slug: str
    path: str | None = None
    """Its source file, relative to the publication if inside."""
    source: str = field(default="", compare=False)
    """The hash of the source file's body, to recognise the file when it is renamed."""
    number: int | None = None
    """Its public number; None until it is public."""
    revision: int = 1
    first_seen: datetime
    saved_at: datetime
    """When this revision was saved."""
    retracted_at: datetime | None = None

    @property
    def published(self) -> datetime:
        """When readers could first see it."""
        return self.date or self.first_seen

    @property
    def modified(self) -> datetime:
        """When readers last saw a change (RFC 4287, 4.2.15).

        It is never before `published`, nor before the newest correction.
        """
        changed = self.saved_at if self.revision > 1 else self.published
        corrected = (correction.at for correction in self.corrections)
        return max(self.updated or changed, self.published, *corrected)

    def is_public(self, at: datetime) -> bool:
        """Whether readers may see it at `at`."""
        visible = self.status is not Status.DRAFT and self.retracted_at is None
        return visible and self.published <= at

    def as_of(self, at: datetime, breaking_for: timedelta) -> Self:
        """Return the article as readers see it at `at`: breaking for `breaking_for` at most."""
        is_over = self.breaking and at >= self.published + breaking_for
        return replace(self, breaking=False) if is_over else self

    @property
    def address(self) -> str:
        """The address of its page, from the root."""
        return f"/articles/{self.slug}/"


Channel = Literal["page", "amp", "feed"]
Part = str | Mapping[str, str]
"""HTML for all channels, or HTML for each channel by its name.

Beside AMP's HTML, `needs` names the AMP extension that it requires.
"""

BASE = "\x01"
"""Placeholder before an address from the publication's root."""
ORIGIN = "\x03"
"""Placeholder before an address from the host's root."""
UI_STRING = "\x02"
"""Placeholder on both sides of the name of a UI string, rendered in the article's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledBody:
    """The body of an article as parts of HTML, so that no build parses it again.

    It is divided where channels differ. No body contains the placeholders, which are control
    characters.
    """

    opening: tuple[Part, ...]
    """The lead figure, if the article begins with one."""
    body: tuple[Part, ...]
    rules: str
    """A digest of the compiler's code: a body compiled by other code is compiled again."""

    def extensions(self) -> set[str]:
        """Return the AMP extensions that it requires."""
        parts = (part for part in (*self.opening, *self.body) if not isinstance(part, str))
        return {part["needs"] for part in parts if "needs" in part}
