"""What somebody asks for who signs up: read from a form or from JSON, and checked.

Whether an address exists is not looked up: the letter finds that out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import idna
from email_validator import EmailNotValidError, validate_email

from syndicate.config import Config, Newsletter
from syndicate.errors import ConfigError
from syndicate.intake.markup.text import one_line, printable
from syndicate.web.ui_strings import SignupStrings, web_strings

MAX_LENGTH = 200
"""Characters of a name or of an own field."""
NEWSLETTERS_FIELD = "newsletters"
CUSTOM_PREFIX = "fields."
_LINE_BREAK = re.compile("[\x00-\x1f\x7f\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupRequest:
    """A sign-up in which nothing is missing."""

    email: str
    name: str
    fields: Mapping[str, str]
    """Own fields that were filled in, by name."""
    newsletters: tuple[Newsletter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupInput:
    """What somebody typed, as it came."""

    email: str = ""
    name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    newsletters: Sequence[str] = ()


class SignupErrors(Exception):  # noqa: N818 - what the reader made, not what failed
    """What a sign-up lacks: by field, in the publication's language."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        self.by_field = dict(by_field)
        super().__init__(", ".join(by_field))


class SignupValidator:
    """Reads wishes for one publication."""

    def __init__(self, config: Config) -> None:
        """Raise ConfigError where the list of disposable domains can't be read."""
        self._signup = config.signup
        self.offered = [newsletter for newsletter in config.newsletters if newsletter.offered]
        self._words: SignupStrings = web_strings(config.publication.language).signup
        listed = config.signup.disposable_domains
        self._disposable = _read_domains(config.path(listed)) if listed else frozenset[str]()

    def read(self, typed: SignupInput) -> SignupRequest:
        """Check what was typed; raise Mistakes."""
        mistakes: dict[str, str] = {}
        email = self._email(typed.email, mistakes)
        name = self._line("name", typed.name, mistakes)
        fields = {
            own.name: value
            for own in self._signup.fields
            if (value := self._own(own.name, typed, mistakes, required=own.required))
        }
        newsletters = self._newsletters(typed.newsletters, mistakes)
        for unknown in set(typed.fields) - {own.name for own in self._signup.fields}:
            mistakes[custom_field(printable(unknown))] = self._words.unknown.format(
                name=_quoted(unknown)
            )
        if mistakes:
            raise SignupErrors(mistakes)
        return SignupRequest(email=email, name=name, fields=fields, newsletters=newsletters)

    def address(self, typed: str) -> str | None:
        """Return an address as it is written best; None for one that we don't write to."""
        return self._email(typed, {}) or None

    def _email(self, typed: str, mistakes: dict[str, str]) -> str:
        try:
            found = validate_email(typed.strip(), check_deliverability=False, test_environment=True)
        except (EmailNotValidError, UnicodeError):
            mistakes["email"] = self._words.bad_email
            return ""
        if self._is_disposable(found.ascii_domain):
            mistakes["email"] = self._words.disposable.format(domain=found.domain)
            return ""
        return str(found.normalized)

    def _is_disposable(self, domain: str) -> bool:
        """Tell whether a domain, or one that it lies below, is on the list."""
        labels = domain.lower().split(".")
        return any(".".join(labels[start:]) in self._disposable for start in range(len(labels)))

    def _own(
        self, name: str, typed: SignupInput, mistakes: dict[str, str], *, required: bool
    ) -> str:
        field = custom_field(name)
        value = self._line(field, typed.fields.get(name, ""), mistakes)
        if required and not value and field not in mistakes:
            mistakes[field] = self._words.missing
        return value

    def _line(self, field: str, text: str, mistakes: dict[str, str]) -> str:
        """Return text on one line, without what no name has."""
        text = text.strip()
        if _LINE_BREAK.search(text) or len(text) > MAX_LENGTH:
            mistakes[field] = self._words.too_long.format(most=MAX_LENGTH)
            return ""
        return one_line(text)

    def _newsletters(
        self, names: Sequence[str], mistakes: dict[str, str]
    ) -> tuple[Newsletter, ...]:
        """Return those that were chosen, in the config's order; the only one is."""
        offered = {newsletter.name for newsletter in self.offered}
        strange = next((name for name in names if name not in offered), None)
        if strange is not None:
            mistakes[NEWSLETTERS_FIELD] = self._words.unknown.format(name=_quoted(strange))
        chosen = tuple(one for one in self.offered if one.name in names or len(offered) == 1)
        if not chosen:
            mistakes.setdefault(NEWSLETTERS_FIELD, self._words.none_chosen)
        return chosen


def custom_field(name: str) -> str:
    """Return what an own field is called in a form, where it can't be taken for one of ours."""
    return f"{CUSTOM_PREFIX}{name}"


def _quoted(name: str) -> str:
    return f"“{one_line(name)[:60]}”"


def _read_domains(file: Path) -> frozenset[str]:
    """Read a list of domains, one a line; what follows a # is a remark."""
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"signup.disposable_domains: {file} can't be read as text in UTF-8: {error}"
        ) from error
    named = (line.partition("#")[0].strip().lstrip("@.").lower() for line in lines)
    return frozenset(_to_ascii(domain) for domain in named if domain)


def _to_ascii(domain: str) -> str:
    try:
        return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain
