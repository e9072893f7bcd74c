"""`[publication]`: what is published, and how it presents itself."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from syndicate.config.values import Duration, Language, Line, Table, Url, Zone


class PublicationSettings(Table):
    """What is published, and how it presents itself."""

    id: UUID
    """A UUID that never changes: every article's id is made from it."""
    title: Line = Field(min_length=1)
    """The name of the publication."""
    url: Url = Field("", validate_default=False, examples=["https://news.example.org"])
    """The public address, without a slash at the end. Default: http://127.0.0.1:PORT."""
    language: Language = "en"
    """The language of the publication, as in BCP 47."""
    timezone: Zone = ZoneInfo("UTC")
    """The zone of dates without one, and of the times that readers see."""
    description: str = Field("", examples=["What happened, and what it means."])
    """One sentence about the publication."""
    author: Line | None = Field(None, examples=["The editors"])
    """The author of articles that name none."""
    logo: Path | None = Field(None, examples=["logo.png"])
    """A picture file, for feeds and mail."""
    rights: Line | None = Field(None, examples=["© Morning Post, all rights reserved"])
    """The copyright or licence line of feeds."""
    icon: Path | None = Field(None, examples=["icon.png"])
    """A square picture, 512 pixels wide or more, for feeds and browsers."""
    postal_address: str = Field("", examples=["Morning Post, 1 Example Street, 10115 Berlin"])
    """At the foot of every mail, as the law requires; needed to send by SMTP."""
    breaking_for: Duration = timedelta(hours=24)
    """How long after its date a breaking article is marked as such, on pages, in lists and in mail,
    and is in the strip.
    """
