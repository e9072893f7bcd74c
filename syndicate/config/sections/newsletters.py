"""`[[newsletters]]`: what readers subscribe to."""

from enum import StrEnum

from pydantic import Field, StrictBool

from syndicate.config.values import Duration, Language, Line, Name, Sender, Table, readable


class Tracking(StrEnum):
    """What is recorded of clicks on links."""

    NONE = "none"
    CLICKS = "clicks"
    """How many clicks each link had, but not whose."""
    READERS = "readers"
    """How many clicks each link had, and whose."""


class Newsletter(Table):
    """What a reader subscribes to."""

    name: Name
    """Its name in commands and in List-Id; if it changes, `subscribers move` takes its readers
    along.
    """
    title: Line = Field("", examples=["Breaking news"])
    """What readers call it. Default: the name."""
    description: str = Field("", examples=["What can't wait, when it happens."])
    """One sentence for readers."""
    sender: Sender | None = Field(
        None, alias="from", examples=["Breaking news <breaking@example.org>"]
    )
    """Who it is from. Default: mail.from."""
    reply_to: Sender | None = Field(None, examples=["editors@example.org"])
    """Where answers go. Default: mail.reply_to."""
    language: Language | None = Field(None, examples=["de"])
    """Its language. Default: the publication's."""
    expire_after: Duration | None = Field(None, examples=["6h"])
    """When to give up on a message. Default: mail.expire_after."""
    offered: StrictBool = True
    """Whether people can subscribe to it on the web."""
    archive: StrictBool = True
    """Whether everybody can read its editions on the web."""
    tracking: Tracking = Tracking.NONE
    """Whether clicks are counted: not at all, each link's, or each reader's."""
    utm: StrictBool = False
    """Whether links to our own pages carry UTM parameters."""

    @property
    def label(self) -> str:
        """What readers call it."""
        return self.title or readable(self.name)
