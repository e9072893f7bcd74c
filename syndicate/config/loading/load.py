"""Loading config.toml: the configuration, or every mistake in it at once."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from syndicate.config.loading import error_messages
from syndicate.config.loading.checks import Mistake, check
from syndicate.config.loading.toml_positions import TomlDocument
from syndicate.config.models import Config
from syndicate.config.secret import missing_secrets, missing_token
from syndicate.config.sections import dkim, relays
from syndicate.errors import ConfigError, Problem

_WAITS = "no mail leaves until then"
_SHUT = "the token lets nobody in until then"


def load(path: Path, *, port: int | None = None) -> Config:
    """Read the configuration at `path`; `port`, where given, stands for `web.port`.

    Raise ConfigError with every mistake in the file, in the order of its lines.
    """
    path = path.absolute()
    document = TomlDocument.parse(path.name, _read(path))
    config, mistakes = _validate(_with_port(document.data, port), root=path.parent)
    mistakes += check(document.data, path.parent)
    mistakes += dkim.mistakes(document.data)
    mistakes += relays.mistakes(document.data)
    if config is None or mistakes:
        raise ConfigError(*_problems(document, mistakes))
    return config


def secret_warnings(path: Path, config: Config) -> list[str]:
    """Describe, with their lines in config.toml, the secrets that can't be read now."""
    document = TomlDocument.parse(path.name, _read(path))
    missing = [(secret.loc, f"{secret.reason}; {_WAITS}") for secret in missing_secrets(config)]
    missing += [(token.loc, f"{token.reason}; {_SHUT}") for token in missing_token(config)]
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


def _with_port(data: dict[str, Any], port: int | None) -> dict[str, Any]:
    web = data.get("web", {})
    if port is None or not isinstance(web, dict):
        return data
    return {**data, "web": {**web, "port": port}}


def _validate(data: dict[str, Any], root: Path) -> tuple[Config | None, list[Mistake]]:
    own: list[Mistake] = [(("root",), error_messages.unknown(("root",)))] if "root" in data else []
    try:
        config = Config.model_validate({**data, "root": root}, by_alias=True, by_name=False)
    except ValidationError as error:
        details = error.errors(include_url=False)
        told = [detail for detail in details if not _follows(detail, details)]
        return None, [*own, *((detail["loc"], error_messages.expected(detail)) for detail in told)]
    return config, own


def _follows(detail: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """Whether a list is too short only because something wrong in it was not counted."""
    loc = detail["loc"]
    inside = (other["loc"] for other in others if len(other["loc"]) > len(loc))
    return detail["type"] == "too_short" and any(other[: len(loc)] == loc for other in inside)


def _problems(document: TomlDocument, mistakes: list[Mistake]) -> Iterator[Problem]:
    """Put the mistakes in the order of the file, each of them once."""
    for loc, message in sorted(dict.fromkeys(mistakes), key=lambda item: document.line(item[0])):
        quote = document.quote(loc)
        read = document.key(loc) if quote is None else f"{document.key(loc)} = {quote}"
        yield Problem(document.where(loc), f"{read} — {message}")
