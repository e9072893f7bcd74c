"""`[mail]`: how newsletters are sent."""

from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt

from syndicate.config.sections.dkim import DkimKeySettings
from syndicate.config.sections.relays import DomainLimit, RelaySettings, SmtpServer
from syndicate.config.values import Duration, Mailbox, Sender, Table


class TransportKind(StrEnum):
    """How messages leave."""

    OUTBOX = "outbox"
    SMTP = "smtp"


Share = Annotated[StrictFloat, Field(gt=0, le=1)]


class SenderSettings(Table):
    """Who mail is from and for, and whether it is sent at all."""

    transport: TransportKind = Field(
        default=TransportKind.OUTBOX,
        description='"outbox" writes .eml files to look at; "smtp" sends.',
    )
    sender: Sender = Field(
        alias="from",
        default=Mailbox(name="Syndicate", address="news@localhost"),
        description="Who the mail is from, unless a newsletter sets its own.",
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


class MailSettings(SmtpServer, SenderSettings):
    """How newsletters are sent."""

    expire_after: Duration = Field(
        default=timedelta(hours=24), description="When to give up on a message that is deferred."
    )
    pause_at: Share = Field(
        default=0.05,
        description="An edition pauses itself when this share of it, from 0 to 1, fails for good.",
    )
    pause_after: StrictInt = Field(
        default=200, ge=1, description="How many messages must be settled before it can pause."
    )
    stop_timeout: Duration = Field(
        default=timedelta(seconds=8),
        description="How long messages that are being sent may take after a stop.",
    )
    dkim: tuple[DkimKeySettings, ...] = ()
    limits: tuple[DomainLimit, ...] = ()
    relays: tuple[RelaySettings, ...] = ()

    @cached_property
    def servers(self) -> tuple[RelaySettings, ...]:
        """The relays; if there are none, `[mail]` itself, named by its host."""
        if not self.relays:
            return (RelaySettings.from_server(self),)
        return tuple(relay.with_defaults(self) for relay in self.relays)
