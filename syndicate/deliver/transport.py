"""The ways out that the config names."""

from syndicate.config import Config, Transport
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.smtp.relay import Relay
from syndicate.deliver.smtp.smtp_relay import Smtp


def transport(config: Config) -> tuple[Relay, ...]:
    """Return the relays of a publication; none of them is connected to yet."""
    smtp = config.mail.transport is Transport.SMTP
    return Smtp.all_of(config) if smtp else (Outbox.of(config),)
