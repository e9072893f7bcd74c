"""Creates the transports that the config names."""

from functools import partial

from syndicate.config import Config, TransportKind
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.deliver.smtp.transport import Transport


def configured_transports(config: Config) -> tuple[Transport, ...]:
    """Return a transport for each relay, or the outbox; none is connected yet."""
    if config.mail.transport is not TransportKind.SMTP:
        return (Outbox.of(config),)
    return tuple(
        SmtpTransport(
            server,
            partial(server.password, config.root),
            table=f"mail.relays.{server.name}" if config.mail.relays else "mail",
        )
        for server in config.mail.servers
    )
