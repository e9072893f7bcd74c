"""The texts of the pages behind signed links, parts of `ui_strings`."""

from dataclasses import dataclass

from syndicate.language import PluralText, msgid, plural


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreferenceStrings:
    """The preferences page."""

    title: str
    intro: str
    not_mailed: str
    newsletters: str
    gets: str
    not_subscribed: str
    unconfirmed: str
    join: str
    leave: str
    leave_all: str
    joined: str
    left: str
    left_all: str
    pause: str
    pause_hint: str
    pause_for: str
    weeks: PluralText
    pause_button: str
    paused: str
    resume_button: str
    resumed: str
    save: str
    saved: str
    language_title: str
    language_hint: str
    address: str
    address_hint: str
    address_new: str
    address_button: str
    address_asked: str
    address_wrong: str
    data: str
    data_hint: str
    data_button: str
    data_sent: str
    data_by_hand: str
    join_sent: str
    too_many_letters: str


PREFERENCES = PreferenceStrings(
    title=msgid("Your preferences"),
    intro=msgid("What %(publication)s sends to %(email)s is yours to decide."),
    not_mailed=msgid(
        "Nothing is sent to this address: a mail server refused it, or you complained, "
        "or we were asked not to. If that is wrong, write to %(address)s."
    ),
    newsletters=msgid("Newsletters"),
    gets=msgid("You get it."),
    not_subscribed=msgid("You do not get it."),
    unconfirmed=msgid("Not confirmed yet."),
    join=msgid("Subscribe"),
    leave=msgid("Unsubscribe"),
    leave_all=msgid("Unsubscribe from everything"),
    joined=msgid("You get %(newsletter)s from now on."),
    left=msgid("You no longer get %(newsletter)s."),
    left_all=msgid("You are unsubscribed from everything."),
    pause=msgid("Pause"),
    pause_hint=msgid("While it lasts nothing comes, and nothing is sent afterwards."),
    pause_for=msgid("For how long"),
    weeks=plural("%(num)s week", "%(num)s weeks"),
    pause_button=msgid("Pause"),
    paused=msgid("You get no editions until %(date)s."),
    resume_button=msgid("End the pause"),
    resumed=msgid("The pause is over: you get the next edition."),
    save=msgid("Save"),
    saved=msgid("Saved."),
    language_title=msgid("Language"),
    language_hint=msgid("Of these pages and of our letters to you."),
    address=msgid("Change of address"),
    address_hint=msgid(
        "A letter goes to each of the two addresses. "
        "Once you have pressed the button in both, all else moves along."
    ),
    address_new=msgid("New address"),
    address_button=msgid("Send the letters"),
    address_asked=msgid(
        "If we may write to that address, two letters are on their way. "
        "Please press the button in both."
    ),
    address_wrong=msgid("Nothing was changed: that is no address that we can write to."),
    data=msgid("Your data"),
    data_hint=msgid(
        "See and correct your details, download everything we hold on you, or have it erased. "
        "Only you should be able to do that, so we email a link to %(email)s. "
        "It works for 24 hours."
    ),
    data_button=msgid("Email me the link"),
    data_sent=msgid("We have emailed a link to %(email)s. It works for 24 hours."),
    data_by_hand=msgid(
        "To see, correct or erase what we hold on you, write to %(address)s: "
        "we cannot send email to your own address."
    ),
    join_sent=msgid(
        "We have sent an email to %(email)s. Press the button in it to get %(newsletter)s."
    ),
    too_many_letters=msgid(
        "We have already sent several emails to %(email)s. "
        "Check your inbox and your spam folder, or try again tomorrow."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonalDataStrings:
    """The personal data page, and erasure."""

    title: str
    intro: str
    about: str
    name: str
    missing: str
    too_long: str
    file: str
    file_hint: str
    download: str
    erase: str
    erase_hint: str
    erase_begin: str
    erase_title: str
    goes: str
    stays: str
    final: str
    erase_button: str
    keep: str
    erased_title: str
    erased: str
    expired: str
    to_preferences: str


PERSONAL_DATA = PersonalDataStrings(
    title=msgid("Your data"),
    intro=msgid(
        "This is what %(publication)s holds on %(email)s. "
        "Don't pass on the link to this page: it works for anyone who has it, for 24 hours."
    ),
    about=msgid("About you"),
    name=msgid("Name"),
    missing=msgid("Nothing was changed: please fill in “%(field)s”."),
    too_long=msgid("Nothing was changed: “%(field)s” is too long."),
    file=msgid("What we hold on you"),
    file_hint=msgid(
        "You, your subscriptions, every change with its cause, and all that was sent, in one file."
    ),
    download=msgid("Download everything"),
    erase=msgid("Erasure"),
    erase_hint=msgid("We forget you, and all that we hold on you."),
    erase_begin=msgid("Erase my data …"),
    erase_title=msgid("Erase all that we hold on you?"),
    goes=msgid(
        "Your address, name, preferences and subscriptions go, with the record of their changes. "
        "No mail comes to you any more, and the links in old mails do nothing."
    ),
    stays=msgid(
        "Editions keep their count of readers, without a trace of who they were. "
        "A fingerprint of your address stays, which cannot be turned back into it: "
        "it keeps others from bringing you back with an old list."
    ),
    final=msgid("This cannot be undone."),
    erase_button=msgid("Erase everything"),
    keep=msgid("Back to your data"),
    erased_title=msgid("Goodbye"),
    erased=msgid(
        "All that we held on you is erased. "
        "If you come back one day, it will be as if for the first time."
    ),
    expired=msgid("The link to your data works for 24 hours. You can ask for a new one."),
    to_preferences=msgid("Your preferences"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AddressChangeStrings:
    """The pages behind the two letters of an address change."""

    new_title: str
    new: str
    new_button: str
    old_title: str
    old: str
    old_button: str
    waiting_title: str
    waiting_new: str
    waiting_old: str
    done_title: str
    done: str
    over_title: str
    over: str


ADDRESS = AddressChangeStrings(
    new_title=msgid("Is this your new address?"),
    new=msgid("%(publication)s will write to %(email)s in place of another address."),
    new_button=msgid("Yes, use this address"),
    old_title=msgid("Shall your mail go elsewhere?"),
    old=msgid("%(publication)s will write to another address in place of %(email)s."),
    old_button=msgid("Yes, use the other address"),
    waiting_title=msgid("One more letter"),
    waiting_new=msgid(
        "Thank you. Now press the button in the letter to your new address, "
        "and mail will come to it."
    ),
    waiting_old=msgid(
        "Thank you. Now press the button in the letter to your old address, "
        "and mail will come to the new one."
    ),
    done_title=msgid("Your address is changed"),
    done=msgid("%(publication)s writes to %(email)s from now on."),
    over_title=msgid("This question is over"),
    over=msgid(
        "It was not answered in time, or something changed since it was asked. "
        "You can ask for a change of address again on your preferences page."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnsubscribeReasonStrings:
    """The form for why a reader unsubscribed."""

    why: str
    too_many: str
    unexpected: str
    never_asked: str
    other: str
    own_words: str
    send: str
    thanks: str
    preferences: str


REASONS = UnsubscribeReasonStrings(
    why=msgid("Would you tell us why?"),
    too_many=msgid("Too many mails"),
    unexpected=msgid("Not what I expected"),
    never_asked=msgid("I never asked for it"),
    other=msgid("Something else"),
    own_words=msgid("In your own words"),
    send=msgid("Tell us"),
    thanks=msgid("Thank you for telling us."),
    preferences=msgid("All your preferences"),
)
