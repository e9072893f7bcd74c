"""Composes letters, transactional mails to one person: a paragraph, a button, and the reason.

A letter has no text from the person who requested it: anybody can enter anybody's address.
"""

from collections.abc import Sequence
from enum import StrEnum

from syndicate.clock import EPOCH
from syndicate.config import Config, Newsletter
from syndicate.model.editions import LETTERS, Content, placeholder
from syndicate.render.formatting import join_names
from syndicate.render.mail.context import MailContext
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


_ = str  # a text for Babel; `compose_letter` translates it
_ENTERED = _(
    "You get this letter because %(email)s was entered at %(publication)s. "
    "If that was not you, do nothing: nothing will be sent to you."
)
_TEXTS = {
    Letter.CONFIRM: (
        _("Please confirm your subscription to %(publication)s"),
        _("Press the button, and %(newsletters)s will come to you from now on."),
        _("Yes, subscribe me"),
        _ENTERED,
    ),
    Letter.WELCOME: (
        _("Welcome to %(publication)s"),
        _(
            "You are subscribed to %(newsletters)s, beginning with the next edition. "
            "What you get is yours to decide at any time."
        ),
        _("Your preferences"),
        _(
            "You get this letter because %(email)s has just been subscribed at "
            "%(publication)s. There is nothing that you have to do."
        ),
    ),
    Letter.LEAVE_ADDRESS: (
        _("Shall your mail go elsewhere?"),
        _(
            "You asked %(publication)s to write to another address. "
            "Press the button if that is right; the other address is asked as well."
        ),
        _("Yes, use the other address"),
        _(
            "You get this letter because somebody with the link to your preferences asked to "
            "change %(email)s. If that was not you, do nothing: nothing will change."
        ),
    ),
    Letter.NEW_ADDRESS: (
        _("Is this your new address?"),
        _(
            "%(publication)s was asked to write to this address in place of another one. "
            "Press the button if that is right."
        ),
        _("Yes, use this address"),
        _ENTERED,
    ),
    Letter.DATA: (
        _("Your data at %(publication)s"),
        _(
            "The button opens a page where you can see and correct your details, download "
            "everything we hold on you, or have it erased. It works for 24 hours. "
            "Don't forward this email: the link works for anyone who has it."
        ),
        _("See your data"),
        _(
            "You get this email because somebody with the link to your preferences asked for "
            "it to be sent to %(email)s. If that was not you, ignore it: nothing will change."
        ),
    ),
}
"""Subject, message, button, and why the reader gets it and what happens if it is ignored."""


def compose_letter(
    letter: Letter,
    *,
    language: str,
    config: Config,
    templates: Templates,
    newsletters: Sequence[Newsletter] = (),
) -> Content:
    """Compose a letter about these newsletters, the same for everybody; raise TemplateError."""
    context = MailContext(
        config=config,
        templates=templates,
        newsletter=Newsletter(name=LETTERS),
        language=language,
        # a letter doesn't show it
        edition_date=EPOCH.astimezone(config.publication.timezone),
        seed=letter,
    )
    known = {
        "publication": config.publication.title,
        "newsletters": join_names([newsletter.label for newsletter in newsletters], language),
        "email": placeholder(context.draft_nonce, "email"),
    }
    subject, message, button, why = (
        context.translator.gettext(text, **known) for text in _TEXTS[letter]
    )
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
