"""Decisions: what a reader may decide by the link in a mail, each one a function.

It is handed a `ReaderAction`, acts on it or doesn't, and says so in the reader's language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.config import Config, Newsletter
from syndicate.intake.markup.text import one_line
from syndicate.language import available_languages
from syndicate.model.subscribers import Cause, Subscriber, SubscriptionState
from syndicate.render.templates import FILTERS
from syndicate.store import Transaction
from syndicate.web.ui_strings import WebStrings, web_strings

PAUSE_WEEKS = (1, 2, 4, 8)
"""How long a pause may be."""
MAX_LENGTH = 200
"""Characters of a name, or of a field of the publication's own."""
FIELD_PREFIX = "field-"
"""What stands before the name of such a field in the form."""
_ACTIVE_STATES = (SubscriptionState.CONFIRMED, SubscriptionState.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderAction:
    """Who decides, and what the form says."""

    tx: Transaction
    person: Subscriber
    form: Mapping[str, str]
    cause: Cause
    at: datetime
    words: WebStrings
    config: Config


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """What came of it, in words; `wrong` where nothing was done."""

    text: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class NewsletterChoice:
    """A newsletter as one reader sees it."""

    newsletter: Newsletter
    state: SubscriptionState | None

    @property
    def standing(self) -> bool:
        """Whether there is something to leave."""
        return self.state in _ACTIVE_STATES


def list_newsletters(person: Subscriber, config: Config) -> list[NewsletterChoice]:
    """Return what a reader may choose among: what is offered, and what they have or had."""
    states = {one.newsletter: one.state for one in person.subscriptions}
    known = [one for one in config.newsletters if one.offered or one.name in states]
    found = [NewsletterChoice(one, states.get(one.name)) for one in known]
    gone = [
        NewsletterChoice(Newsletter(name=name), state)
        for name, state in states.items()
        if config.newsletter(name) is None
    ]
    return found + [one for one in gone if one.standing]


def find_newsletter(
    form: Mapping[str, str], person: Subscriber, config: Config
) -> Newsletter | None:
    """Return the newsletter that a form names, if it is one that the page shows."""
    name = form.get("newsletter")
    shown = (choice.newsletter for choice in list_newsletters(person, config))
    return next((newsletter for newsletter in shown if newsletter.name == name), None)


def paused_until(person: Subscriber, at: datetime) -> datetime | None:
    """Return until when a reader wants no editions, if that is still to come."""
    until = person.paused_until
    return until if until is not None and until > at else None


def format_date(at: datetime, words: WebStrings, config: Config) -> str:
    """Write a date as the reader's page does."""
    return FILTERS["date"](at, config.publication.timezone, words.language)


def _leave(decision: ReaderAction) -> ActionOutcome | None:
    found = find_newsletter(decision.form, decision.person, decision.config)
    if found is None:
        return None
    decision.tx.subscribers.unsubscribe(
        decision.person.key, found.name, at=decision.at, cause=decision.cause
    )
    return ActionOutcome(decision.words.preferences.left.format(newsletter=found.label))


def _leave_all(decision: ReaderAction) -> ActionOutcome:
    for one in decision.person.subscriptions:
        decision.tx.subscribers.unsubscribe(
            decision.person.key, one.newsletter, at=decision.at, cause=decision.cause
        )
    return ActionOutcome(decision.words.preferences.left_all)


def _pause(decision: ReaderAction) -> ActionOutcome | None:
    weeks = decision.form.get("weeks", "")
    if weeks not in map(str, PAUSE_WEEKS):
        return None
    until = decision.at + timedelta(weeks=int(weeks))
    stands = paused_until(decision.person, decision.at)
    said = format_date(until, decision.words, decision.config)
    if stands is None or format_date(stands, decision.words, decision.config) != said:
        decision.tx.subscribers.pause(
            decision.person.key, until, at=decision.at, cause=decision.cause
        )
    return ActionOutcome(decision.words.preferences.paused.format(date=said))


def _resume(decision: ReaderAction) -> ActionOutcome:
    if decision.person.paused_until is not None:
        decision.tx.subscribers.pause(
            decision.person.key, None, at=decision.at, cause=decision.cause
        )
    return ActionOutcome(decision.words.preferences.resumed)


def change_details(decision: ReaderAction) -> ActionOutcome:
    """Change name and own fields to what was typed."""
    words = decision.words.personal_data
    own = decision.config.signup.fields
    given = {"name": one_line(decision.form.get("name", decision.person.name))}
    labels = {"name": words.name}
    for field in own:
        key = FIELD_PREFIX + field.name
        labels[key] = field.title
        given[key] = one_line(decision.form.get(key, decision.person.fields.get(field.name, "")))
    for key, value in given.items():
        if len(value) > MAX_LENGTH:
            return ActionOutcome(words.too_long.format(field=labels[key]), wrong=True)
    for field in own:
        if field.required and not given[FIELD_PREFIX + field.name]:
            return ActionOutcome(words.missing.format(field=field.title), wrong=True)
    kept = {
        **decision.person.fields,
        **{field.name: given[FIELD_PREFIX + field.name] for field in own},
    }
    decision.tx.subscribers.update(
        decision.person.key,
        name=given["name"],
        fields={name: value for name, value in kept.items() if value},
        at=decision.at,
        cause=decision.cause,
    )
    return ActionOutcome(decision.words.preferences.saved)


def _set_language(decision: ReaderAction) -> ActionOutcome | None:
    language = decision.form.get("language", "")
    if language not in available_languages():
        return None
    decision.tx.subscribers.update(
        decision.person.key, language=language, at=decision.at, cause=decision.cause
    )
    return ActionOutcome(web_strings(language).preferences.saved)


DECISIONS: Mapping[str, Callable[[ReaderAction], ActionOutcome | None]] = {
    "leave": _leave,
    "leave-all": _leave_all,
    "pause": _pause,
    "resume": _resume,
    "language": _set_language,
}
"""By what the button says; None comes back for a form that no page of ours sends."""
