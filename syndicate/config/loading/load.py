"""Load config.toml, or raise every mistake in it at once; find its secrets that can't be read.

A mistake that pydantic finds is reported as what was expected, and what to do.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from syndicate.config.config import Config
from syndicate.config.loading.checks import check
from syndicate.config.loading.reference import ReferenceKey, keys, table_at
from syndicate.config.loading.toml_positions import Loc, Mistake, TomlDocument
from syndicate.errors import ConfigError, Problem, SecretUnreadable
from syndicate.text import closest_match

_UUID = 'expected a UUID such as "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"'
_EXPECTED = {
    "bool_type": "expected true or false, without quotes",
    "dict_type": "expected a table",
    "float_type": "expected a number such as 0.05, without quotes",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected {ge} or more",
    "int_type": "expected a whole number, without quotes",
    "less_than_equal": "expected {le} or less",
    "model_attributes_type": "expected a table",
    "model_type": "expected a table",
    "path_type": "expected text in quotes",
    "string_too_short": "expected text that isn't empty",
    "string_type": "expected text in quotes",
    "too_short": "expected {min_length} or more of them",
    "tuple_type": 'expected a list such as ["a", "b"]',
    "uuid_parsing": _UUID,
    "uuid_type": _UUID,
    "value_error": "{error}",
}
"""By pydantic's type of error; its context fills the braces."""


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
    mistakes += check(document.data, path.parent)
    if config is None or mistakes:
        raise ConfigError(*_problems(document, mistakes))
    return config


def secret_warnings(path: Path, config: Config) -> list[str]:
    """Describe, with their lines in config.toml, the secrets that can't be read now."""
    document = TomlDocument.parse(path.name, _read(path))
    effects = {
        missing_secrets: "no mail leaves",
        missing_token: "the token lets nobody in",
        missing_feedback_secrets: "no bounce comes in by it",
    }
    missing = [
        (secret.loc, f"{secret.reason}; {effect} until then")
        for find_missing, effect in effects.items()
        for secret in find_missing(config)
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
    mistakes = [(loc, _unknown(loc))] if "root" in data else []
    try:
        config = Config.model_validate({**data, "root": root}, by_alias=True, by_name=False)
    except ValidationError as error:
        details = error.errors(include_url=False)
        primary = [detail for detail in details if not _is_consequence(detail, details)]
        mistakes += [(detail["loc"], _expected(detail)) for detail in primary]
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
    for number, server in enumerate(mail.servers if mail.transport == "smtp" else ()):
        loc: Loc = ("mail", "relays", number) if mail.relays else ("mail",)
        key = f"mail.relays.{server.name}" if mail.relays else "mail"
        yield from _missing_secret(config, loc, key, server.password, server.password_env)
    for number, dkim in enumerate(mail.dkim):
        loc, key = ("mail", "dkim", number), f"mail.dkim.{dkim.selector}"
        yield from _missing_secret(config, loc, key, dkim.key, dkim.key_env)


def missing_token(config: Config) -> Iterator[MissingSecret]:
    """Find out whether the monitor token can't be read now: until it can, nobody can sign in."""
    web = config.web
    yield from _missing_secret(config, ("web",), "web", web.monitor_token, web.monitor_token_env)


def missing_feedback_secrets(config: Config) -> Iterator[MissingSecret]:
    """Find the mailbox's password and the secrets of hooks that can't be read now."""
    imap = config.bounces.imap
    if imap.host is not None:
        loc: Loc = ("bounces", "imap")
        yield from _missing_secret(config, loc, "bounces.imap", imap.password, imap.password_env)
    for number, hook in enumerate(config.hooks):
        loc, key = ("hooks", number), f"hooks.{hook.name}"
        yield from _missing_secret(config, loc, key, hook.secret, hook.secret_env)


def _missing_secret(
    config: Config, loc: Loc, key: str, read: Callable[[Path], object], variable: str | None
) -> Iterator[MissingSecret]:
    """Try to read a secret; its key ends in `_env` where it is in a `variable`, else in `_file`."""
    try:
        read(config.root)
    except (SecretUnreadable, ValueError) as error:
        name = f"{read.__name__}_{'file' if variable is None else 'env'}"
        cause = error.__cause__ if isinstance(error, SecretUnreadable) else None
        yield MissingSecret((*loc, name), f"{key}.{name}", str(cause or error))


def _expected(error: ErrorDetails) -> str:
    kind, loc = error["type"], error["loc"]
    if kind == "missing":
        return _missing(loc)
    if kind == "extra_forbidden":
        return _unknown(loc)
    if kind in {"enum", "literal_error"}:
        return f"expected {error['ctx']['expected']}".replace("'", '"')
    if kind == "tuple_type" and loc == ("feeds",):
        return "expected [[feeds]], in two brackets; settings of all feeds are in [syndication]"
    if kind == "tuple_type" and any(key.table for key in _keys(loc[:-1]) if key.name == loc[-1]):
        name = ".".join(step for step in loc if isinstance(step, str))
        return f"expected [[{name}]], in two brackets"
    return _EXPECTED.get(kind, error["msg"]).format(**error.get("ctx", {}))


def _unknown(loc: Loc) -> str:
    known = _keys(loc[:-1])
    thing = "key" if len(loc) > 1 else "table"
    match = closest_match(str(loc[-1]), [name for key in known for name in (key.name, key.field)])
    if match:
        name = next(key.name for key in known if match in (key.name, key.field))
        return f"there is no such {thing}; did you mean {name}?"
    return f"there is no such {thing}; there are {', '.join(key.name for key in known)}"


def _missing(loc: Loc) -> str:
    key = next(key for key in _keys(loc[:-1]) if key.name == loc[-1])
    if key.table is None:
        return f"missing: {key.description}"
    needed = " and ".join(child.name for child in keys(key.table) if child.required)
    return f"missing: expected [{key.name}] with {needed}"


def _keys(loc: Loc) -> tuple[ReferenceKey, ...]:
    model = table_at(loc)
    return keys(model) if model else ()
