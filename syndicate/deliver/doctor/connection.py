"""What a connection to a relay shows: whether it answers, its TLS and certificate, the login."""

import ssl
from collections.abc import Iterator
from functools import partial

from syndicate.config import Config, RelaySettings, Security
from syndicate.deliver.doctor.finding import Finding, FindingState
from syndicate.deliver.smtp.smtp_relay import SmtpTransport
from syndicate.errors import RelayUnavailable, SecretUnreadable


def connect(server: RelaySettings, table: str, config: Config) -> Iterator[Finding]:
    """Connect to a relay and log in, as for mail, but send nothing.

    Its certificate is checked, also where `verify` = false would let mail go without.
    """
    strict = server.model_copy(update={"verify": True})
    try:
        protection = SmtpTransport(strict, table=table).describe()
    except RelayUnavailable as error:
        yield _connection(server, FindingState.WRONG, str(error))
        yield from _failed_tls(server, table, error)
        return
    yield _connection(server, FindingState.OK, "it answers")
    if server.security is not Security.NONE:
        said = f"seen by {server.security}: {protection}"
        yield Finding(check="TLS", where=f"{table}.security", state=FindingState.OK, said=said)
    if server.username is not None:
        yield _login(server, table, config)


def _connection(server: RelaySettings, state: FindingState, said: str) -> Finding:
    return Finding(check="connection", where=server.address, state=state, said=said)


def _failed_tls(server: RelaySettings, table: str, error: RelayUnavailable) -> Iterator[Finding]:
    """Say what is known of TLS where no connection came about."""
    if server.security is Security.NONE:
        return
    # without a cause it is ours: the server offers no STARTTLS
    is_tls = error.__cause__ is None or isinstance(error.__cause__, ssl.SSLError)
    state = FindingState.WRONG if is_tls else FindingState.UNKNOWN
    said = "no connection that can be trusted came about" if is_tls else "there was no connection"
    yield Finding(check="TLS", where=f"{table}.security", state=state, said=said)


def _login(server: RelaySettings, table: str, config: Config) -> Finding:
    where = f"{table}.username"
    try:
        SmtpTransport(server, partial(server.password, config.root), table=table).open().close()
    except SecretUnreadable as error:
        said = f"not tried: {error}"
        return Finding(
            check="login", where=where, state=FindingState.UNKNOWN, said=said, demanded=False
        )
    except RelayUnavailable as error:
        return Finding(check="login", where=where, state=FindingState.WRONG, said=str(error))
    return Finding(check="login", where=where, state=FindingState.OK, said="it was taken")
