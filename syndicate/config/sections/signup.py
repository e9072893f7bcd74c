"""`[signup]` and `[retention]`: how people subscribe on the web, and what is deleted when."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.values import Duration, Line, Name, Table


class CustomField(Table):
    """A question that the sign-up form asks readers."""

    name: Name = Field(description="Its name in commands, imports and segments; don't change it.")
    label: Line = Field(
        default="",
        description="What readers call it. Default: the name.",
        examples=["Where you live"],
    )
    required: StrictBool = Field(
        default=False, description="Whether the form can't be sent without it."
    )

    @property
    def title(self) -> str:
        """What readers call it."""
        return self.label or self.name.replace("-", " ").replace("_", " ").capitalize()


class SignupSettings(Table):
    """How people subscribe on the web."""

    enabled: StrictBool = Field(
        default=True, description="Whether there is a page where people can subscribe."
    )
    confirm: StrictBool = Field(
        default=True, description="Whether a mail asks first (double opt-in), as many laws require."
    )
    welcome: StrictBool = Field(
        default=False, description="Whether new subscribers get a welcome mail."
    )
    expire_after: Duration = Field(
        default=timedelta(days=7), description="How long the link in a mail is valid."
    )
    fields: tuple[CustomField, ...] = Field(
        default=(), description="What the form asks for besides address and name."
    )
    disposable_domains: Path | None = Field(
        default=None,
        description="A file of domains, one a line, whose addresses are refused.",
        examples=["disposable.txt"],
    )
    proof_of_work: StrictBool = Field(
        default=False,
        description="Whether the browser has to solve a proof of work, which needs a script.",
    )
    per_address: StrictInt = Field(
        default=3, ge=1, description="How many mails a day one address gets at most."
    )
    per_network: StrictInt = Field(
        default=20,
        ge=1,
        description="How many sign-ups an hour one network may send without a proof of work.",
    )
    in_all: StrictInt = Field(
        default=2000, ge=1, description="How many sign-ups an hour there may be in all."
    )


class RetentionSettings(Table):
    """What is deleted, and when."""

    unconfirmed: Duration = Field(
        default=timedelta(days=30),
        description="How long unconfirmed sign-ups and their mails are kept.",
    )
    events: Duration | None = Field(
        default=None,
        description="How long server replies and changes of readers are kept. Default: for ever.",
        examples=["730d"],
    )
