"""`Config`: all of `config.toml`. Its tables are in `sections/`, one field per key.

A field's description is its documentation: `docs/configuration.md` and the
comments that `syndicate init` writes are compared with it by tests. Its example is
what those comments show where the default is empty.
"""

from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field

from syndicate.config.sections.alarms import AlarmSettings
from syndicate.config.sections.feedback import BounceSettings, HookSettings
from syndicate.config.sections.feeds import CustomFeed, PodcastSettings, SyndicationSettings
from syndicate.config.sections.mail import MailSettings
from syndicate.config.sections.navigation import NavigationSettings, Section, folded
from syndicate.config.sections.newsletters import Criteria, Newsletter, Schedule, Segment
from syndicate.config.sections.pages import AdsSettings, AmpSettings, PagesSettings
from syndicate.config.sections.preflight import PreflightSettings
from syndicate.config.sections.publication import PublicationSettings, ThemeSettings
from syndicate.config.sections.publishing import (
    IndexNowSettings,
    IntakeSettings,
    PublishSettings,
    StoreSettings,
    WebsubSettings,
)
from syndicate.config.sections.review import ReviewSettings
from syndicate.config.sections.signup import RetentionSettings, SignupSettings
from syndicate.config.sections.web import WebSettings
from syndicate.config.values import Mailbox, Table

_FRONT_NEWSLETTERS = 4
"""Newsletters that a home page offers unless they are configured: more crowd out its stories."""


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
    sections: tuple[Section, ...] = ()
    navigation: NavigationSettings = NavigationSettings()
    pages: PagesSettings = PagesSettings()
    amp: AmpSettings = AmpSettings()
    ads: AdsSettings = AdsSettings()
    mail: MailSettings = MailSettings()
    bounces: BounceSettings = BounceSettings()
    hooks: tuple[HookSettings, ...] = ()
    newsletters: tuple[Newsletter, ...] = ()
    segments: tuple[Segment, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    preflight: PreflightSettings = PreflightSettings()
    review: ReviewSettings = ReviewSettings()
    signup: SignupSettings = SignupSettings()
    retention: RetentionSettings = RetentionSettings()
    intake: IntakeSettings = IntakeSettings()
    web: WebSettings = WebSettings()
    alarms: AlarmSettings = AlarmSettings()
    root: Path = Field(exclude=True)
    """The folder of config.toml, where its relative paths start. Set by the loader."""

    @cached_property
    def url(self) -> str:
        """The public address of the publication, without a slash at the end."""
        return (self.publication.url or f"http://127.0.0.1:{self.web.port}").rstrip("/")

    @property
    def web_url(self) -> str:
        """The address of unsubscribe and sign-up pages, without a slash at the end."""
        return (self.web.url or self.url).rstrip("/")

    @property
    def hubs(self) -> tuple[str, ...]:
        """The hubs that feeds name: our own first, then the configured ones."""
        own = (f"{self.web_url}/hub",) if self.websub.own else ()
        return tuple(dict.fromkeys((*own, *self.websub.hubs)))

    @property
    def offered(self) -> tuple[Newsletter, ...]:
        """The newsletters that people can subscribe to on the web, in the order of the file."""
        if not self.signup.enabled:
            return ()
        return tuple(newsletter for newsletter in self.newsletters if newsletter.offered)

    @property
    def shelf(self) -> tuple[Newsletter, ...]:
        """The newsletters that the web shows: those offered, and those with a public archive."""
        offered = self.offered
        return tuple(item for item in self.newsletters if item in offered or item.archive)

    @property
    def front_newsletters(self) -> tuple[Newsletter, ...]:
        """The newsletters that the home page offers, in the editor's order."""
        if self.navigation.newsletters is None:
            return self.offered[:_FRONT_NEWSLETTERS]
        by_name = {newsletter.name: newsletter for newsletter in self.offered}
        return tuple(by_name[name] for name in self.navigation.newsletters if name in by_name)

    @property
    def header_sections(self) -> tuple[Section, ...]:
        """The sections in the head of pages, in the editor's order."""
        if self.navigation.sections is None:
            return self.sections
        by_title = {folded(section.title): section for section in self.sections}
        return tuple(by_title[folded(title)] for title in self.navigation.sections)

    def section_title(self, name: str | None) -> str:
        """Return the section of a story as `[[sections]]` spells it; empty without one."""
        return self._section_titles.get(folded(name or ""), name or "")

    @cached_property
    def _section_titles(self) -> dict[str, str]:
        return {folded(section.title): section.title for section in self.sections}

    def newsletter(self, name: str) -> Newsletter | None:
        """Find a newsletter by name."""
        return next((item for item in self.newsletters if item.name == name), None)

    def language_of(self, newsletter: Newsletter) -> str:
        """Return a newsletter's language, by default the publication's."""
        return newsletter.language or self.publication.language

    def schedule(self, name: str | None) -> Schedule | None:
        """Find a schedule by name."""
        return next((schedule for schedule in self.schedules if schedule.name == name), None)

    def segment(self, name: str) -> Segment | None:
        """Find a segment by name."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def criteria(self, name: str) -> Criteria:
        """Return the criteria of a configured segment."""
        segment = self.segment(name)
        assert segment is not None, "the configuration was checked"
        return Criteria(
            name=name,
            expression=segment.expression,
            language=self.publication.language,
            zone=self.publication.timezone,
        )

    def path(self, relative: Path | str) -> Path:
        """Resolve a path of config.toml against its folder."""
        return self.root / relative

    def zone(self, schedule: Schedule | None) -> ZoneInfo:
        """Return the time zone of a schedule's times; without one, the publication's."""
        own = schedule.timezone if schedule is not None else None
        return own or self.publication.timezone

    def sender(self, newsletter: Newsletter) -> Mailbox:
        """Return the sender of a newsletter."""
        return newsletter.sender or self.mail.sender

    def reply_to(self, newsletter: Newsletter) -> Mailbox | None:
        """Return the Reply-To of a newsletter."""
        return newsletter.reply_to or self.mail.reply_to

    def expire_after(self, newsletter: Newsletter) -> timedelta:
        """Return how long to retry a newsletter's messages."""
        return newsletter.expire_after or self.mail.expire_after

    @property
    def templates(self) -> Path:
        """The folder of the publication's own templates, which override the package's."""
        return self.root / "templates"

    @property
    def media(self) -> Path:
        """The folder of pictures."""
        return self.root / "media"

    @property
    def output(self) -> Path:
        """The folder of the published output."""
        return self.root / "feeds"

    def override(self, **tables: Any) -> Self:
        """Return a copy with whole tables replaced."""
        copied = self.model_copy(update=tables)
        for cached in ("url", "_section_titles"):  # from the tables before
            copied.__dict__.pop(cached, None)
        return copied
