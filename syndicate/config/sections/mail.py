"""`[mail]`: how newsletters are sent; its relays, the limits of destinations, and signing keys.

`[mail]` itself has the keys of one server; each of several is a table `[[mail.relays]]`. Messages
are signed with the keys of `[[mail.dkim]]` (RFC 6376, RFC 8463).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field, StrictBool, StrictFloat, StrictInt

from syndicate.config.secret import read_secret
from syndicate.config.values import (
    Day,
    DkimSelector,
    Domain,
    Duration,
    Mailbox,
    MailHost,
    Name,
    Sender,
    Table,
    Throttle,
    Variable,
)
from syndicate.errors import SecretUnreadable

if TYPE_CHECKING:  # start-up: most publications have no keys
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey

MIN_RSA_BITS = 2048
"""RFC 8301 still allows 1024; mailbox providers trust such a key less."""
_REMEDY = "`syndicate dkim-keygen --domain DOMAIN` makes one"


class DkimKeySettings(Table):
    """A key that every message is signed with (DKIM). One for RSA and one for Ed25519 is best."""

    selector: DkimSelector = Field(examples=["syndicate-rsa"])
    """The name of the key in DNS: SELECTOR._domainkey.DOMAIN."""
    domain: Domain | None = Field(None, examples=["example.org"])
    """The domain that signs: the sender's, or one above. Default: the sender's."""
    key_file: Path | None = Field(None, examples=["dkim/syndicate-rsa.pem"])
    """The file with the private key (PEM); only you should be able to read it."""
    key_env: Variable | None = Field(None, examples=["SYNDICATE_DKIM_RSA"])
    """The environment variable with the private key, instead."""

    def signing(self, domain: str) -> str | None:
        """Return the domain that signs mail from `domain`, itself or a parent; None if none."""
        own = self.domain or domain
        return own if f".{domain}".endswith(f".{own}") else None

    def key(self, root: Path) -> "PrivateKey":
        """Read the private key; raise ValueError with the fault and the remedy."""
        try:
            pem = read_secret(self.key_env, self.key_file, root)
        except ValueError as error:
            is_missing = self.key_file is not None and not (root / self.key_file).exists()
            raise ValueError(f"{error}; {_REMEDY}" if is_missing else error) from error
        assert pem is not None, "the configuration was checked"
        return private_key(pem)


@lru_cache(maxsize=16)  # parsing a key takes a hundred times as long as signing with it
def private_key(pem: str) -> "PrivateKey":
    r"""Parse a private key, RSA of 2048 bits or more or Ed25519; raise ValueError for others.

    From an environment variable, its lines may be joined by `\n`.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - start-up
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    if "PRIVATE KEY-----" not in pem:
        raise ValueError(f"holds no private key in PEM; {_REMEDY}")
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except TypeError as error:
        raise ValueError(f"holds a key that a password protects; {_REMEDY} without") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"holds no private key that can be read; {_REMEDY}") from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"holds a key that is neither RSA nor Ed25519; {_REMEDY}")  # noqa: TRY004 - reported as a mistake
    if key.key_size < MIN_RSA_BITS:
        raise ValueError(
            f"holds an RSA key of {key.key_size} bits; expected {MIN_RSA_BITS} or more: {_REMEDY}"
        )
    return key


DEFAULT_PORT = {"none": 25, "starttls": 587, "tls": 465}
SHARED_KEYS = frozenset({"verify", "verp", "connections", "max_messages", "timeout"})
"""Keys of `[mail]` that are the defaults of a relay."""


class SmtpServer(Table):
    """A mail server: its address, its login and its limits."""

    host: MailHost = "localhost"
    """The mail server."""
    port: StrictInt | None = Field(None, ge=1, le=65535, examples=[587])
    """Its port. Default: 25, 587 or 465, by security."""
    security: Literal["none", "starttls", "tls"] = "starttls"
    """ "none", "starttls" or "tls"."""
    username: str | None = Field(None, examples=["news"])
    """The user to log in as."""
    password_env: Variable | None = Field(None, examples=["SYNDICATE_MAIL_PASSWORD"])
    """The environment variable with the password."""
    password_file: Path | None = Field(None, examples=["mail-password"])
    """The file with the password, instead."""
    verify: StrictBool = True
    """Whether a certificate that doesn't match is refused."""
    verp: StrictBool = True
    """Whether it takes bounces.address with a token as envelope sender; false: mail.from."""
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
    verify: StrictBool = Field(True, examples=[True])
    """Whether a certificate that doesn't match is refused. Default: mail.verify."""
    verp: StrictBool = Field(True, examples=[True])
    """Whether it takes bounces.address with a token as envelope sender. Default: mail.verp."""
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


class SenderSettings(Table):
    """Who mail is from and for, and whether it is sent at all."""

    transport: Literal["outbox", "smtp"] = "outbox"
    """ "outbox" writes .eml files to look at; "smtp" sends."""
    sender: Sender = Field(Mailbox(name="Syndicate", address="news@localhost"), alias="from")
    """Who the mail is from, unless a newsletter sets its own."""
    reply_to: Sender | None = Field(None, examples=["editors@example.org"])
    """Where answers go. Default: to the sender."""
    only: tuple[str, ...] = Field((), examples=[["*@example.org"]])
    """Patterns of addresses; everybody else is held back. For a copied store."""
    outbox: Path = Path("outbox")
    """The folder of the outbox."""


class MailSettings(SmtpServer, SenderSettings):
    """How newsletters are sent."""

    expire_after: Duration = timedelta(hours=24)
    """When to give up on a message that is deferred."""
    pause_at: StrictFloat = Field(0.05, gt=0, le=1)
    """An edition pauses itself when this share of it, from 0 to 1, fails for good."""
    pause_after: StrictInt = Field(200, ge=1)
    """How many messages must be settled before it can pause."""
    stop_timeout: Duration = timedelta(seconds=8)
    """How long messages that are being sent may take after a stop."""
    dkim: tuple[DkimKeySettings, ...] = ()
    limits: tuple[DomainLimit, ...] = ()
    relays: tuple[RelaySettings, ...] = ()

    @cached_property
    def servers(self) -> tuple[RelaySettings, ...]:
        """The relays; if there are none, `[mail]` itself, named by its host."""
        if not self.relays:
            return (RelaySettings.from_server(self),)
        return tuple(
            relay.model_copy(
                update={key: getattr(self, key) for key in SHARED_KEYS - relay.model_fields_set}
            )
            for relay in self.relays
        )
