"""The UI strings of mail, beside those of pages; see `render.ui_strings` on how to add one."""

from dataclasses import dataclass

from syndicate.language import PluralText, msgid, plural, translate


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterStrings:
    """The strings of one letter, with `%(newsletters)s`, `%(publication)s` and `%(email)s`."""

    title: str
    """The headline, and the subject."""
    message: str
    button: str
    why: str
    """Why the reader gets it, and what happens if it is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterTexts:
    """The strings of all letters."""

    confirm: LetterStrings
    welcome: LetterStrings
    leave_address: LetterStrings
    new_address: LetterStrings
    data: LetterStrings
    by_hand: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MailStrings:
    """The strings of one language; `{…}` is filled in by `str.format`."""

    language: str
    read_on: str
    read_on_web: str
    cut: str
    """The link to the rest of a truncated article."""
    also: PluralText
    """Before the headlines of further articles."""
    others: PluralText
    """The number of articles without a headline."""
    more: PluralText
    """The end of a digest's subject."""
    picture: str
    video: str
    audio: str
    embedded: str
    links: str
    why: str
    """Why a reader gets this."""
    unsubscribe: str
    preferences: str
    view: str
    letters: LetterTexts


ENGLISH = MailStrings(
    language="en",
    read_on=msgid("Read on"),
    read_on_web=msgid("Read on the web"),
    cut=msgid("The story goes on: read the rest on the web"),
    also=plural("And %(num)s more:", "And %(num)s more:"),
    others=plural("%(num)s other at %(publication)s", "%(num)s others at %(publication)s"),
    # Translators: the end of a subject, after its first headline and a comma.
    more=plural("and %(num)s more", "and %(num)s more"),
    picture=msgid("Picture"),
    video=msgid("Watch the video"),
    audio=msgid("Listen to the recording"),
    embedded=msgid("Open what is shown here"),
    links=msgid("Links"),
    why=msgid(
        "You get this because %(email)s is subscribed to “%(newsletter)s” from %(publication)s."
    ),
    unsubscribe=msgid("Unsubscribe"),
    preferences=msgid("Preferences"),
    view=msgid("View in browser"),
    letters=LetterTexts(
        confirm=LetterStrings(
            title=msgid("Please confirm your subscription to %(publication)s"),
            message=msgid("Press the button, and %(newsletters)s will come to you from now on."),
            button=msgid("Yes, subscribe me"),
            why=msgid(
                "You get this letter because %(email)s was entered at %(publication)s. "
                "If that was not you, do nothing: nothing will be sent to you."
            ),
        ),
        welcome=LetterStrings(
            title=msgid("Welcome to %(publication)s"),
            message=msgid(
                "You are subscribed to %(newsletters)s, beginning with the next edition. "
                "What you get is yours to decide at any time."
            ),
            button=msgid("Your preferences"),
            why=msgid(
                "You get this letter because %(email)s has just been subscribed at "
                "%(publication)s. There is nothing that you have to do."
            ),
        ),
        leave_address=LetterStrings(
            title=msgid("Shall your mail go elsewhere?"),
            message=msgid(
                "You asked %(publication)s to write to another address. "
                "Press the button if that is right; the other address is asked as well."
            ),
            button=msgid("Yes, use the other address"),
            why=msgid(
                "You get this letter because somebody with the link to your preferences asked to "
                "change %(email)s. If that was not you, do nothing: nothing will change."
            ),
        ),
        new_address=LetterStrings(
            title=msgid("Is this your new address?"),
            message=msgid(
                "%(publication)s was asked to write to this address in place of another one. "
                "Press the button if that is right."
            ),
            button=msgid("Yes, use this address"),
            why=msgid(
                "You get this letter because %(email)s was entered at %(publication)s. "
                "If that was not you, do nothing: nothing will be sent to you."
            ),
        ),
        data=LetterStrings(
            title=msgid("Your data at %(publication)s"),
            message=msgid(
                "The button opens a page where you can see and correct your details, download "
                "everything we hold on you, or have it erased. It works for 24 hours. "
                "Don't forward this email: the link works for anyone who has it."
            ),
            button=msgid("See your data"),
            why=msgid(
                "You get this email because somebody with the link to your preferences asked for "
                "it to be sent to %(email)s. If that was not you, ignore it: nothing will change."
            ),
        ),
        by_hand=msgid("If the button does nothing, open this address:"),
    ),
)


def mail_strings(language: str) -> MailStrings:
    """Return the strings of a BCP 47 language, or the English ones."""
    return translate(ENGLISH, language)
