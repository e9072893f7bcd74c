"""Composes letters, transactional mails to one person: a paragraph, a button, and the reason.

A letter has no text from the person who requested it: anybody can enter anybody's address.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from syndicate.clock import EPOCH
from syndicate.config import Config, Newsletter
from syndicate.model.editions import LETTERS, Content, placeholder
from syndicate.render import ui_strings
from syndicate.render.mail.context import EditionDate, MailContext
from syndicate.render.mail.ui_strings import LetterStrings, mail_strings
from syndicate.render.templates import Templates


class Letter(StrEnum):
    """The kinds of letters."""

    CONFIRM = "confirm"
    """Asks to confirm a subscription."""
    WELCOME = "welcome"
    """Confirms that a subscription has started."""
    LEAVE_ADDRESS = "leave_address"
    """Asks the old address whether mail should go to another one."""
    NEW_ADDRESS = "new_address"
    """Asks the new address whether it is theirs."""
    DATA = "data"
    """Links to the reader's personal data."""


def compose_letter(
    letter: Letter,
    *,
    language: str,
    config: Config,
    templates: Templates,
    newsletters: Sequence[Newsletter] = (),
) -> Content:
    """Compose a letter about these newsletters; raise TemplateError.

    It is cached, since it is the same for everybody.
    """
    return _composed(
        letter, language, tuple(newsletters), _ByIdentity(config), _ByIdentity(templates)
    )


class _ByIdentity:
    """Makes a config hashable for the cache, by identity."""

    def __init__(self, value: Config | Templates) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=128)
def _composed(
    letter: Letter,
    language: str,
    newsletters: tuple[Newsletter, ...],
    config_key: _ByIdentity,
    templates_key: _ByIdentity,
) -> Content:
    config, templates = config_key.value, templates_key.value
    assert isinstance(config, Config)
    assert isinstance(templates, Templates)
    context = MailContext(
        config=config,
        templates=templates,
        newsletter=Newsletter(name=LETTERS),
        language=language,
        # a letter doesn't show it
        edition_date=EditionDate(at=EPOCH, zone=config.publication.timezone),
        draft_nonce=hashlib.sha256(letter.encode()).hexdigest()[:16],
    )
    strings: LetterStrings = getattr(mail_strings(language).letters, letter)
    names = [newsletter.label for newsletter in newsletters]
    fields = {
        "publication": config.publication.title,
        "newsletters": ui_strings.page_strings(language).all_of(names),
        "email": placeholder(context.draft_nonce, "email"),
    }
    subject = strings.title.format(**fields)
    message = strings.message.format(**fields)
    link = "preferences" if letter is Letter.WELCOME else "confirm"
    values = {
        "subject": subject,
        "title": subject,
        "preheader": message,
        "message": message,
        "button": strings.button,
        "address": placeholder(context.draft_nonce, link),
        "why": strings.why.format(**fields),
    }
    return context.content(
        subject=subject,
        preheader=message,
        html=context.html("email/letter.mjml", values),
        text=context.text("email/letter.txt", values),
    )
