"""Checks a relay by connecting to it: whether it answers, its TLS certificate, the login."""

import ssl
from collections.abc import Iterator
from functools import partial

from syndicate.config import Config, RelaySettings, Security
from syndicate.deliver.doctor.finding import Finding, FindingState
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.errors import RelayUnavailable, SecretUnreadable


def check_connection(server: RelaySettings, table: str, config: Config) -> Iterator[Finding]:
    """Connect and log in, but send nothing; verify the certificate even if `verify` is false."""
    where = f"{table}.security"
    encrypted = server.security is not Security.NONE
    strict = server.model_copy(update={"verify": True})
    try:
        protection = SmtpTransport(strict, table=table).describe()
    except RelayUnavailable as error:
        yield Finding("connection", server.address, FindingState.WRONG, str(error))
        if encrypted:
            yield _failed_tls(where, error)
        return
    yield Finding("connection", server.address, FindingState.OK, "it answers")
    if encrypted:
        text = f"seen by {server.security}: {protection}"
        yield Finding("TLS", where, FindingState.OK, text)
    if server.username is not None:
        yield _login(server, table, config)


def _failed_tls(where: str, error: RelayUnavailable) -> Finding:
    # without a cause it is our own error: the server offers no STARTTLS
    if error.__cause__ is None or isinstance(error.__cause__, ssl.SSLError):
        return Finding("TLS", where, FindingState.WRONG, "there is no connection to be trusted")
    return Finding("TLS", where, FindingState.UNKNOWN, "there was no connection")


def _login(server: RelaySettings, table: str, config: Config) -> Finding:
    check, where = "login", f"{table}.username"
    try:
        SmtpTransport(server, partial(server.password, config.root), table=table).open().close()
    except SecretUnreadable as error:
        return Finding(check, where, FindingState.UNKNOWN, f"not tried: {error}", demanded=False)
    except RelayUnavailable as error:
        return Finding(check, where, FindingState.WRONG, str(error))
    return Finding(check, where, FindingState.OK, "accepted")
