"""Load config.toml, or raise every mistake in it at once; find its secrets that can't be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from syndicate.config.config import Config
from syndicate.config.loading import error_messages
from syndicate.config.loading.checks import check
from syndicate.config.loading.mail_checks import check_mail
from syndicate.config.loading.toml_positions import Loc, Mistake, TomlDocument
from syndicate.config.sections.mail import TransportKind
from syndicate.errors import ConfigError, Problem, SecretUnreadable


@dataclass(frozen=True, slots=True)
class MissingSecret:
    """A secret that is needed and can't be read now."""

    loc: Loc
    """The key of config.toml that names it."""
    key: str
    """The same as people write it: `mail.relays.main.password_env`."""
    reason: str

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


def load(path: Path, *, port: int | None = None) -> Config:
    """Read the configuration at `path`; `port`, where given, overrides `web.port`.

    Raise ConfigError with every mistake in the file, in the order of its lines.
    """
    path = path.absolute()
    document = TomlDocument.parse(path.name, _read(path))
    data, web = document.data, document.data.get("web", {})
    if port is not None and isinstance(web, dict):
        data = {**data, "web": {**web, "port": port}}
    config, mistakes = _validate(data, root=path.parent)
    mistakes += [*check(document.data, path.parent), *check_mail(document.data)]
    if config is None or mistakes:
        raise ConfigError(*_problems(document, mistakes))
    return config


def secret_warnings(path: Path, config: Config) -> list[str]:
    """Describe, with their lines in config.toml, the secrets that can't be read now."""
    document = TomlDocument.parse(path.name, _read(path))
    missing = [
        (secret.loc, f"{secret.reason}; no mail leaves until then")
        for secret in missing_secrets(config)
    ]
    missing += [
        (token.loc, f"{token.reason}; the token lets nobody in until then")
        for token in missing_token(config)
    ]
    return [str(problem) for problem in _problems(document, missing)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file; `syndicate init DIR` makes one in DIR"
        ) from error
    except IsADirectoryError as error:
        raise ConfigError(f"{path}: a folder; expected the config.toml in it") from error
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error


def _validate(data: dict[str, Any], root: Path) -> tuple[Config | None, list[Mistake]]:
    loc: Loc = ("root",)
    mistakes = [(loc, error_messages.unknown(loc))] if "root" in data else []
    try:
        config = Config.model_validate({**data, "root": root}, by_alias=True, by_name=False)
    except ValidationError as error:
        details = error.errors(include_url=False)
        primary = [detail for detail in details if not _is_consequence(detail, details)]
        mistakes += [(detail["loc"], error_messages.expected(detail)) for detail in primary]
        return None, mistakes
    return config, mistakes


def _is_consequence(detail: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """Whether a list is too short only because a wrong item of it was not counted."""
    loc = detail["loc"]
    inside = (other["loc"] for other in others if len(other["loc"]) > len(loc))
    return detail["type"] == "too_short" and any(other[: len(loc)] == loc for other in inside)


def _problems(document: TomlDocument, mistakes: list[Mistake]) -> Iterator[Problem]:
    for loc, message in sorted(dict.fromkeys(mistakes), key=lambda item: document.line(item[0])):
        quote = document.quote(loc)
        read = document.key(loc) if quote is None else f"{document.key(loc)} = {quote}"
        yield Problem(document.where(loc), f"{read} — {message}")


def missing_secrets(config: Config) -> Iterator[MissingSecret]:
    """Find the passwords and signing keys that can't be read now, without which no mail is sent."""
    mail = config.mail
    for number, server in enumerate(mail.servers if mail.transport is TransportKind.SMTP else ()):
        try:
            server.password(config.root)
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


def missing_token(config: Config) -> Iterator[MissingSecret]:
    """Find out whether the monitor token can't be read now: until it can, nobody can sign in."""
    try:
        config.web.monitor_token(config.root)
    except SecretUnreadable as error:
        by_variable = config.web.monitor_token_env is not None
        name = "monitor_token_env" if by_variable else "monitor_token_file"
        yield MissingSecret(("web", name), f"web.{name}", str(error))
