"""Letters to one person: a paragraph, one button, and why it came.

A letter holds no word of whoever asked for it: anybody can enter anybody's address.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from syndicate.clock import EPOCH
from syndicate.config import Config, Newsletter
from syndicate.model.editions import LETTERS, Content, slot_marker
from syndicate.render import ui_strings
from syndicate.render.mail.context import EditionDate, MailContext
from syndicate.render.mail.ui_strings import LetterStrings, mail_strings
from syndicate.render.templates import Templates


class Letter(StrEnum):
    """What a letter is about."""

    CONFIRM = "confirm"
    """Whether a subscription is wanted."""
    WELCOME = "welcome"
    """A subscription has begun."""
    LEAVE_ADDRESS = "leave_address"
    """To the old address: whether mail is to go elsewhere."""
    NEW_ADDRESS = "new_address"
    """To the new address: whether it is theirs."""
    DATA = "data"
    """The way to what is kept on them."""


def compose_letter(
    letter: Letter,
    *,
    language: str,
    config: Config,
    templates: Templates,
    newsletters: Sequence[Newsletter] = (),
) -> Content:
    """Compose a letter about these newsletters; raise TemplateError.

    It is composed once in a process, since it says the same to everybody.
    """
    return _composed(
        letter, language, tuple(newsletters), _ByIdentity(config), _ByIdentity(templates)
    )


class _ByIdentity:
    """Something that is remembered by identity: a config can't be hashed."""

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
    of: _ByIdentity,
    by: _ByIdentity,
) -> Content:
    config, templates = of.value, by.value
    assert isinstance(config, Config)
    assert isinstance(templates, Templates)
    press = MailContext(
        config=config,
        templates=templates,
        newsletter=Newsletter(name=LETTERS),
        language=language,
        edition_date=EditionDate(
            at=EPOCH, zone=config.publication.timezone
        ),  # not shown in a letter
        draft=hashlib.sha256(letter.encode()).hexdigest()[:16],
    )
    said: LetterStrings = getattr(mail_strings(language).letters, letter)
    places = {
        "publication": config.publication.title,
        "newsletters": ui_strings.page_strings(language).all_of([one.label for one in newsletters]),
        "email": slot_marker(press.draft, "email"),
    }
    subject = said.title.format(**places)
    link = "preferences" if letter is Letter.WELCOME else "confirm"
    values = {
        "subject": subject,
        "title": subject,
        "preheader": said.said.format(**places),
        "said": said.said.format(**places),
        "button": said.button,
        "address": slot_marker(press.draft, link),
        "why": said.why.format(**places),
    }
    return press.content(
        subject=subject,
        preheader=str(values["preheader"]),
        html=press.html("email/letter.mjml", values),
        text=press.text("email/letter.txt", values),
    )
