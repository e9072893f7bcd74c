"""Creates the transports that the config names."""

from syndicate.config import Config, TransportKind
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.deliver.smtp.transport import Transport


def configured_transports(config: Config) -> tuple[Transport, ...]:
    """Return a transport for each relay, or the outbox; none is connected yet."""
    smtp = config.mail.transport is TransportKind.SMTP
    return SmtpTransport.all_of(config) if smtp else (Outbox.of(config),)
