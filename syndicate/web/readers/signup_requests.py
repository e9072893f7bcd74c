"""Sign-ups, from the form or from JSON: how they are validated, and what they do in the store.

Whether an address exists isn't looked up: the letter to it shows that. Until its owner confirms
the sign-up, nothing stored is changed: anybody may have filled in the form.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from syndicate.config import Config, Newsletter
from syndicate.errors import ConfigError
from syndicate.language import translator
from syndicate.model.subscribers import Cause, SubscribeOutcome, domain_to_ascii
from syndicate.render.mail.letter import Letter
from syndicate.store import Transaction
from syndicate.text import one_line, printable
from syndicate.web.readers.letters import LetterSender, SignupLimit

MAX_LENGTH = 200
"""Characters of a name or of a custom field."""
NEWSLETTERS_FIELD = "newsletters"
CUSTOM_PREFIX = "fields."
_LINE_BREAK = re.compile("[\x00-\x1f\x7f\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupRequest:
    """A valid sign-up."""

    email: str
    name: str
    fields: Mapping[str, str]
    """Custom fields that were filled in, by name."""
    newsletters: tuple[Newsletter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupInput:
    """A sign-up as it was typed."""

    email: str = ""
    name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    newsletters: Sequence[str] = ()


class SignupErrors(Exception):  # noqa: N818 - the reader's errors, several at once
    """The errors in a sign-up, by field, in the publication's language."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        self.by_field = dict(by_field)
        super().__init__(", ".join(by_field))


class SignupValidator:
    """Validates the sign-ups of one publication."""

    def __init__(self, config: Config) -> None:
        """Raise ConfigError when the list of disposable domains can't be read."""
        self._signup = config.signup
        self._offered = config.offered
        self._texts = translator(config.publication.language)
        file = config.signup.disposable_domains
        self._disposable = _read_domains(config.path(file)) if file else frozenset[str]()

    def validate(self, typed: SignupInput) -> SignupRequest:
        """Return the sign-up; raise SignupErrors."""
        errors: dict[str, str] = {}
        email = self._email(typed.email, errors)
        name = self._line("name", typed.name, errors)
        fields = {}
        for custom in self._signup.fields:
            field = custom_field(custom.name)
            if value := self._line(field, typed.fields.get(custom.name, ""), errors):
                fields[custom.name] = value
            elif custom.required:
                errors.setdefault(field, self._texts.gettext("Please fill this in."))
        newsletters = self._newsletters(typed.newsletters, errors)
        for unknown in set(typed.fields) - {custom.name for custom in self._signup.fields}:
            errors[custom_field(printable(unknown))] = self._unknown(unknown)
        if errors:
            raise SignupErrors(errors)
        return SignupRequest(email=email, name=name, fields=fields, newsletters=newsletters)

    def parse_address(self, text: str) -> str | None:
        """Return a normalised address; None for one that we don't send mail to."""
        return self._email(text, {}) or None

    def _email(self, typed: str, errors: dict[str, str]) -> str:
        try:
            address = validate_email(
                typed.strip(), check_deliverability=False, test_environment=True
            )
        except (EmailNotValidError, UnicodeError):
            errors["email"] = self._texts.gettext(
                "That isn’t a complete email address. It should look like anna@example.org."
            )
            return ""
        labels = address.ascii_domain.lower().split(".")
        domains = (".".join(labels[start:]) for start in range(len(labels)))  # parents included
        if not self._disposable.isdisjoint(domains):
            errors["email"] = self._texts.gettext(
                "Addresses at %(domain)s only last a short while. Please use one you’ll still be "
                "reading next month.",
                domain=address.domain,
            )
            return ""
        return str(address.normalized)

    def _line(self, field: str, text: str, errors: dict[str, str]) -> str:
        text = text.strip()
        if _LINE_BREAK.search(text) or len(text) > MAX_LENGTH:
            errors[field] = self._texts.gettext(
                "Please use no more than %(most)s characters, on one line.", most=MAX_LENGTH
            )
            return ""
        return one_line(text)

    def _newsletters(self, names: Sequence[str], errors: dict[str, str]) -> tuple[Newsletter, ...]:
        """Return those that were chosen, in the config's order; a single one needs no choice."""
        offered = {newsletter.name for newsletter in self._offered}
        unknown = next((name for name in names if name not in offered), None)
        if unknown is not None:
            errors[NEWSLETTERS_FIELD] = self._unknown(unknown)
        chosen = tuple(item for item in self._offered if item.name in names or len(offered) == 1)
        if not chosen:
            errors.setdefault(NEWSLETTERS_FIELD, self._texts.gettext("Please choose at least one."))
        return chosen

    def _unknown(self, name: str) -> str:
        return self._texts.gettext("There is no %(name)s.", name=f"“{one_line(name)[:60]}”")


@dataclass(frozen=True, slots=True)
class SignupThrottled:
    """A sign-up over a limit that may be disclosed."""

    limit: SignupLimit
    wait: timedelta
    """How long until it can succeed."""
    proof_helps: bool = False
    """Whether it succeeds at once with a proof of work."""


def submit_signup(
    letters: LetterSender, signup: SignupRequest, *, cause: Cause, proven: bool
) -> SignupThrottled | None:
    """Subscribe a reader, or send them a letter to confirm it, unless there are too many.

    `proven` is by a proof of work. The result doesn't reveal whether the address is known.
    Raise StoreError.
    """
    limits = letters.limits
    with letters.store.read() as tx:
        reader = tx.subscribers.by_email(signup.email)
    language = letters.choose_language(reader, signup.newsletters)
    # compose the letter into the cache now, not while the write transaction is open
    letters.compose(Letter.CONFIRM, language, signup.newsletters)
    with letters.store.write() as tx:  # what one limit refuses doesn't use up the next
        wait = limits.take_signup(tx, cause, proven=proven)
        if wait is not None:
            return SignupThrottled(SignupLimit.NETWORK, wait, proof_helps=not proven)
        wait = limits.take_letter(tx, cause.at)
        if wait is not None:
            return SignupThrottled(SignupLimit.ALL, wait)
        # this limit is silent: others must not learn that an address got letters
        if limits.take_letter_to(tx, signup.email, cause.at) is None:
            _process(letters, tx, signup, language, cause=cause)
    letters.notify_sender()
    return None


def _process(
    letters: LetterSender, tx: Transaction, signup: SignupRequest, language: str, cause: Cause
) -> None:
    returning = list(signup.newsletters)
    if not letters.config.signup.confirm:
        returning = _subscribe(letters, tx, signup, cause=cause)
    if not returning:
        return
    names = [newsletter.name for newsletter in returning]
    reader = tx.subscribers.add_pending(signup.email, names, cause=cause)
    if reader is None:  # the address is suppressed
        return
    content = letters.compose(Letter.CONFIRM, language, returning)
    asked = {"newsletters": names, "name": signup.name, "fields": dict(signup.fields)}
    asked["how"] = cause.how
    letters.add_confirmation(tx, content, to=reader, asked=asked, at=cause.at)


def _subscribe(
    letters: LetterSender, tx: Transaction, signup: SignupRequest, cause: Cause
) -> list[Newsletter]:
    """Subscribe at once; return the newsletters that take a letter: once left, or suppressed."""
    was_known = tx.subscribers.by_email(signup.email) is not None
    new, returning = [], []
    for newsletter in signup.newsletters:
        outcome = tx.subscribers.subscribe(
            signup.email, newsletter.name, name=signup.name, cause=cause
        )
        if outcome is SubscribeOutcome.NEW:
            new.append(newsletter)
        elif outcome is not SubscribeOutcome.KNOWN:  # `add_pending` knows who may come back
            returning.append(newsletter)
    reader = tx.subscribers.by_email(signup.email)
    if reader is not None and new:
        if not was_known:
            tx.subscribers.update(reader.key, fields=signup.fields, cause=cause)
        letters.add_welcome(tx, reader.key, new, at=cause.at)
    return returning


def custom_field(name: str) -> str:
    """Return the form's name of a custom field, which differs from all names of ours."""
    return f"{CUSTOM_PREFIX}{name}"


def _read_domains(file: Path) -> frozenset[str]:
    """Read a list of domains, one per line, with # comments; raise ConfigError."""
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"signup.disposable_domains: {file} can't be read as text in UTF-8: {error}"
        ) from error
    domains = (line.partition("#")[0].strip().lstrip("@.").lower() for line in lines)
    return frozenset(domain_to_ascii(domain) for domain in domains if domain)
