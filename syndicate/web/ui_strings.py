"""The texts of the pages for readers, in every language that has a catalogue.

To add a text, add a field and its English value, run `make words` and translate it in
`locale/*/LC_MESSAGES/syndicate.po`. Languages without a catalogue get English; a publication
can replace the texts by its own `templates/web/`.
"""

from dataclasses import dataclass

from syndicate.language import PluralText, msgid, plural, translate
from syndicate.web.archive_strings import ARCHIVE, ArchiveStrings
from syndicate.web.reader_strings import (
    ADDRESS,
    PERSONAL_DATA,
    PREFERENCES,
    REASONS,
    AddressChangeStrings,
    PersonalDataStrings,
    PreferenceStrings,
    UnsubscribeReasonStrings,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupStrings:
    """Signing up, and confirming it."""

    title: str
    promise: str
    promise_at_once: str
    email: str
    name: str
    optional: str
    choose: str
    honeypot: str
    button: str
    working: str
    needs_script: str
    problems: str
    bad_email: str
    disposable: str
    missing: str
    too_long: str
    none_chosen: str
    unknown: str
    again: str
    over_network: str
    over_all: str
    over_wait: PluralText
    over_work: str
    not_read: str
    sent_title: str
    sent: str
    sent_help: str
    to_outbox: str
    subscribed_title: str
    subscribed: str
    subscribed_help: str
    confirm_title: str
    confirm: str
    confirm_button: str
    confirmed_title: str
    confirmed: str
    to_preferences: str
    expired_title: str
    expired: str
    expired_help: str
    sign_up_again: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WebStrings:
    """All texts; the templates fill in `{…}`."""

    language: str
    to_publication: str
    missing_title: str
    missing: str
    leave_title: str
    leave: str
    leave_button: str
    left_title: str
    left: str
    undo: str
    undo_button: str
    rejoin: str
    rejoin_link: str
    rejoined_title: str
    rejoined: str
    not_subscribed: str
    bad_link_title: str
    bad_link: str
    write_to: str
    refused_title: str
    refused: str
    busy_title: str
    busy: str
    reasons: UnsubscribeReasonStrings
    preferences: PreferenceStrings
    personal_data: PersonalDataStrings
    archive: ArchiveStrings
    address_change: AddressChangeStrings
    signup: SignupStrings


ENGLISH = WebStrings(
    language="en",
    to_publication=msgid("Go to %(publication)s"),
    missing_title=msgid("There is nothing here"),
    missing=msgid("The address may be mistyped, or the story has never been published."),
    leave_title=msgid("Unsubscribe from %(newsletter)s?"),
    leave=msgid("%(email)s will no longer get it."),
    leave_button=msgid("Unsubscribe"),
    left_title=msgid("You are unsubscribed"),
    left=msgid("%(email)s no longer gets %(newsletter)s."),
    undo=msgid("That was a mistake?"),
    undo_button=msgid("Subscribe again"),
    rejoin=msgid("Changed your mind?"),
    rejoin_link=msgid("Sign up again"),
    rejoined_title=msgid("Welcome back"),
    rejoined=msgid("%(email)s gets %(newsletter)s as before."),
    not_subscribed=msgid("This address does not get %(newsletter)s."),
    bad_link_title=msgid("This link is not complete"),
    bad_link=msgid(
        "Mail programs sometimes cut off a part of it. "
        "Please use the link in another mail from us, or copy all of it."
    ),
    write_to=msgid("Or write to %(address)s, and we do it for you."),
    refused_title=msgid("That was not understood"),
    refused=msgid("Nothing was changed. Please go back and use the button."),
    busy_title=msgid("Just a moment"),
    busy=msgid("Nothing was changed yet. Please try again in a minute."),
    reasons=REASONS,
    preferences=PREFERENCES,
    personal_data=PERSONAL_DATA,
    address_change=ADDRESS,
    signup=SignupStrings(
        title=msgid("Subscribe to %(publication)s"),
        promise=msgid(
            "First you get one letter, to make sure that the address is yours. "
            "You can leave at any time, with one click in every mail."
        ),
        promise_at_once=msgid("You can leave at any time, with one click in every mail."),
        email=msgid("Email address"),
        name=msgid("Name"),
        optional=msgid("if you like"),
        choose=msgid("What would you like to get?"),
        # Translators: the label of a hidden field, which only programs fill in.
        honeypot=msgid("Leave this field empty"),
        button=msgid("Subscribe"),
        working=msgid("One moment, your browser is doing a sum …"),
        needs_script=msgid(
            "To keep programs out, your browser has to do a sum here, and needs JavaScript for it."
        ),
        problems=msgid("Almost there"),
        bad_email=msgid("This is no complete email address; one looks like anna@example.org."),
        disposable=msgid(
            "Addresses at %(domain)s last only for a short while. "
            "Please use one that you will still read next month."
        ),
        missing=msgid("Please fill this in."),
        too_long=msgid("Please write at most %(most)s characters, on one line."),
        none_chosen=msgid("Please choose at least one."),
        unknown=msgid("There is no %(name)s."),
        again=msgid("Please press the button once more, so that we know you are no program."),
        over_network=msgid("Many sign-ups have come from your network in the last hour."),
        over_all=msgid("Very many people are signing up right now."),
        over_wait=plural(
            "Please try again in %(num)s minute.", "Please try again in %(num)s minutes."
        ),
        over_work=msgid(
            "Many sign-ups have come from your network in the last hour. Press the button once "
            "more: your browser will then do a little work to show that you are no program."
        ),
        not_read=msgid("That was not understood. Please fill in the form again."),
        sent_title=msgid("Now look into your inbox"),
        sent=msgid(
            "There is a letter on its way to the address that you gave. "
            "Press the button in it, and you are subscribed."
        ),
        sent_help=msgid(
            "Nothing there after a few minutes? Look into the spam folder, or sign up once more: "
            "perhaps the address had a slip in it."
        ),
        to_outbox=msgid("Read it in the outbox"),
        subscribed_title=msgid("Thank you for subscribing"),
        subscribed=msgid("The next edition goes to the address that you gave."),
        subscribed_help=msgid(
            "If you once unsubscribed with this address, there is a letter on its way to it. "
            "Press the button in it, and you are subscribed again."
        ),
        confirm_title=msgid("Subscribe to %(publication)s?"),
        confirm=msgid("This will be sent to %(email)s:"),
        confirm_button=msgid("Yes, subscribe me"),
        confirmed_title=msgid("You are subscribed"),
        confirmed=msgid("%(newsletters)s will come to %(email)s, beginning with the next edition."),
        to_preferences=msgid("Your preferences"),
        expired_title=msgid("This link has expired"),
        expired=msgid("It could be used for a while only, and nothing was changed."),
        expired_help=msgid("Please ask once more, and you get a new one."),
        sign_up_again=msgid("Sign up again"),
    ),
    archive=ARCHIVE,
)


def web_strings(language: str) -> WebStrings:
    """Return the texts in a BCP 47 language, or in English."""
    return translate(ENGLISH, language)
