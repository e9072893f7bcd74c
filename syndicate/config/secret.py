"""Secrets: read when mail is about to be sent, never kept in the configuration, never printed."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.errors import SecretUnreadable

if TYPE_CHECKING:  # the models read keys, which are secrets; lines masks them
    from syndicate.config.loading.toml_positions import Loc
    from syndicate.config.models import Config
    from syndicate.config.sections.relays import SmtpServer

_ASSIGNED = re.compile(
    r"((?:pass|secret|token|credential|(?<![a-z])[a-z]*key)[\w-]*\s*=\s*).*", re.IGNORECASE
)
"""`?password=x` in a URL, `password=x` in a connection string, `secret = "x"` in a table."""
_PASSWORD = re.compile(r"(//|^[\"']?)([^/:\s@\"']*):(?!//).*(?:@|…)")
"""`//user:x@`, or `user:x@` at the beginning; up to the last `@`, since one in the password may be
unescaped, a `/` likewise.
"""
_WEB_LOGIN = re.compile(r"(https?:)//[^/\s]*@", re.IGNORECASE)
"""The web knows tokens that are a name without a password."""
_SHORTEST_TOKEN = 16
"""Characters of a token: fewer can be tried out."""


@dataclass(frozen=True, slots=True)
class MissingSecret:
    """A secret that something needs and that can't be read now."""

    loc: "Loc"
    """The key of config.toml that names it."""
    key: str
    """The same as people write it: `mail.relays.main.password_env`."""
    reason: str

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


def password(server: "SmtpServer", config: "Config") -> str | None:
    """Read the password for a mail server; None where it takes no login.

    Raise SecretUnreadable when the environment variable or the file isn't there.
    """
    if server.username is None:
        return None
    try:
        if server.password_env is not None:
            return from_environment(server.password_env)
        if server.password_file is not None:
            return from_file(config.path(server.password_file))
    except ValueError as error:
        raise SecretUnreadable(
            f"the password for the mail server {server.host}: {error}"
        ) from error
    return None


def monitor_token(config: "Config") -> str | None:
    """Read the token that lets somebody see the figures; None where none is named.

    Raise SecretUnreadable when it isn't there, or so short that it can be guessed.
    """
    web = config.web
    try:
        if web.monitor_token_env is not None:
            token = from_environment(web.monitor_token_env)
        elif web.monitor_token_file is not None:
            token = from_file(config.path(web.monitor_token_file))
        else:
            return None
    except ValueError as error:
        raise SecretUnreadable(str(error)) from error
    if len(token) < _SHORTEST_TOKEN:
        raise SecretUnreadable(
            f"a token of {len(token)} characters can be guessed; expected {_SHORTEST_TOKEN} "
            "or more, such as `openssl rand -hex 24` prints"
        )
    return token


def missing_token(config: "Config") -> Iterator[MissingSecret]:
    """Find out whether the token for figures can't be read now: until then it opens nothing."""
    try:
        monitor_token(config)
    except SecretUnreadable as error:
        by_variable = config.web.monitor_token_env is not None
        name = "monitor_token_env" if by_variable else "monitor_token_file"
        yield MissingSecret(("web", name), f"web.{name}", str(error))


def missing_secrets(config: "Config") -> Iterator[MissingSecret]:
    """Find the passwords and signing keys that can't be read now: until then no mail leaves."""
    from syndicate.config.sections.mail import TransportKind  # noqa: PLC0415 - the models read keys

    mail = config.mail
    for number, server in enumerate(mail.servers if mail.transport is TransportKind.SMTP else ()):
        try:
            password(server, config)
        except SecretUnreadable as error:
            name = "password_env" if server.password_env is not None else "password_file"
            loc: Loc = ("mail", "relays", number, name) if mail.relays else ("mail", name)
            table = f"mail.relays.{server.name}" if mail.relays else "mail"
            yield MissingSecret(loc, f"{table}.{name}", str(error.__cause__))
    for number, dkim in enumerate(mail.dkim):
        try:
            dkim.key(config.root)
        except ValueError as error:
            name = "key_env" if dkim.key_env is not None else "key_file"
            key = f"mail.dkim.{dkim.selector}.{name}"
            yield MissingSecret(("mail", "dkim", number, name), key, str(error))


def from_environment(variable: str) -> str:
    """Read a secret from an environment variable; raise ValueError when it isn't set."""
    secret = os.environ.get(variable)
    if not secret:
        raise ValueError(f"the environment variable {variable} is not set")
    return secret


def from_file(path: Path) -> str:
    """Read a secret from a file, but for the line break at its end; raise ValueError without it."""
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8") from error
    if not secret:
        raise ValueError(f"{path} is empty")
    return secret


def mask_secrets(text: str) -> str:
    """Return a URL, or a value of the configuration, on one line and without passwords.

    It rather takes away too much: what it returns is printed and logged.
    """
    text = _ASSIGNED.sub(r"\1…", " ".join(text.split()))
    return _WEB_LOGIN.sub(r"\1//…@", _PASSWORD.sub(r"\1\2:…@", text))
