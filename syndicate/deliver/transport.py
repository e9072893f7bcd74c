"""The ways out that the config names."""

from syndicate.config import Config, TransportKind
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.smtp.relay import Transport
from syndicate.deliver.smtp.smtp_relay import SmtpTransport


def transport(config: Config) -> tuple[Transport, ...]:
    """Return the relays of a publication; none of them is connected to yet."""
    smtp = config.mail.transport is TransportKind.SMTP
    return SmtpTransport.all_of(config) if smtp else (Outbox.of(config),)
