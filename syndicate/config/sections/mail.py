"""`[mail]`: how newsletters are sent."""

from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from pydantic import Field, StrictFloat, StrictInt

from syndicate.config.sections.dkim import DkimKeySettings
from syndicate.config.sections.relays import SHARED_KEYS, DomainLimit, RelaySettings, SmtpServer
from syndicate.config.values import Duration, Mailbox, Sender, Table


class TransportKind(StrEnum):
    """How messages leave."""

    OUTBOX = "outbox"
    SMTP = "smtp"


class SenderSettings(Table):
    """Who mail is from and for, and whether it is sent at all."""

    transport: TransportKind = TransportKind.OUTBOX
    """ "outbox" writes .eml files to look at; "smtp" sends."""
    sender: Sender = Field(Mailbox(name="Syndicate", address="news@localhost"), alias="from")
    """Who the mail is from, unless a newsletter sets its own."""
    reply_to: Sender | None = Field(None, examples=["editors@example.org"])
    """Where answers go. Default: to the sender."""
    only: tuple[str, ...] = Field((), examples=[["*@example.org"]])
    """Patterns of addresses; everybody else is held back. For a copied store."""
    outbox: Path = Path("outbox")
    """The folder of the outbox."""


class MailSettings(SmtpServer, SenderSettings):
    """How newsletters are sent."""

    expire_after: Duration = timedelta(hours=24)
    """When to give up on a message that is deferred."""
    pause_at: StrictFloat = Field(0.05, gt=0, le=1)
    """An edition pauses itself when this share of it, from 0 to 1, fails for good."""
    pause_after: StrictInt = Field(200, ge=1)
    """How many messages must be settled before it can pause."""
    stop_timeout: Duration = timedelta(seconds=8)
    """How long messages that are being sent may take after a stop."""
    dkim: tuple[DkimKeySettings, ...] = ()
    limits: tuple[DomainLimit, ...] = ()
    relays: tuple[RelaySettings, ...] = ()

    @cached_property
    def servers(self) -> tuple[RelaySettings, ...]:
        """The relays; if there are none, `[mail]` itself, named by its host."""
        if not self.relays:
            return (RelaySettings.from_server(self),)
        return tuple(
            relay.model_copy(
                update={
                    key: getattr(self, key)
                    for key in SHARED_KEYS
                    if key not in relay.model_fields_set
                }
            )
            for relay in self.relays
        )
