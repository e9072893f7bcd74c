"""`[podcast]`: what podcast directories are given where articles have recordings."""

from enum import StrEnum
from pathlib import Path
from uuid import UUID

from pydantic import Field, StrictBool, field_validator

from syndicate.config.values import Line, Table


class EpisodeOrder(StrEnum):
    """The order in which to hear a podcast."""

    EPISODIC = "episodic"
    SERIAL = "serial"


class PodcastSettings(Table):
    """Feeds as podcasts, for directories; used once an article has `audio`."""

    author: Line | None = Field(
        default=None,
        description="Whose podcast it is. Default: publication.author, or the title.",
        examples=["The editors"],
    )
    email: Line | None = Field(
        default=None,
        description="The owner's address, which directories write to; public in the feed.",
        examples=["podcast@example.org"],
    )
    category: Line = Field(
        default="News",
        min_length=1,
        description='A category of Apple, with a subcategory after a slash: "News/Politics".',
    )
    explicit: StrictBool = Field(default=False, description="Whether it is not for children.")
    image: Path | None = Field(
        default=None,
        description="A square JPEG or PNG, 1400 to 3000 pixels wide. Default: publication.logo.",
        examples=["cover.jpg"],
    )
    type: EpisodeOrder = Field(
        default=EpisodeOrder.EPISODIC,
        description='"episodic": newest first; "serial": in order from the first episode.',
    )
    locked: StrictBool = Field(
        default=False,
        description="Whether other podcast hosts are asked not to import the podcast.",
    )
    guid: UUID | None = Field(
        default=None,
        description="The podcast:guid of a podcast that moved here. Default: from its address.",
        examples=["917393e3-1b1e-5cef-ace4-edaa54e1f810"],
    )

    @field_validator("email")
    @classmethod
    def _address(cls, email: str | None) -> str | None:
        if email is None:
            return None
        from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - start-up

        try:
            validate_email(email, check_deliverability=False)
        except EmailNotValidError as error:
            raise ValueError('expected an address such as "podcast@example.org"') from error
        return email
