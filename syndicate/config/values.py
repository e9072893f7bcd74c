"""The types of values in config.toml: durations, zones, addresses, names.

A ValueError raised here says what was expected; the loader adds the line, the
key and the value that was read.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import formataddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import idna
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from syndicate.clock import parse_duration
from syndicate.config import cron

_CONTROLS = r"\x00-\x1f\x7f"
_CONTROL = re.compile(f"[{_CONTROLS}]")
_FAMILY = r"('[^'\"\\;{}<>&]+'|-?[^\W\d][\w-]*( [^\W\d][\w-]*)*)"
"""A font family as in CSS: in quotes, or as words."""
ALL: Literal["all"] = "all"
MIN_INTERVAL = timedelta(seconds=10)
_AUTHORITY = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_INVALID_AUTHORITY = "expected a host, and a port between 1 and 65535 if any"
_SAFE_IN_PATH = "/%:@!$&'()*+,;=-._~"
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


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
            raise ValueError('expected a rate such as "20/s", "600/m", "5000/h" or "50000/d"')
        return cls(int(match[1]), _UNITS[match[2]])

    def __str__(self) -> str:
        return f"{self.count}/{next(unit for unit, per in _UNITS.items() if per == self.per)}"


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except (ValueError, OverflowError) as error:
        raise ValueError('expected a duration such as "10m" or "1h30m"') from error


def _begin_with(value: object) -> object:
    if value == ALL:
        return ALL
    try:
        return _duration(value)
    except ValueError as error:
        raise ValueError('expected a duration such as "24h", or "all"') from error


def _rate(value: object) -> Rate:
    return value if isinstance(value, Rate) else Rate.parse(value if isinstance(value, str) else "")


def _day(value: object) -> date:
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        value = None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("expected a day such as 2026-01-15")  # noqa: TRY004 - pydantic wants ValueError
    return value


def _interval(value: timedelta) -> timedelta:
    if value < MIN_INTERVAL:
        raise ValueError(f'expected "{MIN_INTERVAL.seconds}s" or longer')
    return value


def _cron(value: str) -> str:
    cron.parse(value)
    return value


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError('expected a time zone such as "Europe/Berlin"') from error


def _url(value: str) -> str:
    """Return an address in ASCII, fit for headers: its host by IDNA, its path in %XX.

    An address with a user name or password is refused, since it would be published.
    """
    try:
        parts = urlsplit(value)
        authority, host, port = parts.netloc, parts.hostname or "", parts.port
        if not host.isascii() and "@" not in authority:
            authority = _ascii_host(host) + ("" if port is None else f":{port}")
    except ValueError as error:  # UnicodeError is one too
        raise ValueError(_INVALID_AUTHORITY) from error
    if "@" in authority:
        raise ValueError("expected an address without a name and password: it is published")
    if port == 0 or not _AUTHORITY.fullmatch(authority):
        raise ValueError(_INVALID_AUTHORITY)
    path = quote(_BARE_PERCENT.sub("%25", parts.path), safe=_SAFE_IN_PATH)
    return f"{parts.scheme}://{authority}{path}"


def _database(value: str) -> str:
    """Refuse an ambiguous login, where a part of the password could be taken for the host."""
    login, _, location = value.partition("://")[2].partition("@")
    path, _, options = location.partition("?")
    stray = "@" in options and not re.fullmatch(r"([^=&@]+=[^&]*(&|$))+", options)
    if value.startswith("postgresql") and ("@" in path or stray or (location and "?" in login)):
        raise ValueError(
            'expected "%40" for an "@" and "%3F" for a "?" in the user name or the password, or '
            "the password in ~/.pgpass or PGPASSWORD"
        )
    return value


def _ascii_host(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:  # such as emoji, which browsers encode by older rules
        return host.encode("idna").decode()


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(value if isinstance(value, str) else str(value))
    except ValueError as error:
        raise ValueError('expected a network such as "10.0.0.0/8"') from error


def _mailbox(value: object) -> object:
    if isinstance(value, Mailbox):
        return value
    try:
        return Mailbox.parse(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError('expected "Name <name@example.org>"') from error


def _attribute(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("expected text or a whole number")  # noqa: TRY004 - pydantic wants ValueError
    return value


def matching(pattern: str, expected: str) -> AfterValidator:
    """Return a validator: the whole text has to match, or else `expected` is the message."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"expected {expected}")
        return value

    return AfterValidator(check)


Duration = Annotated[timedelta, BeforeValidator(_duration)]
BeginWith = Annotated[timedelta | Literal["all"], BeforeValidator(_begin_with)]
"""Which published articles a new schedule's first edition takes."""
Throttle = Annotated[Rate, BeforeValidator(_rate), PlainSerializer(str)]
Day = Annotated[date, BeforeValidator(_day)]
Interval = Annotated[Duration, AfterValidator(_interval)]
Cron = Annotated[str, AfterValidator(_cron)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone), PlainSerializer(str)]
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
    AfterValidator(_url),
]
"""A web address, stored in ASCII."""
DatabaseUrl = Annotated[
    str,
    matching(
        r"(sqlite(\+pysqlite)?:///|postgresql(\+psycopg)?://).+",
        'a database such as "sqlite:///syndicate.db" or "postgresql://user@host/name"',
    ),
    AfterValidator(_database),
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
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network), PlainSerializer(str)]
Attribute = Annotated[str | int, BeforeValidator(_attribute)]
Colour = Annotated[str, matching("#[0-9A-Fa-f]{6}", 'a colour of six digits such as "#0B5C8A"')]
FontStack = Annotated[
    str,
    AfterValidator(lambda value: value.replace('"', "'")),
    matching(
        rf"{_FAMILY}( *, *{_FAMILY})*", "fonts as in CSS, such as \"Charter, 'Sitka Text', serif\""
    ),
]
"""Fonts as in CSS, with single quotes, so that an attribute can contain them."""


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
        from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - start-up

        name, address = split_mailbox(text)
        try:
            # a sender's host may have no domain: localhost, intranet
            validate_email(f"{address}.example", check_deliverability=False)
        except EmailNotValidError as error:
            raise ValueError(f'expected "Name <name@example.org>", not {text!r}') from error
        if _CONTROL.search(text) or _CONTROL.search(name):
            raise ValueError(f'expected "Name <name@example.org>" on one line, not {text!r}')
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


Sender = Annotated[Mailbox, BeforeValidator(_mailbox)]
