"""The preferences page of a reader, behind the link in every mail.

There is no login, and mail is forwarded. So the link by itself shows only the newsletters, and
lets anybody only leave them, pause, and choose a language. The reader's data, a new
subscription and a change of address take a letter to their address (`letters`,
`address_change`). Only a POST from this page acts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.responses import Response

from syndicate import clock
from syndicate.config import Config, Newsletter
from syndicate.language import available_languages, translator
from syndicate.model.subscribers import Actor, Cause, Subscriber, SubscriptionState, may_undo
from syndicate.render.formatting import FILTERS, locale
from syndicate.render.rhythm import describe_rhythm
from syndicate.store import Transaction
from syndicate.web.forms import Form
from syndicate.web.pages import linked, too_many_requests
from syndicate.web.readers.address_change import AddressChange
from syndicate.web.readers.letters import HOUR, LetterSender
from syndicate.web.readers.link_pages import LinkPages, find_reader, mask_email, translator_for

PAUSE_WEEKS = (1, 2, 4, 8)
_ACTIVE_STATES = (SubscriptionState.CONFIRMED, SubscriptionState.PENDING)
MAX_POSTS = 60
"""Forms per reader and hour; each of them is logged or sends mail."""


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


def find_choice(form: Form, reader: Subscriber, config: Config) -> Newsletter | None:
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


@dataclass(frozen=True)
class PreferencePages(LinkPages):
    """The pages under /preferences/."""

    prefix = "preferences"
    address_change: AddressChange
    letters: LetterSender

    def show(
        self, token: str, outcome: ActionOutcome | None = None, form: Form | None = None
    ) -> Response:
        """Show the page, with the outcome of a form."""
        with self.store.read() as tx:
            reader = self._find(tx, token)
        language = translator_for(reader, self.config).language
        until = pause_end(reader, clock.now())
        # each in the language itself: "Deutsch"
        names = {tag: locale(tag).get_display_name() or tag for tag in available_languages()}
        values = {
            "path": f"{urlsplit(self.config.web_url).path}/preferences/{token}",
            "outcome": outcome,
            "form": form or {},
            "reader": reader,
            "email": mask_email(reader.email),
            "contact": self.pages.contact,
            "choices": list_choices(reader, self.config),
            "rhythms": {
                newsletter.name: describe_rhythm(newsletter, self.config, language)
                for newsletter in self.config.newsletters
            },
            "weeks": PAUSE_WEEKS,
            "paused": format_date(until, language, self.config) if until else None,
            "languages": {tag: name[:1].upper() + name[1:] for tag, name in names.items()},
        }
        return self.pages.render(
            "web/readers/preferences.html",
            values,
            language=language,
            style="web/readers/preferences.css",
        )

    def act(self, token: str, form: Form, origin: str) -> Response:
        """Do what the form says, unless the reader has sent too many."""
        at = clock.now()
        cause = Cause(who=Actor.READER, how="preferences page", at=at, origin=origin)
        with self.store.write() as tx:
            reader = self._find(tx, token)
            name = f"preferences of {reader.key}"
            wait = tx.attempt_limits.take(name, limit=MAX_POSTS, per=HOUR, at=at)
            if wait is not None:
                return too_many_requests(self.pages.busy(), wait)
            outcome = self._act_at_once(tx, reader, form, cause)
        if outcome is not None:
            return self.show(token, outcome)
        letters = {
            "address": self._change_address,
            "join": self._subscribe,
            "data": self._send_data_link,
        }
        action = letters.get(form.get("action", ""))
        if action is None:
            return self.pages.bad_form(reader.language)
        return action(token, reader, form, cause)

    def _act_at_once(
        self, tx: Transaction, reader: Subscriber, form: Form, cause: Cause
    ) -> ActionOutcome | None:
        """Do what takes no letter; return None for any other form."""
        texts = translator_for(reader, self.config)
        match form.get("action"):
            case "leave" if newsletter := find_choice(form, reader, self.config):
                tx.subscribers.unsubscribe(reader.key, newsletter.name, cause=cause)
                text = texts.gettext(
                    "You’ve unsubscribed from %(newsletter)s.", newsletter=newsletter.label
                )
            case "leave-all":
                for subscription in reader.subscriptions:
                    tx.subscribers.unsubscribe(reader.key, subscription.newsletter, cause=cause)
                text = texts.gettext("You’ve unsubscribed from everything.")
            case "pause" if (weeks := form.get("weeks", "")) in map(str, PAUSE_WEEKS):
                until = cause.at + timedelta(weeks=int(weeks))
                date = format_date(until, texts.language, self.config)
                current = pause_end(reader, cause.at)
                if current is None or format_date(current, texts.language, self.config) != date:
                    tx.subscribers.pause(reader.key, until, cause=cause)
                text = texts.gettext("Your newsletters are paused until %(date)s.", date=date)
            case "resume":
                if reader.paused_until is not None:
                    tx.subscribers.pause(reader.key, None, cause=cause)
                text = texts.gettext("The pause is over. You’ll get the next edition.")
            case "language" if (language := form.get("language", "")) in available_languages():
                tx.subscribers.update(reader.key, language=language, cause=cause)
                text = translator(language).gettext("Saved.")
            case _:
                return None
        return ActionOutcome(text)

    def _change_address(self, token: str, reader: Subscriber, form: Form, cause: Cause) -> Response:
        texts = translator_for(reader, self.config)
        email = self.address_change.validator.parse_address(form.get("email", ""))
        if email is None:
            wrong = texts.gettext("Nothing was changed: we can’t send email to that address.")
            return self.show(token, ActionOutcome(wrong, failed=True), form)
        wait = self.address_change.request(reader, email, cause=cause)
        text = texts.gettext(
            "If we may write to that address, we’ve sent an email to both. Please press the "
            "button in each of them."
        )
        return self._show_sent(token, reader, text, wait)

    def _subscribe(self, token: str, reader: Subscriber, form: Form, cause: Cause) -> Response:
        """Subscribe after a letter, or at once where that undoes what the reader has just done."""
        texts = translator_for(reader, self.config)
        newsletter = find_choice(form, reader, self.config)
        exists = newsletter is not None and self.config.newsletter(newsletter.name) is not None
        if newsletter is None or not exists or reader.suppressed:
            return self.pages.bad_form(reader.language)
        with self.store.write() as tx:
            undone = may_undo(tx.audit_log.changes(reader.key), newsletter.name, cause.at)
            if undone:
                tx.subscribers.resubscribe(reader.key, newsletter.name, cause=cause)
        if undone or reader.is_subscribed(newsletter.name):
            text = texts.gettext(
                "You’re subscribed to %(newsletter)s.", newsletter=newsletter.label
            )
            return self.show(token, ActionOutcome(text))
        wait = self.letters.request_confirmation(reader, [newsletter], cause)
        text = texts.gettext(
            "We’ve sent an email to %(email)s. Press the button in it to get %(newsletter)s.",
            email=mask_email(reader.email),
            newsletter=newsletter.label,
        )
        return self._show_sent(token, reader, text, wait)

    def _send_data_link(self, token: str, reader: Subscriber, _: Form, cause: Cause) -> Response:
        texts = translator_for(reader, self.config)
        if reader.suppressed:
            text = texts.gettext(
                "To see, correct or delete the data we keep about you, write to %(address)s: we "
                "can’t send email to your own address.",
                address=self.pages.contact,
            )
            return self.show(token, ActionOutcome(text, failed=True))
        wait = self.letters.request_data_link(reader, cause)
        text = texts.gettext(
            "We’ve emailed a link to %(email)s. It works for 24 hours.",
            email=mask_email(reader.email),
        )
        return self._show_sent(token, reader, text, wait)

    def _show_sent(
        self, token: str, reader: Subscriber, text: str, wait: timedelta | None
    ) -> Response:
        """Return the page after a letter was sent; `wait` if it would have been one too many."""
        if wait is None:
            return self.show(token, ActionOutcome(text))
        refusal = translator_for(reader, self.config).gettext(
            "We’ve already sent several emails to %(email)s. Check your inbox and your spam "
            "folder, or try again tomorrow.",
            email=mask_email(reader.email),
        )
        return too_many_requests(self.show(token, ActionOutcome(refusal, failed=True)), wait)

    def _find(self, tx: Transaction, token: str) -> Subscriber:
        return linked(find_reader(tx, linked(self.links.read_preferences(token))))
