"""`[publication]`: what is published, and how it presents itself."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from syndicate.config.values import Duration, Language, Line, Table, Url, Zone


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
        default="en", description="The language of the publication, as in BCP 47."
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
        default=None, description="The author of articles that name none.", examples=["The editors"]
    )
    logo: Path | None = Field(
        default=None, description="A picture file, for feeds and mail.", examples=["logo.png"]
    )
    rights: Line | None = Field(
        default=None,
        description="The copyright or licence line of feeds.",
        examples=["© Morning Post, all rights reserved"],
    )
    icon: Path | None = Field(
        default=None,
        description="A square picture, 512 pixels wide or more, for feeds and browsers.",
        examples=["icon.png"],
    )
    postal_address: str = Field(
        default="",
        description="At the foot of every mail, as the law requires; needed to send by SMTP.",
        examples=["Morning Post, 1 Example Street, 10115 Berlin"],
    )
    breaking_for: Duration = Field(
        default=timedelta(hours=24),
        description="How long after its date a breaking article is marked as such, on pages, "
        "in lists and in mail, and is in the strip.",
    )
