"""Decisions that a link in a mail allows, each a function of a `ReaderAction`.

A decision acts or refuses, and returns its outcome in the reader's language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.config import Config, Newsletter
from syndicate.language import Translator, available_languages, translator
from syndicate.model.subscribers import Cause, Subscriber, SubscriptionState
from syndicate.render.formatting import FILTERS
from syndicate.store import Transaction
from syndicate.web.readers.link_pages import translator_for

PAUSE_WEEKS = (1, 2, 4, 8)
_ACTIVE_STATES = (SubscriptionState.CONFIRMED, SubscriptionState.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderAction:
    """A form that a reader submitted, with what it takes to act on it."""

    tx: Transaction
    reader: Subscriber
    form: Mapping[str, str]
    cause: Cause
    at: datetime
    config: Config

    @property
    def translator(self) -> Translator:
        """The translator into the reader's language."""
        return translator_for(self.reader, self.config)


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """The message for the reader; `failed` when nothing was done."""

    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class NewsletterChoice:
    """A newsletter, with the state of one reader's subscription."""

    newsletter: Newsletter
    state: SubscriptionState | None

    @property
    def is_active(self) -> bool:
        """Whether the reader can unsubscribe from it."""
        return self.state in _ACTIVE_STATES


def list_choices(reader: Subscriber, config: Config) -> list[NewsletterChoice]:
    """Return the newsletters that are offered, and those that the reader has or had."""
    states = {subscription.newsletter: subscription.state for subscription in reader.subscriptions}
    choices = [
        NewsletterChoice(newsletter, states.get(newsletter.name))
        for newsletter in config.newsletters
        if newsletter.offered or newsletter.name in states
    ]
    removed = [
        NewsletterChoice(Newsletter(name=name), state)
        for name, state in states.items()
        if config.newsletter(name) is None
    ]
    return choices + [choice for choice in removed if choice.is_active]


def find_choice(form: Mapping[str, str], reader: Subscriber, config: Config) -> Newsletter | None:
    """Return the newsletter that a form names; None unless the page shows it."""
    name = form.get("newsletter")
    shown = (choice.newsletter for choice in list_choices(reader, config))
    return next((newsletter for newsletter in shown if newsletter.name == name), None)


def pause_end(reader: Subscriber, at: datetime) -> datetime | None:
    """Return the end of the reader's pause; None when it is over."""
    until = reader.paused_until
    return until if until is not None and until > at else None


def format_date(at: datetime, language: str, config: Config) -> str:
    """Format a date for the reader's page."""
    return FILTERS["date"](at, config.publication.timezone, language)


def _leave(action: ReaderAction) -> ActionOutcome | None:
    newsletter = find_choice(action.form, action.reader, action.config)
    if newsletter is None:
        return None
    action.tx.subscribers.unsubscribe(
        action.reader.key, newsletter.name, at=action.at, cause=action.cause
    )
    return ActionOutcome(
        action.translator.gettext("You no longer get %(newsletter)s.", newsletter=newsletter.label)
    )


def _leave_all(action: ReaderAction) -> ActionOutcome:
    for subscription in action.reader.subscriptions:
        action.tx.subscribers.unsubscribe(
            action.reader.key, subscription.newsletter, at=action.at, cause=action.cause
        )
    return ActionOutcome(action.translator.gettext("You are unsubscribed from everything."))


def _pause(action: ReaderAction) -> ActionOutcome | None:
    weeks = action.form.get("weeks", "")
    if weeks not in map(str, PAUSE_WEEKS):
        return None
    until = action.at + timedelta(weeks=int(weeks))
    texts = action.translator
    date = format_date(until, texts.language, action.config)
    current = pause_end(action.reader, action.at)
    if current is None or format_date(current, texts.language, action.config) != date:
        action.tx.subscribers.pause(action.reader.key, until, at=action.at, cause=action.cause)
    return ActionOutcome(texts.gettext("You get no editions until %(date)s.", date=date))


def _resume(action: ReaderAction) -> ActionOutcome:
    if action.reader.paused_until is not None:
        action.tx.subscribers.pause(action.reader.key, None, at=action.at, cause=action.cause)
    return ActionOutcome(action.translator.gettext("The pause is over: you get the next edition."))


def _set_language(action: ReaderAction) -> ActionOutcome | None:
    language = action.form.get("language", "")
    if language not in available_languages():
        return None
    action.tx.subscribers.update(
        action.reader.key, language=language, at=action.at, cause=action.cause
    )
    return ActionOutcome(translator(language).gettext("Saved."))


DECISIONS: Mapping[str, Callable[[ReaderAction], ActionOutcome | None]] = {
    "leave": _leave,
    "leave-all": _leave_all,
    "pause": _pause,
    "resume": _resume,
    "language": _set_language,
}
"""By the value of the button; they return None for a form that none of our pages sends."""
