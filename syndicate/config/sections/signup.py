"""`[signup]` and `[retention]`: how people come in by themselves, and what is forgotten when."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.values import Duration, Line, Name, Table


class CustomField(Table):
    """Something that a publication wants to know of its readers."""

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
        default=True,
        description="Whether a letter asks first (double opt-in), as many laws want.",
    )
    welcome: StrictBool = Field(
        default=False, description="Whether a letter says welcome once somebody is subscribed."
    )
    expire_after: Duration = Field(
        default=timedelta(days=7), description="How long the link in a letter can be used."
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
        description="Whether the browser has to do some work first; it needs a script then.",
    )
    per_address: StrictInt = Field(
        default=3, ge=1, description="How many letters a day one address gets at most."
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
    """What is forgotten, and when."""

    unconfirmed: Duration = Field(
        default=timedelta(days=30),
        description="After this, who did not confirm is deleted, and old letters.",
    )
    events: Duration | None = Field(
        default=None,
        description="What servers answered, and what changed about readers. Default: kept.",
        examples=["730d"],
    )
