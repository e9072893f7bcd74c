"""`[[mail.relays]]` and `[[mail.limits]]`: the mail servers, and the limits of destinations.

`[mail]` itself has the keys of one server; each of several is a table `[[mail.relays]]`.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.secret import read_secret
from syndicate.config.sections.dkim import Domain
from syndicate.config.values import Day, Duration, MailHost, Name, Table, Throttle, Variable
from syndicate.errors import SecretUnreadable


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


DEFAULT_PORT = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}
SHARED_KEYS = ("verify", "connections", "max_messages", "timeout")
"""Keys of `[mail]` that are the defaults of a relay."""


class SmtpServer(Table):
    """A mail server: its address, its login and its limits."""

    host: MailHost = "localhost"
    """The mail server."""
    port: StrictInt | None = Field(None, ge=1, le=65535, examples=[587])
    """Its port. Default: 25, 587 or 465, by security."""
    security: Security = Security.STARTTLS
    """ "none", "starttls" or "tls"."""
    username: str | None = Field(None, examples=["news"])
    """The user to log in as."""
    password_env: Variable | None = Field(None, examples=["SYNDICATE_MAIL_PASSWORD"])
    """The environment variable with the password."""
    password_file: Path | None = Field(None, examples=["mail-password"])
    """The file with the password, instead."""
    verify: StrictBool = True
    """Whether a certificate that doesn't match is refused."""
    connections: StrictInt = Field(4, ge=1, le=100)
    """How many sessions at once."""
    max_messages: StrictInt = Field(100, ge=1)
    """How many messages a session takes before a new one."""
    timeout: Duration = timedelta(seconds=30)
    """How long to wait for a reply; 20 times as long for the one to a message."""
    rate: Throttle | None = Field(None, examples=["50/s"])
    """How many messages the server takes at most. Default: no limit."""
    warm_up: tuple[Annotated[StrictInt, Field(ge=1)], ...] = Field(
        (), examples=[[200, 500, 1000, 2000, 5000]]
    )
    """How many messages the server takes on the 1st, 2nd, … day; then no limit."""
    warm_up_from: Day | None = Field(None, examples=[date(2026, 1, 15)])
    """The first day of warm_up, in UTC; its number also applies before."""

    @property
    def server_port(self) -> int:
        """The port; the default of `security` where none is set."""
        return self.port or DEFAULT_PORT[self.security]

    @property
    def address(self) -> str:
        """Host and port: `smtp.example.org:587`."""
        return f"{self.host}:{self.server_port}"

    def password(self, root: Path) -> str | None:
        """Read the password; None where there is no login. A relative path starts at `root`.

        Raise SecretUnreadable when the environment variable or the file is missing.
        """
        if self.username is None:
            return None
        try:
            return read_secret(self.password_env, self.password_file, root)
        except ValueError as error:
            raise SecretUnreadable(
                f"the password for the mail server {self.host}: {error}"
            ) from error

    def warm_up_quota(self, on: date) -> int | None:
        """Return how many messages it takes on a day, in UTC; None once warming up is over."""
        if self.warm_up_from is None:
            return None
        day = max(0, (on - self.warm_up_from).days)
        return self.warm_up[day] if day < len(self.warm_up) else None


class RelayIdentity(Table):
    """The name of a relay, and its share of the mail."""

    name: Name = Field(examples=["main"])
    """Its name in commands and in what is counted of it; don't change it."""
    weight: StrictInt = Field(1, ge=0)
    """Its share of the mail, relative to the others; 0: only while all others fail."""


class RelaySettings(SmtpServer, RelayIdentity):
    """One of several mail servers that send newsletters; the others take over when it fails."""

    host: MailHost = Field(examples=["smtp.example.org"])
    """The mail server."""
    verify: StrictBool = Field(True, examples=[True])
    """Whether a certificate that doesn't match is refused. Default: mail.verify."""
    connections: StrictInt = Field(4, ge=1, le=100, examples=[8])
    """How many sessions with it at once. Default: mail.connections."""
    max_messages: StrictInt = Field(100, ge=1, examples=[100])
    """How many messages a session takes. Default: mail.max_messages."""
    timeout: Duration = Field(timedelta(seconds=30), examples=[timedelta(seconds=30)])
    """How long to wait for a reply. Default: mail.timeout."""

    @classmethod
    def from_server(cls, server: SmtpServer) -> "RelaySettings":
        """Return `[mail]` itself as a relay, named by its host."""
        keys = {key: getattr(server, key) for key in SmtpServer.model_fields}
        return cls.model_construct(**keys, name=server.host, weight=1)  # a host is not a Name


class DomainLimit(Table):
    """A limit for the domains of one mail provider, all of them together."""

    domains: tuple[Domain, ...] = Field(min_length=1, examples=[["gmail.com", "googlemail.com"]])
    """The domains of one provider, as written in addresses."""
    rate: Throttle = Field(examples=["20/s"])
    """How many messages they get at most, from all relays."""


def sessions(available: Sequence[RelaySettings]) -> dict[str, int]:
    """Return how many sessions to open with each available relay, by name.

    The relay with the greatest weight gets all its connections, the others their share in
    proportion, at least one. A relay of weight 0 gets sessions only where all have weight 0.
    """
    max_weight = max((relay.weight for relay in available), default=0)
    if max_weight == 0:
        return {relay.name: relay.connections for relay in available}
    return {
        relay.name: max(1, relay.connections * relay.weight // max_weight)
        for relay in available
        if relay.weight
    }
