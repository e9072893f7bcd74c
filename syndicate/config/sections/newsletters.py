"""`[[newsletters]]`: what readers subscribe to."""

from pydantic import Field, StrictBool

from syndicate.config.sections.tracking import Tracking
from syndicate.config.values import Duration, Language, Line, Name, Sender, Table


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
        default=None, description="Its language. Default: the publication's.", examples=["de"]
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
        default=False, description="Whether links to our own pages carry UTM parameters."
    )

    @property
    def label(self) -> str:
        """What readers call it."""
        return self.title or self.name.replace("-", " ").replace("_", " ").capitalize()
