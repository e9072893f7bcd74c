"""What the pages behind signed links say, as parts of `web.words`, which tells how to add to it."""

from dataclasses import dataclass

from syndicate.language import Counted, counted, marked


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreferenceStrings:
    """The page where a reader decides about everything."""

    title: str
    whose: str
    not_mailed: str
    newsletters: str
    gets: str
    gets_not: str
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
    weeks: Counted
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
    title=marked("Your preferences"),
    whose=marked("What {publication} sends to {email} is yours to decide."),
    not_mailed=marked(
        "Nothing is sent to this address: a mail server refused it, or you complained, "
        "or we were told not to. If that is wrong, write to {address}."
    ),
    newsletters=marked("Newsletters"),
    gets=marked("You get it."),
    gets_not=marked("You do not get it."),
    unconfirmed=marked("Not confirmed yet."),
    join=marked("Subscribe"),
    leave=marked("Unsubscribe"),
    leave_all=marked("Unsubscribe from everything"),
    joined=marked("You get {newsletter} from now on."),
    left=marked("You no longer get {newsletter}."),
    left_all=marked("You are unsubscribed from everything."),
    pause=marked("Pause"),
    pause_hint=marked("While it lasts nothing comes, and nothing is sent afterwards."),
    pause_for=marked("For how long"),
    weeks=counted("{count} week", "{count} weeks"),
    pause_button=marked("Pause"),
    paused=marked("You get no editions until {date}."),
    resume_button=marked("End the pause"),
    resumed=marked("The pause is over: you get the next edition."),
    save=marked("Save"),
    saved=marked("Saved."),
    language_title=marked("Language"),
    language_hint=marked("Of these pages and of our letters to you."),
    address=marked("Change of address"),
    address_hint=marked(
        "A letter goes to each of the two addresses. "
        "Once you have pressed the button in both, all else moves along."
    ),
    address_new=marked("New address"),
    address_button=marked("Send the letters"),
    address_asked=marked(
        "If we may write to that address, two letters are on their way. "
        "Please press the button in both."
    ),
    address_wrong=marked("Nothing was changed: that is no address that we can write to."),
    data=marked("Your data"),
    data_hint=marked(
        "See and correct your details, download everything we hold on you, or have it erased. "
        "Only you should be able to do that, so we email a link to {email}. "
        "It works for 24 hours."
    ),
    data_button=marked("Email me the link"),
    data_sent=marked("We have emailed a link to {email}. It works for 24 hours."),
    data_by_hand=marked(
        "To see, correct or erase what we hold on you, write to {address}: "
        "we cannot send email to your own address."
    ),
    join_sent=marked(
        "We have sent an email to {email}. Press the button in it to get {newsletter}."
    ),
    too_many_letters=marked(
        "We have already sent several emails to {email}. "
        "Check your inbox and your spam folder, or try again tomorrow."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonalDataStrings:
    """The page with a reader's data, which a letter leads to."""

    title: str
    whose: str
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
    title=marked("Your data"),
    whose=marked(
        "This is what {publication} holds on {email}. "
        "Don't pass on the link to this page: it works for anyone who has it, for 24 hours."
    ),
    about=marked("About you"),
    name=marked("Name"),
    missing=marked("Nothing was changed: please fill in “{field}”."),
    too_long=marked("Nothing was changed: “{field}” is too long."),
    file=marked("What we hold on you"),
    file_hint=marked(
        "You, your subscriptions, every change with its cause, and all that was sent, in one file."
    ),
    download=marked("Download everything"),
    erase=marked("Erasure"),
    erase_hint=marked("We forget you, and all that we hold on you."),
    erase_begin=marked("Erase my data …"),
    erase_title=marked("Erase all that we hold on you?"),
    goes=marked(
        "Your address, name, preferences and subscriptions go, with the record of their changes. "
        "No mail comes to you any more, and the links in old mails do nothing."
    ),
    stays=marked(
        "Editions keep their count of readers, without a trace of who they were. "
        "A fingerprint of your address stays, which cannot be turned back into it: "
        "it keeps others from bringing you back with an old list."
    ),
    final=marked("This cannot be undone."),
    erase_button=marked("Erase everything"),
    keep=marked("Back to your data"),
    erased_title=marked("Goodbye"),
    erased=marked(
        "All that we held on you is erased. "
        "If you come back one day, it will be as if for the first time."
    ),
    expired=marked("The link to your data works for 24 hours. You can ask for a new one."),
    to_preferences=marked("Your preferences"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AddressChangeStrings:
    """The pages that the two letters of a change of address lead to."""

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
    new_title=marked("Is this your new address?"),
    new=marked("{publication} will write to {email} in place of another address."),
    new_button=marked("Yes, use this address"),
    old_title=marked("Shall your mail go elsewhere?"),
    old=marked("{publication} will write to another address in place of {email}."),
    old_button=marked("Yes, use the other address"),
    waiting_title=marked("One more letter"),
    waiting_new=marked(
        "Thank you. Now press the button in the letter to your new address, "
        "and mail will come to it."
    ),
    waiting_old=marked(
        "Thank you. Now press the button in the letter to your old address, "
        "and mail will come to the new one."
    ),
    done_title=marked("Your address is changed"),
    done=marked("{publication} writes to {email} from now on."),
    over_title=marked("This question is over"),
    over=marked(
        "It was not answered in time, or something changed since it was asked. "
        "You can ask for a change of address again on your preferences page."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnsubscribeReasonStrings:
    """What somebody who left may tell."""

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
    why=marked("Would you tell us why?"),
    too_many=marked("Too many mails"),
    unexpected=marked("Not what I expected"),
    never_asked=marked("I never asked for it"),
    other=marked("Something else"),
    own_words=marked("In your own words"),
    send=marked("Tell us"),
    thanks=marked("Thank you for telling us."),
    preferences=marked("All your preferences"),
)
