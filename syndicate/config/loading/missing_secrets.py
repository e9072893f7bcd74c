"""Which passwords, keys and tokens that config.toml names can't be read now."""

from collections.abc import Iterator
from dataclasses import dataclass

from syndicate.config.config import Config
from syndicate.config.loading.toml_positions import Loc
from syndicate.config.sections.mail import TransportKind
from syndicate.errors import SecretUnreadable


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
