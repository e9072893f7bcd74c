"""The way out that the config names."""

from syndicate.config import Config, Transport
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.relay import Relay
from syndicate.deliver.smtp import Smtp


def transport(config: Config) -> Relay:
    """Return the relay of a publication; raise ConfigError when its password is missing."""
    return Smtp.of(config) if config.mail.transport is Transport.SMTP else Outbox.of(config)
