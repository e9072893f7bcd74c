"""The mail servers that newsletters leave by, and how much they and their destinations take.

`[mail]` has the keys of one server. Where there are several, each is a table
`[[mail.relays]]`; `[[mail.limits]]` are the destinations that want less at once.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.secret import secret_from_env, secret_from_file
from syndicate.config.sections.dkim import Domain
from syndicate.config.values import Day, Duration, MailHost, Name, Table, Throttle, Variable
from syndicate.errors import SecretUnreadable


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


DEFAULT_PORT = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}
SHARED = ("verify", "connections", "max_messages", "timeout")
"""Keys of `[mail]` that a relay without them takes over."""


class SmtpServer(Table):
    """A mail server: where it is, how we log in, and what it takes of us."""

    host: MailHost = Field(default="localhost", description="The mail server.")
    port: StrictInt | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Its port. Default: 25, 587 or 465, by security.",
        examples=[587],
    )
    security: Security = Field(
        default=Security.STARTTLS, description='"none", "starttls" or "tls".'
    )
    username: str | None = Field(
        default=None, description="The user to log in as.", examples=["news"]
    )
    password_env: Variable | None = Field(
        default=None,
        description="The environment variable that holds the password.",
        examples=["SYNDICATE_MAIL_PASSWORD"],
    )
    password_file: Path | None = Field(
        default=None,
        description="The file that holds the password, instead.",
        examples=["mail-password"],
    )
    verify: StrictBool = Field(
        default=True, description="Whether a certificate that doesn't match is refused."
    )
    connections: StrictInt = Field(
        default=4, ge=1, le=100, description="How many sessions at once."
    )
    max_messages: StrictInt = Field(
        default=100, ge=1, description="How many messages a session takes before a new one."
    )
    timeout: Duration = Field(
        default=timedelta(seconds=30),
        description="How long to wait for an answer; for the verdict on a message, 20 times that.",
    )
    rate: Throttle | None = Field(
        default=None,
        description="How many messages the server takes at most. Default: as many as go.",
        examples=["50/s"],
    )
    warm_up: tuple[Annotated[StrictInt, Field(ge=1)], ...] = Field(
        default=(),
        description="How many messages the server takes on the 1st, 2nd, … day; then no limit.",
        examples=[[200, 500, 1000, 2000, 5000]],
    )
    warm_up_from: Day | None = Field(
        default=None,
        description="The first day of warm_up, in UTC; before it, that day's number holds.",
        examples=[date(2026, 1, 15)],
    )

    @property
    def server_port(self) -> int:
        """The port, by the kind of security where none is named."""
        return self.port or DEFAULT_PORT[self.security]

    @property
    def address(self) -> str:
        """Where it is, for people: `smtp.example.org:587`."""
        return f"{self.host}:{self.server_port}"

    def password(self, root: Path) -> str | None:
        """Read the password; None where there is no login. A relative path starts at `root`.

        Raise SecretUnreadable when the environment variable or the file is missing.
        """
        if self.username is None:
            return None
        try:
            if self.password_env is not None:
                return secret_from_env(self.password_env)
            if self.password_file is not None:
                return secret_from_file(root / self.password_file)
        except ValueError as error:
            raise SecretUnreadable(
                f"the password for the mail server {self.host}: {error}"
            ) from error
        return None

    def warm_up_quota(self, on: date) -> int | None:
        """Return how many messages it takes on a day, in UTC; None where warming up is over."""
        if self.warm_up_from is None:
            return None
        day = max(0, (on - self.warm_up_from).days)
        return self.warm_up[day] if day < len(self.warm_up) else None


class RelayIdentity(Table):
    """What tells one of several relays from the others."""

    name: Name = Field(
        description="Its name in commands; what is counted of it hangs on it, so don't change it.",
        examples=["main"],
    )
    weight: StrictInt = Field(
        default=1,
        ge=0,
        description="Its share of the mail beside the others'; 0: only while no other takes any.",
    )


class RelaySettings(SmtpServer, RelayIdentity):
    """One of several mail servers that newsletters leave by; another one stands in for it."""

    host: MailHost = Field(description="The mail server.", examples=["smtp.example.org"])
    verify: StrictBool = Field(
        default=True,
        description="Whether a certificate that doesn't match is refused. Default: mail.verify.",
        examples=[True],
    )
    connections: StrictInt = Field(
        default=4,
        ge=1,
        le=100,
        description="How many sessions with it at once. Default: mail.connections.",
        examples=[8],
    )
    max_messages: StrictInt = Field(
        default=100,
        ge=1,
        description="How many messages a session takes. Default: mail.max_messages.",
        examples=[100],
    )
    timeout: Duration = Field(
        default=timedelta(seconds=30),
        description="How long to wait for an answer. Default: mail.timeout.",
        examples=[timedelta(seconds=30)],
    )

    @classmethod
    def alone(cls, server: SmtpServer) -> "RelaySettings":
        """Make the relay that `[mail]` itself is: named by its host."""
        keys = {key: getattr(server, key) for key in SmtpServer.model_fields}
        return cls.model_construct(**keys, name=server.host, weight=1)  # a host is no Name

    def within(self, mail: SmtpServer) -> "RelaySettings":
        """Return it with what it takes over of `[mail]`."""
        missing = (key for key in SHARED if key not in self.model_fields_set)
        return self.model_copy(update={key: getattr(mail, key) for key in missing})


class DomainLimit(Table):
    """Domains of readers whose mail provider takes only so much at once, all of them together."""

    domains: tuple[Domain, ...] = Field(
        min_length=1,
        description="The domains of one provider, as they stand in addresses.",
        examples=[["gmail.com", "googlemail.com"]],
    )
    rate: Throttle = Field(
        description="How many messages they get at most, by all relays.", examples=["20/s"]
    )


def sessions(available: Sequence[RelaySettings]) -> dict[str, int]:
    """Say how many sessions each of the relays that take mail now is to have, by name.

    The one with the greatest weight has all its connections, the others their
    part in proportion, at least one. Where the others are gone, so is their
    weight: what is left takes over. Those of weight 0 have sessions only among themselves.
    """
    most = max((relay.weight for relay in available), default=0)
    if most == 0:
        return {relay.name: relay.connections for relay in available}
    return {
        relay.name: max(1, relay.connections * relay.weight // most)
        for relay in available
        if relay.weight
    }
