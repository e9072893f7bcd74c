"""Composes letters, transactional mails to one person: a paragraph, a button, and the reason.

A letter has no text from the person who requested it: anybody can enter anybody's address.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache, partial

from syndicate.clock import EPOCH
from syndicate.config import Config, Newsletter
from syndicate.model.editions import LETTERS, Content, placeholder
from syndicate.render.formatting import join_names
from syndicate.render.mail.context import EditionDate, MailContext
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
        seed=letter,
    )
    gettext = partial(
        context.translator.gettext,
        publication=config.publication.title,
        newsletters=join_names([newsletter.label for newsletter in newsletters], language),
        email=placeholder(context.draft_nonce, "email"),
    )
    subject, message = _subject_and_message(letter, gettext)
    button, why = _button_and_reason(letter, gettext)
    link = "preferences" if letter is Letter.WELCOME else "confirm"
    values = {
        "subject": subject,
        "title": subject,
        "preheader": message,
        "message": message,
        "button": button,
        "address": placeholder(context.draft_nonce, link),
        "why": why,
    }
    html = context.html("email/letter.mjml", values)
    return context.content(html, "email/letter.txt", values)


def _subject_and_message(letter: Letter, gettext: Callable[[str], str]) -> tuple[str, str]:
    match letter:
        case Letter.CONFIRM:
            return (
                gettext("Please confirm your subscription to %(publication)s"),
                gettext("Press the button, and %(newsletters)s will come to you from now on."),
            )
        case Letter.WELCOME:
            return gettext("Welcome to %(publication)s"), gettext(
                "You are subscribed to %(newsletters)s, beginning with the next edition. "
                "What you get is yours to decide at any time."
            )
        case Letter.LEAVE_ADDRESS:
            return gettext("Shall your mail go elsewhere?"), gettext(
                "You asked %(publication)s to write to another address. "
                "Press the button if that is right; the other address is asked as well."
            )
        case Letter.NEW_ADDRESS:
            return gettext("Is this your new address?"), gettext(
                "%(publication)s was asked to write to this address in place of another one. "
                "Press the button if that is right."
            )
        case Letter.DATA:
            return gettext("Your data at %(publication)s"), gettext(
                "The button opens a page where you can see and correct your details, download "
                "everything we hold on you, or have it erased. It works for 24 hours. "
                "Don't forward this email: the link works for anyone who has it."
            )


def _button_and_reason(letter: Letter, gettext: Callable[[str], str]) -> tuple[str, str]:
    """Return the button, and why the reader gets the letter and what happens if it is ignored."""
    entered = gettext(
        "You get this letter because %(email)s was entered at %(publication)s. "
        "If that was not you, do nothing: nothing will be sent to you."
    )
    match letter:
        case Letter.CONFIRM:
            return gettext("Yes, subscribe me"), entered
        case Letter.WELCOME:
            return gettext("Your preferences"), gettext(
                "You get this letter because %(email)s has just been subscribed at "
                "%(publication)s. There is nothing that you have to do."
            )
        case Letter.LEAVE_ADDRESS:
            return gettext("Yes, use the other address"), gettext(
                "You get this letter because somebody with the link to your preferences asked to "
                "change %(email)s. If that was not you, do nothing: nothing will change."
            )
        case Letter.NEW_ADDRESS:
            return gettext("Yes, use this address"), entered
        case Letter.DATA:
            return gettext("See your data"), gettext(
                "You get this email because somebody with the link to your preferences asked for "
                "it to be sent to %(email)s. If that was not you, ignore it: nothing will change."
            )
