"""The models of `config.toml`: one class per table, one field per key.

A field's description is its documentation: `docs/configuration.md` and the
comments that `syndicate init` writes are held to it by tests. Its example is
what those comments show where the default says nothing.
"""

from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)

from syndicate.config.sections.ads import AdsSettings
from syndicate.config.sections.amp import AmpSettings
from syndicate.config.sections.feeds import ArticleFilter, CustomFeed, SyndicationSettings
from syndicate.config.sections.mail import MailSettings
from syndicate.config.sections.pages import PagesSettings
from syndicate.config.sections.podcast import PodcastSettings
from syndicate.config.sections.publish import PublishSettings
from syndicate.config.sections.push import IndexNowSettings, WebsubSettings
from syndicate.config.sections.segments import Criteria, Segment
from syndicate.config.sections.signup import RetentionSettings, SignupSettings
from syndicate.config.sections.theme import ThemeSettings
from syndicate.config.sections.tracking import Tracking
from syndicate.config.sections.web import WebSettings
from syndicate.config.values import (
    Beat,
    BeginWith,
    Cron,
    DatabaseUrl,
    Duration,
    Language,
    Line,
    Mailbox,
    Name,
    Sender,
    Table,
    Url,
    Zone,
)

ONE_TIMING = 'needs either every = "10m" or cron = "0 7 * * mon-fri", one of them'


class PublicationSettings(Table):
    """What is published, and how it presents itself."""

    id: UUID = Field(description="A UUID that never changes: every article's id is made from it.")
    title: Line = Field(min_length=1, description="The name of the publication.")
    url: Url = Field(
        default="",
        validate_default=False,
        description="The public address, without a slash at the end. Default: http://127.0.0.1:PORT.",
        examples=["https://news.example.org"],
    )
    language: Language = Field(
        default="en",
        description="The language of the publication, as in BCP 47.",
    )
    timezone: Zone = Field(
        default=ZoneInfo("UTC"),
        description="The zone of dates without one, and of the times that readers see.",
    )
    description: str = Field(
        default="",
        description="One sentence about the publication.",
        examples=["What happened, and what it means."],
    )
    author: Line | None = Field(
        default=None,
        description="Who stands for articles without authors.",
        examples=["The editors"],
    )
    logo: Path | None = Field(
        default=None, description="A picture file, for feeds and mail.", examples=["logo.png"]
    )
    rights: Line | None = Field(
        default=None,
        description="The line of copyright or licence that feeds carry.",
        examples=["© Morning Post, all rights reserved"],
    )
    icon: Path | None = Field(
        default=None,
        description="A square picture, 512 pixels wide or more, for feeds and browsers.",
        examples=["icon.png"],
    )
    postal_address: str = Field(
        default="",
        description="Stands at the foot of every mail, as the law asks; needed to send for real.",
        examples=["Morning Post, 1 Example Street, 10115 Berlin"],
    )
    breaking_for: Duration = Field(
        default=timedelta(hours=24),
        description="How long after its date a breaking article is marked as such, on pages, "
        "in lists and in mail, and is in the strip.",
    )


class StoreSettings(Table):
    """Where articles, subscribers and the ledger are kept."""

    url: DatabaseUrl = Field(
        default="sqlite:///syndicate.db",
        repr=False,
        description="sqlite:///FILE, relative to this file, or postgresql://USER@HOST/NAME.",
    )


class Newsletter(Table):
    """What a reader subscribes to."""

    name: Name = Field(
        description=(
            "Its name in commands and in List-Id; if it changes, `subscribers move` takes its "
            "readers along."
        )
    )
    title: Line = Field(
        default="",
        description="What readers call it. Default: the name.",
        examples=["Breaking news"],
    )
    description: str = Field(
        default="",
        description="One sentence for readers.",
        examples=["What can't wait, when it happens."],
    )
    sender: Sender | None = Field(
        alias="from",
        default=None,
        description="Who it is from. Default: mail.from.",
        examples=["Breaking news <breaking@example.org>"],
    )
    reply_to: Sender | None = Field(
        default=None,
        description="Where answers go. Default: mail.reply_to.",
        examples=["editors@example.org"],
    )
    language: Language | None = Field(
        default=None,
        description="Its language. Default: the publication's.",
        examples=["de"],
    )
    expire_after: Duration | None = Field(
        default=None,
        description="When to give up on a message. Default: mail.expire_after.",
        examples=["6h"],
    )
    offered: StrictBool = Field(
        default=True, description="Whether people can subscribe to it on the web."
    )
    archive: StrictBool = Field(
        default=True, description="Whether everybody can read its editions on the web."
    )
    tracking: Tracking = Field(
        default=Tracking.NONE,
        description="Whether clicks are counted: not at all, each link's, or each reader's.",
    )
    utm: StrictBool = Field(
        default=False, description="Whether links to our own pages say where they stood (UTM)."
    )

    @property
    def label(self) -> str:
        """What readers call it."""
        return self.title or self.name.replace("-", " ").replace("_", " ").capitalize()


class EditionFilter(ArticleFilter):
    """Which new articles an edition takes; every condition must hold."""

    max: StrictInt = Field(
        default=10, ge=1, le=100, description="How many in full; the rest is named in a line."
    )
    max_age: Duration | None = Field(
        default=None,
        description="Leave out what is older. Default: age does not matter.",
        examples=["24h"],
    )


class Schedule(Table):
    """One entry of the timetable."""

    name: Name = Field(description="Its name in commands and in the record of what went out.")
    newsletter: Name = Field(description="The newsletter it sends.")
    every: Beat | None = Field(
        default=None, description="A steady beat, 10 s or longer.", examples=["10m"]
    )
    cron: Cron | None = Field(
        default=None,
        description="In place of every: minute, hour, day, month, weekday, as Unix means them.",
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
        description="Send it to this segment of the newsletter's readers alone. Default: to all.",
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
    def _one_timing(self) -> Self:
        if (self.every is None) == (self.cron is None):
            raise ValueError(ONE_TIMING)
        return self


class IntakeSettings(Table):
    """How articles come in by themselves."""

    folder: Path = Field(default=Path("articles"), description="Where articles are filed.")
    watch: StrictBool = Field(
        default=True, description="Whether `run` takes in what is saved there."
    )


class Config(Table):
    """All of `config.toml`."""

    publication: PublicationSettings
    theme: ThemeSettings = ThemeSettings()
    store: StoreSettings = StoreSettings()
    syndication: SyndicationSettings = SyndicationSettings()
    feeds: tuple[CustomFeed, ...] = ()
    publish: PublishSettings = PublishSettings()
    websub: WebsubSettings = WebsubSettings()
    indexnow: IndexNowSettings = IndexNowSettings()
    podcast: PodcastSettings = PodcastSettings()
    pages: PagesSettings = PagesSettings()
    amp: AmpSettings = AmpSettings()
    ads: AdsSettings = AdsSettings()
    mail: MailSettings = MailSettings()
    newsletters: tuple[Newsletter, ...] = ()
    segments: tuple[Segment, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    signup: SignupSettings = SignupSettings()
    retention: RetentionSettings = RetentionSettings()
    intake: IntakeSettings = IntakeSettings()
    web: WebSettings = WebSettings()
    root: Path = Field(exclude=True)
    """The folder of config.toml; every relative path in it starts here. Set by the loader."""

    @cached_property
    def url(self) -> str:
        """The public address of the publication, without a slash at the end."""
        return (self.publication.url or f"http://127.0.0.1:{self.web.port}").rstrip("/")

    @property
    def web_url(self) -> str:
        """Where unsubscribe and its kind answer, without a slash at the end."""
        return (self.web.url or self.url).rstrip("/")

    @property
    def hubs(self) -> tuple[str, ...]:
        """The hubs that our feeds name: our own first, then those that are configured."""
        own = (f"{self.web_url}/hub",) if self.websub.own else ()
        return tuple(dict.fromkeys((*own, *self.websub.hubs)))

    def newsletter(self, name: str) -> Newsletter | None:
        """Find a newsletter by name."""
        return next((item for item in self.newsletters if item.name == name), None)

    def schedule(self, name: str | None) -> Schedule | None:
        """Find a schedule by name."""
        return next((item for item in self.schedules if item.name == name), None)

    def segment(self, name: str) -> Segment | None:
        """Find a segment by name."""
        return next((item for item in self.segments if item.name == name), None)

    def criteria(self, name: str) -> Criteria:
        """Return what finds the readers of a segment that is there."""
        segment = self.segment(name)
        assert segment is not None, "the configuration was checked"
        return Criteria(
            name=name,
            expression=segment.expression,
            language=self.publication.language,
            zone=self.publication.timezone,
        )

    def path(self, relative: Path | str) -> Path:
        """Resolve a path of the config against its folder."""
        return self.root / relative

    def zone(self, schedule: Schedule) -> ZoneInfo:
        """Return the time zone of a schedule's times."""
        return schedule.timezone or self.publication.timezone

    def sender(self, newsletter: Newsletter) -> Mailbox:
        """Who a newsletter is from."""
        return newsletter.sender or self.mail.sender

    def reply_to(self, newsletter: Newsletter) -> Mailbox | None:
        """Where answers to a newsletter go."""
        return newsletter.reply_to or self.mail.reply_to

    def expire_after(self, newsletter: Newsletter) -> timedelta:
        """How long a newsletter's messages are worth sending."""
        return newsletter.expire_after or self.mail.expire_after

    @property
    def templates(self) -> Path:
        """The publication's own templates, which win over the package's."""
        return self.root / "templates"

    @property
    def media(self) -> Path:
        """Where the publication's pictures are kept."""
        return self.root / "media"

    @property
    def output(self) -> Path:
        """The published output."""
        return self.root / "feeds"

    def override(self, **tables: Any) -> Self:
        """Return a copy with whole tables replaced."""
        return self.model_copy(update=tables)
