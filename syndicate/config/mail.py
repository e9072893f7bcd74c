"""The `[mail]` table: how newsletters are sent."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt

from syndicate.config.dkim import Dkim
from syndicate.config.values import Duration, Line, Mailbox, Sender, Table


class Transport(StrEnum):
    """How messages leave."""

    OUTBOX = "outbox"
    SMTP = "smtp"


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


Share = Annotated[StrictFloat, Field(gt=0, le=1)]
DEFAULT_PORT = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}


class Mail(Table):
    """How newsletters are sent."""

    transport: Transport = Field(
        default=Transport.OUTBOX,
        description='"outbox" writes .eml files to look at; "smtp" sends.',
    )
    sender: Sender = Field(
        alias="from",
        default=Mailbox(name="Syndicate", address="news@localhost"),
        description="Who the mail is from, unless a newsletter says otherwise.",
    )
    reply_to: Sender | None = Field(
        default=None,
        description="Where answers go. Default: to the sender.",
        examples=["editors@example.org"],
    )
    only: tuple[str, ...] = Field(
        default=(),
        description="Patterns of addresses; everybody else is held back. For a copied store.",
        examples=[["*@example.org"]],
    )
    outbox: Path = Field(default=Path("outbox"), description="The folder of the outbox.")
    host: Line = Field(default="localhost", min_length=1, description="The mail server.")
    port: StrictInt | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Its port. Default: 25, 587 or 465, by security.",
        examples=[587],
    )
    security: Security = Field(
        default=Security.STARTTLS, description='"none", "starttls" or "tls".'
    )
    username: str | None = Field(
        default=None, description="The user to log in as.", examples=["news"]
    )
    password_env: str | None = Field(
        default=None,
        description="The environment variable that holds the password.",
        examples=["SYNDICATE_MAIL_PASSWORD"],
    )
    password_file: Path | None = Field(
        default=None,
        description="The file that holds the password, instead.",
        examples=["mail-password"],
    )
    connections: StrictInt = Field(
        default=4, ge=1, le=100, description="How many sessions at once."
    )
    max_messages: StrictInt = Field(
        default=100, ge=1, description="How many messages a session takes before a new one."
    )
    timeout: Duration = Field(
        default=timedelta(seconds=30),
        description="How long to wait for an answer; for the verdict on a message, 20 times that.",
    )
    expire_after: Duration = Field(
        default=timedelta(hours=24), description="When to give up on a message put off."
    )
    pause_at: Share = Field(
        default=0.05,
        description="An edition pauses itself when this share of it, from 0 to 1, fails for good.",
    )
    pause_after: StrictInt = Field(
        default=200, ge=1, description="So many have to be settled before it does."
    )
    dkim: tuple[Dkim, ...] = ()

    @property
    def server_port(self) -> int:
        """The port, by the kind of security where none is named."""
        return self.port or DEFAULT_PORT[self.security]
