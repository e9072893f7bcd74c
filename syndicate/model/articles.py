"""Articles: one story with a public id that never changes, and its revisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

MEDIA = "media/"
"""Where local pictures lie, beside the config and in the output alike."""


class Status(StrEnum):
    """What an editor says of an article."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An author or contributor; only the name is always there."""

    name: str
    place: str | None = None
    url: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with what is said about it.

    `src` is `media/<hash>.<suffix>` for a local picture, an http(s) address for
    a remote one, and empty for one that wasn't there at import. `caption` and
    `credit` are plain text. Width and height are pixels, `length` bytes, `type`
    the media type; each None where unknown (remote pictures).
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
    """Widths in which a smaller rendition of a local picture lies beside it, ascending."""

    @property
    def local(self) -> bool:
        """Whether the picture is in the publication's own `media/`."""
        return self.src.startswith(MEDIA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What an article is heard by: an episode, or the article read aloud.

    `src` is as in `Figure`; `length` is bytes, `duration` whole seconds.
    """

    src: str
    type: str
    length: int | None = None
    duration: int | None = None
    title: str = ""

    @property
    def local(self) -> bool:
        """Whether it is in the publication's own `media/`."""
        return self.src.startswith(MEDIA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments:
    """What readers say of an article elsewhere: how many do, and where; None where unknown."""

    count: int | None = None
    url: str | None = None
    """The page that they are on, an http(s) address."""
    feed: str | None = None
    """Where feed readers follow them, in RSS or Atom; an http(s) address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One saved state of an article: everything an editor can change.

    `body` is sanitised, well-formed HTML (void elements self-closed, so it is
    XML too). Pictures in it have `src` as in `Figure`. A figure is always
    `<figure><img src alt width height/><figcaption>caption <cite>credit</cite>
    </figcaption></figure>`, without the parts it lacks; `figures` lists them in
    order. A player stands in the same way in a `<figure class="embed">`, and
    nowhere else: `<iframe src width height title allowfullscreen>`, `<video>` or
    `<audio>` with `controls`, `<source>` and `<track>`; what they load has https
    (a `poster` is as `src` in `Figure`), and nothing plays by itself. A frame with
    a video (`model.videos`) has its shape as a second class, such as `ratio-16-9`.
    Ids carry a prefix of the article's own. Every other address is absolute or
    relative to the article's page.
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
    summary: str = ""
    """The editor's own summary, plain text; empty when there is none."""
    excerpt: str = ""
    """The summary, or else the beginning of the body as plain text."""
    image: Figure | None = None
    """The lead picture that the front matter names; without `src` where it wasn't there."""
    figures: tuple[Figure, ...] = ()
    """The figures inside the body, in order."""
    canonical_url: str | None = None
    comments: Comments | None = None
    language: str | None = None
    audio: Recording | None = None
    translations: Mapping[str, str] = field(default_factory=dict)
    """The same article in other languages: BCP 47 tag, and a slug of ours or an http(s) address."""
    old_addresses: tuple[str, ...] = ()
    """Paths from the root at which the article was before, and which lead to it now."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Front matter that Syndicate does not know, kept with the article."""

    def __post_init__(self) -> None:
        for at in (self.date, self.updated):
            if at is not None and at.tzinfo is None:
                raise ValueError(f"{at!r} has no time zone")

    @property
    def lead(self) -> Figure | None:
        """The picture that stands for the article in lists, mail and feeds."""
        named = (self.image,) if self.image else ()
        return next((figure for figure in (*named, *self.figures) if figure.src), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(Revision):
    """An article as readers see it: its identity, and its newest published revision."""

    key: int
    """The store's own number for it; never shown."""
    id: str
    """The public id: RSS guid, Atom id and JSON Feed id."""
    slug: str
    path: str | None = None
    """The file it came from, relative to the publication where it lies inside."""
    source: str = field(default="", compare=False)
    """The hash of its file's body, by which a renamed file is known again; no reader sees it."""
    number: int | None = None
    """Its public number; None while it is not public."""
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
        """When it last changed for readers (RFC 4287, 4.2.15); never before `published`."""
        changed = self.saved_at if self.revision > 1 else self.published
        return max(self.updated or changed, self.published)

    def as_of(self, at: datetime, breaking_for: timedelta) -> Self:
        """Return it as readers see it at `at`: flagged as breaking for so long, and no longer."""
        over = self.breaking and at >= self.published + breaking_for
        return replace(self, breaking=False) if over else self

    @property
    def address(self) -> str:
        """Its path on the web, from the root; the same for every format of it."""
        return f"/articles/{self.slug}/"
