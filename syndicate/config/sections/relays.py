"""The mail servers that newsletters leave by, and how much they and their destinations take.

`[mail]` has the keys of one server. Where there are several, each is a table
`[[mail.relays]]`; `[[mail.limits]]` are the destinations that want less at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.loading.toml_positions import Loc
from syndicate.config.sections.dkim import Domain, domain_name
from syndicate.config.values import Day, Duration, MailHost, Name, Table, Throttle, Variable


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


# what has to fit together, read from the raw tables


def mistakes(data: Mapping[str, Any]) -> Iterator[tuple[Loc, str]]:
    """Find what is wrong with the mail servers and the limits.

    Passwords are read by what logs in.
    """
    mail = data.get("mail")
    if not isinstance(mail, dict):
        return
    sends = mail.get("transport") == "smtp"
    yield from _beside(mail)
    yield from _together(mail)
    yield from _limits(mail)
    for loc, server in servers(mail):
        if "password_env" in server and "password_file" in server:
            told = "expected one of password_env and password_file, not both"
            yield (*loc, "password_file"), told
        if sends:
            yield from _login(server, loc)
        yield from _warm_up(server, loc)


def servers(mail: Mapping[str, Any]) -> Iterator[tuple[Loc, Mapping[str, Any]]]:
    """Go through the tables of the mail servers: the relays, or `[mail]` itself without any."""
    relays = mail.get("relays")
    if not relays or not isinstance(relays, list):
        yield ("mail",), mail
        return
    for number, relay in enumerate(relays):
        if isinstance(relay, dict):
            yield ("mail", "relays", number), relay


def _beside(mail: Mapping[str, Any]) -> Iterator[tuple[Loc, str]]:
    if not mail.get("relays"):
        return
    for key in SmtpServer.model_fields:
        if key in mail and key not in SHARED:
            told = "mail leaves by [[mail.relays]] alone; move it into the relays that it is for"
            yield ("mail", key), told


def _together(mail: Mapping[str, Any]) -> Iterator[tuple[Loc, str]]:
    """Check that each relay has a name of its own, and that one of them is used at all."""
    if not mail.get("relays"):
        return
    seen = set[str]()
    weights = list[object]()
    for loc, relay in servers(mail):
        name = relay.get("name")
        weights.append(relay.get("weight", 1))
        if isinstance(name, str) and name in seen:
            yield (*loc, "name"), "there are two relays of that name"
        seen.add(str(name))
    if all(weight == 0 for weight in weights):
        told = "no relay has a weight of 1 or more, so none is the one that mail leaves by"
        yield ("mail", "relays", 0, "weight"), told


def _limits(mail: Mapping[str, Any]) -> Iterator[tuple[Loc, str]]:
    """Check that no domain has two limits."""
    seen = set[str]()
    limits = mail.get("limits")
    for number, limit in enumerate(limits if isinstance(limits, list) else ()):
        domains = limit.get("domains") if isinstance(limit, dict) else None
        for position, written in enumerate(domains if isinstance(domains, list) else ()):
            try:
                domain = domain_name(written if isinstance(written, str) else "")
            except ValueError:  # told by the model
                continue
            if domain in seen:
                loc = ("mail", "limits", number, "domains", position)
                yield loc, f"{domain} has a limit already; remove one of them"
            seen.add(domain)


def _login(server: Mapping[str, Any], loc: Loc) -> Iterator[tuple[Loc, str]]:
    """Check that config.toml says where the password is, where one is needed."""
    named = "password_env" in server or "password_file" in server
    if isinstance(server.get("username"), str) and not named:
        yield (*loc, "username"), "needs password_env or password_file"


def _warm_up(server: Mapping[str, Any], loc: Loc) -> Iterator[tuple[Loc, str]]:
    if server.get("warm_up") and "warm_up_from" not in server:
        yield (*loc, "warm_up"), "needs warm_up_from, the first day, such as 2026-01-15"
    if "warm_up_from" in server and not server.get("warm_up"):
        yield (*loc, "warm_up_from"), "needs warm_up, such as [200, 500, 1000, 2000, 5000]"
