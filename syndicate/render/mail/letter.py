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
    "You’re receiving this email because %(email)s was entered at %(publication)s. If that "
    "wasn’t you, ignore it: we won’t send you anything unless you press the button."
)
_ENTERED_TEXT = _(
    "You’re receiving this email because %(email)s was entered at %(publication)s. If that "
    "wasn’t you, ignore it: we won’t send you anything unless you follow the link."
)
_TEXTS = {
    Letter.CONFIRM: (
        _("Please confirm your subscription to %(publication)s"),
        _("Press the button to start getting %(newsletters)s."),
        _("Yes, subscribe me"),
        _ENTERED,
    ),
    Letter.WELCOME: (
        _("Welcome to %(publication)s"),
        _(
            "You’re subscribed to %(newsletters)s, starting with the next edition. You can "
            "change what you get, or unsubscribe, at any time."
        ),
        _("Your preferences"),
        _(
            "You’re receiving this email because %(email)s has just been subscribed to "
            "%(publication)s. There’s nothing else you need to do."
        ),
    ),
    Letter.LEAVE_ADDRESS: (
        _("Send your newsletters to a new address?"),
        _(
            "You asked %(publication)s to send your newsletters to another address. Press the "
            "button to confirm. The new address has to confirm it too."
        ),
        _("Yes, use the new address"),
        _(
            "You’re receiving this email because someone with the link to your preferences asked "
            "to change %(email)s. If that wasn’t you, ignore it: nothing will change."
        ),
    ),
    Letter.NEW_ADDRESS: (
        _("Is this your new address?"),
        _(
            "%(publication)s was asked to send newsletters to this address instead of another. "
            "Press the button to confirm."
        ),
        _("Yes, use this address"),
        _ENTERED,
    ),
    Letter.DATA: (
        _("Your data at %(publication)s"),
        _(
            "The button opens a page where you can see and correct your details, download "
            "everything we keep about you, or have it deleted. It works for 24 hours. Don’t "
            "forward this email: the link works for anyone who has it."
        ),
        _("See your data"),
        _(
            "You’re receiving this email because someone with the link to your preferences asked "
            "us to send it to %(email)s. If that wasn’t you, ignore it: nothing will change."
        ),
    ),
}
"""Subject, message, button, and why the reader gets it and what happens if it is ignored."""
_TEXT_PART = {
    Letter.CONFIRM: (_("Follow this link to start getting %(newsletters)s."), _ENTERED_TEXT),
    Letter.LEAVE_ADDRESS: (
        _(
            "You asked %(publication)s to send your newsletters to another address. Follow this "
            "link to confirm. The new address has to confirm it too."
        ),
        None,
    ),
    Letter.NEW_ADDRESS: (
        _(
            "%(publication)s was asked to send newsletters to this address instead of another. "
            "Follow this link to confirm."
        ),
        _ENTERED_TEXT,
    ),
    Letter.DATA: (
        _(
            "This link opens a page where you can see and correct your details, download "
            "everything we keep about you, or have it deleted. It works for 24 hours. Don’t "
            "forward this email: the link works for anyone who has it."
        ),
        None,
    ),
}
"""Message and reason in the text part, which has a link and no button; None for the same."""


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
    gettext = context.translator.gettext
    subject, message, button, why = (gettext(text, **known) for text in _TEXTS[letter])
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
    in_text = zip(("message", "why"), _TEXT_PART.get(letter, ()), strict=False)
    values |= {name: gettext(text, **known) for name, text in in_text if text}
    return context.content(html, "email/letter.txt", values)
