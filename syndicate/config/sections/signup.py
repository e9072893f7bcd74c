"""`[signup]` and `[retention]`: how people subscribe on the web, and what is deleted when."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.values import Duration, Line, Name, Table, readable


class CustomField(Table):
    """A question that the sign-up form asks readers."""

    name: Name
    """Its name in commands, imports and segments; don't change it."""
    label: Line = Field("", examples=["Where you live"])
    """What readers call it. Default: the name."""
    required: StrictBool = False
    """Whether the form can't be sent without it."""

    @property
    def title(self) -> str:
        """What readers call it."""
        return self.label or readable(self.name)


class SignupSettings(Table):
    """How people subscribe on the web."""

    enabled: StrictBool = True
    """Whether there is a page where people can subscribe."""
    confirm: StrictBool = True
    """Whether a mail asks first (double opt-in), as many laws require."""
    welcome: StrictBool = False
    """Whether new subscribers get a welcome mail."""
    expire_after: Duration = timedelta(days=7)
    """How long the link in a mail is valid."""
    fields: tuple[CustomField, ...] = ()
    """What the form asks for besides address and name."""
    disposable_domains: Path | None = Field(None, examples=["disposable.txt"])
    """A file of domains, one a line, whose addresses are refused."""
    proof_of_work: StrictBool = False
    """Whether the browser has to solve a proof of work, which needs a script."""
    per_address: StrictInt = Field(3, ge=1)
    """How many mails a day one address gets at most."""
    per_network: StrictInt = Field(20, ge=1)
    """How many sign-ups an hour one network may send without a proof of work."""
    in_all: StrictInt = Field(2000, ge=1)
    """How many sign-ups an hour there may be in all."""


class RetentionSettings(Table):
    """What is deleted, and when."""

    unconfirmed: Duration = timedelta(days=30)
    """How long unconfirmed sign-ups and their mails are kept."""
    events: Duration | None = Field(None, examples=["730d"])
    """How long server replies, reports and changes of readers are kept. Default: for ever."""
