"""The types of values in config.toml: durations, zones, addresses, names.

A ValueError raised here says what was expected; the loader adds the line, the
key and the value that was read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import formataddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import idna
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from syndicate.clock import parse_duration
from syndicate.config import cron
from syndicate.text import is_email

ALL: Literal["all"] = "all"
_CONTROLS = r"\x00-\x1f\x7f"
_FAMILY = r"('[^'\"\\;{}<>&]+'|-?[^\W\d][\w-]*( [^\W\d][\w-]*)*)"
"""A font family as in CSS: in quotes, or as words."""
_AUTHORITY = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"_?{_LABEL}(\._?{_LABEL})*")
_INVALID_AUTHORITY = "expected a host, and a port between 1 and 65535 if any"
_SAFE_IN_PATH = "/%:@!$&'()*+,;=-._~"
BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_A_RATE = 'a rate such as "20/s", "600/m", "5000/h" or "50000/d"'
_A_MAILBOX = '"Name <name@example.org>"'
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def parsed(parse: Callable[[str], object], expected: str, *types: type) -> BeforeValidator:
    """Return a validator: a value of these types, or text that `parse` turns into one."""

    def check(value: object) -> object:
        if type(value) in types:
            return value
        try:
            return parse(value if isinstance(value, str) else "")
        except (ValueError, LookupError, OverflowError, OSError) as error:
            raise ValueError(f"expected {expected}") from error

    return BeforeValidator(check)


def requiring(condition: Callable[[Any], object], expected: str) -> AfterValidator:
    """Return a validator: the value has to meet a condition, or else `expected` is the message."""

    def check(value: object) -> object:
        if not condition(value):
            raise ValueError(f"expected {expected}")
        return value

    return AfterValidator(check)


def matching(pattern: str, expected: str) -> AfterValidator:
    """Return a validator: the whole text has to match."""
    return requiring(lambda text: re.fullmatch(pattern, text), expected)


def parseable(parse: Callable[[str], object]) -> AfterValidator:
    """Return a validator: `parse` has to take the text; its ValueError is the message."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


@dataclass(frozen=True, slots=True)
class Rate:
    """A number per unit of time, written "100/s", "20/m", "5000/h" or "50000/d"."""

    count: int
    """At least 1."""
    per: timedelta
    """A second, a minute, an hour or a day."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a rate of 1 or more; raise ValueError for anything else."""
        match = re.fullmatch("([0-9]{1,9})/([smhd])", text.strip())
        if match is None or not int(match[1]):
            raise ValueError(f"expected {_A_RATE}")
        return cls(int(match[1]), _UNITS[match[2]])

    def __str__(self) -> str:
        return f"{self.count}/{next(unit for unit, per in _UNITS.items() if per == self.per)}"


def public_url(value: str) -> str:
    """Return an address in ASCII, fit for headers: its host by IDNA, its path in %XX.

    An address with a user name or password is refused, since it would be published.
    """
    try:
        parts = urlsplit(value)
        authority, host, port = parts.netloc, parts.hostname or "", parts.port
        if not host.isascii() and "@" not in authority:
            authority = ascii_host(host) + ("" if port is None else f":{port}")
    except ValueError as error:  # UnicodeError is one too
        raise ValueError(_INVALID_AUTHORITY) from error
    if "@" in authority:
        raise ValueError("expected an address without a name and password: it is published")
    if port == 0 or not _AUTHORITY.fullmatch(authority):
        raise ValueError(_INVALID_AUTHORITY)
    path = quote(BARE_PERCENT.sub("%25", parts.path), safe=_SAFE_IN_PATH)
    return f"{parts.scheme}://{authority}{path}"


def _webhook(value: str) -> str:
    """Return an address in ASCII, with the query that many services put a token into."""
    address, question, query = value.partition("?")
    if "@" in address.split("/", 3)[2]:
        raise ValueError("expected an address without a name and password; put a token into ?key=…")
    safe_query = quote(BARE_PERCENT.sub("%25", query), _SAFE_IN_PATH + "?")
    return public_url(address) + question + safe_query


def ascii_host(host: str) -> str:
    """Return a host's name in ASCII; raise ValueError for an impossible one."""
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:  # such as emoji, which browsers encode by IDNA 2003
        return host.encode("idna").decode()


def domain_name(text: str) -> str:
    """Return a domain in lower-case ASCII; raise ValueError for anything else."""
    name = text.strip().lower().removesuffix(".")
    try:
        name = name if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError('expected a domain such as "example.org"') from error
    if not _HOST.fullmatch(name):
        raise ValueError('expected a domain such as "example.org"')
    return name


def _has_clear_login(url: str) -> bool:
    """Whether no part of a database's password could be taken for the host."""
    login, _, location = url.partition("://")[2].partition("@")
    path, _, options = location.partition("?")
    stray = "@" in options and not re.fullmatch(r"([^=&@]+=[^&]*(&|$))+", options)
    ambiguous = "@" in path or stray or (location and "?" in login)
    return not (url.startswith("postgresql") and ambiguous)


class Table(BaseModel):
    """A table of config.toml: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True
    )


class Mailbox(Table):
    """A name and an address, written `Name <address>`."""

    name: str = ""
    address: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `Name <address>` or a bare address; raise ValueError for anything else."""
        name, address = split_mailbox(text)
        # a sender's host may have no domain: localhost, intranet
        if not is_email(f"{address}.example") or re.search(f"[{_CONTROLS}]", text + name):
            raise ValueError(f"expected {_A_MAILBOX}, not {text!r}")
        return cls(name=name, address=address)

    @property
    def domain(self) -> str:
        """The part of the address after the @."""
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        return formataddr((self.name, self.address))


def split_mailbox(text: str) -> tuple[str, str]:
    """Split `Name <address>` or a bare address into name and address.

    `email.utils.parseaddr` recurses into nested comments until Python stops it.
    """
    text = text.strip()
    name, opened, address = text.rpartition("<")
    if not opened or not address.endswith(">"):
        return "", text
    name = name.strip()
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    elif "<" in name:  # more than one mailbox
        return "", text
    return name, address[:-1].strip()


def readable(name: str) -> str:
    """Return a name as readers see it where there is no title."""
    return name.replace("-", " ").replace("_", " ").capitalize()


Duration = Annotated[
    timedelta, parsed(parse_duration, 'a duration such as "10m" or "1h30m"', timedelta)
]
BeginWith = Annotated[
    timedelta | Literal["all"],
    parsed(
        lambda text: ALL if text == ALL else parse_duration(text),
        'a duration such as "24h", or "all"',
        timedelta,
    ),
]
"""Which published articles a new schedule's first edition takes."""
Throttle = Annotated[Rate, parsed(Rate.parse, _A_RATE, Rate), PlainSerializer(str)]
Day = Annotated[date, parsed(date.fromisoformat, "a day such as 2026-01-15", date)]
Interval = Annotated[
    Duration, requiring(lambda value: value >= timedelta(seconds=10), '"10s" or longer')
]
Cron = Annotated[str, parseable(cron.parse)]
Zone = Annotated[
    ZoneInfo,
    parsed(ZoneInfo, 'a time zone such as "Europe/Berlin"', ZoneInfo),
    PlainSerializer(str),
]
Name = Annotated[
    str,
    matching(
        "[a-z0-9][a-z0-9_-]{0,62}", "a name of small letters, digits, - and _, at most 63 of them"
    ),
]
Line = Annotated[str, matching(rf"[^{_CONTROLS}]*", "text on one line")]
Variable = Annotated[
    str,
    matching(
        "[A-Za-z_][A-Za-z0-9_.-]*", 'the name of an environment variable, such as "MAIL_PASSWORD"'
    ),
]
"""The name of an environment variable; most passwords don't match it."""
Language = Annotated[
    str,
    matching("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", 'a language such as "en" or "pt-BR" (BCP 47)'),
]
Url = Annotated[
    str,
    matching(r"https?://[^\s/?#]+[^\s?#]*", 'an address such as "https://example.org"'),
    AfterValidator(public_url),
]
"""A web address, stored in ASCII."""
WebhookUrl = Annotated[
    str,
    matching(r"https?://[^\s/?#]+[^\s#]*", 'an address such as "https://hooks.example.org/alarms"'),
    AfterValidator(_webhook),
]
"""A web address that is called, stored in ASCII; it may have a query."""
DatabaseUrl = Annotated[
    str,
    matching(
        r"(sqlite(\+pysqlite)?:///|postgresql(\+psycopg)?://).+",
        'a database such as "sqlite:///syndicate.db" or "postgresql://user@host/name"',
    ),
    requiring(
        _has_clear_login,
        '"%40" for an "@" and "%3F" for a "?" in the user name or the password, or '
        "the password in ~/.pgpass or PGPASSWORD",
    ),
]
StorageUrl = Annotated[
    str,
    matching(
        r"(?!https?:|[^/]+//[^/]*:.*@)([a-z][a-z0-9+.-]*://[^\s/]|file:///)\S*",
        'storage such as "s3://bucket/folder", without a password',
    ),
]
MailHost = Annotated[
    str,
    matching(
        r"[^\s/@:]+|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%\w+)?",
        'a mail server such as "smtp.example.org"; port, user name and password are other keys',
    ),
]
Domain = Annotated[str, AfterValidator(domain_name)]
DkimSelector = Annotated[str, matching(rf"{_LABEL}(\.{_LABEL})*", 'a selector such as "news-rsa"')]
Source = Annotated[
    str, matching(r"[^\s;,]+", 'a source of the policy such as "https://ads.example.org"')
]
Host = Annotated[
    str,
    matching(
        r"\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+",
        'a host such as "maps.example.org", "*.example.org" or "*"',
    ),
]
Network = Annotated[
    IPv4Network | IPv6Network,
    parsed(ip_network, 'a network such as "10.0.0.0/8"', IPv4Network, IPv6Network),
    PlainSerializer(str),
]
Attribute = Annotated[str | int, parsed(int, "text or a whole number", int, str)]
"""A text is left as it is."""
Colour = Annotated[str, matching("#[0-9A-Fa-f]{6}", 'a colour of six digits such as "#0B5C8A"')]
FontStack = Annotated[
    str,
    AfterValidator(lambda value: value.replace('"', "'")),
    matching(
        rf"{_FAMILY}( *, *{_FAMILY})*", "fonts as in CSS, such as \"Charter, 'Sitka Text', serif\""
    ),
]
"""Fonts as in CSS, with single quotes, so that an attribute can contain them."""
Sender = Annotated[Mailbox, parsed(Mailbox.parse, _A_MAILBOX, Mailbox)]
