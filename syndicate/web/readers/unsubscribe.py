"""Unsubscribing from one newsletter, by one click (RFC 8058) or on a page.

It takes effect at once. The page after it offers less mail: a pause, and newsletters that come
less often.

Only a POST changes anything: scanners follow every link of a mail. The token in the address
is the only credential, and no response reveals whether a forged one is close.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse, Response

from syndicate import clock
from syndicate.config import Newsletter
from syndicate.model.subscribers import Actor, Cause, Subscriber, SubscriptionState, may_undo
from syndicate.render.rhythm import describe_rhythm, mails_per_week
from syndicate.text import one_line
from syndicate.web.forms import Form
from syndicate.web.pages import linked
from syndicate.web.readers.link_pages import LinkPages, find_newsletter, find_reader, mask_email

ONE_CLICK = "List-Unsubscribe"
REASONS: Mapping[str, str] = {
    "too_many": "too many",
    "unexpected": "not what I expected",
    "never_asked": "never asked for it",
    "other": "other",
}
"""Reasons for leaving: the form's value, and the text in the audit log."""
PAUSE = timedelta(days=30)
"""How long the pause is that is offered to those who leave."""
MAX_OFFERED = 3
"""Newsletters that are offered to those who leave, the first in the configuration."""
MAX_REASON_LENGTH = 300
"""Characters that a reader can add to a reason."""


@dataclass(frozen=True, slots=True)
class LinkedSubscription:
    """The newsletter and the reader that an unsubscribe link belongs to."""

    newsletter: Newsletter
    reader: Subscriber | None
    """None once erased."""
    undoable: bool = False
    """Whether the reader has just left."""

    @property
    def state(self) -> SubscriptionState | None:
        """The state of the subscription; None when there is none."""
        subscriptions = self.reader.subscriptions if self.reader else ()
        states = {subscription.newsletter: subscription.state for subscription in subscriptions}
        return states.get(self.newsletter.name)

    @property
    def may_return(self) -> bool:
        """Whether the reader left and may sign up again: their address isn't suppressed."""
        left = self.state is SubscriptionState.LEFT
        return left and self.reader is not None and self.reader.suppressed is None


@dataclass(frozen=True, slots=True)
class LessFrequent:
    """A newsletter that comes less often than the one that a reader leaves."""

    newsletter: Newsletter
    rhythm: str


@dataclass(frozen=True)
class UnsubscribePages(LinkPages):
    """The pages under /unsubscribe/."""

    prefix = "unsubscribe"

    def is_exempt(self, form: Form) -> bool:
        """Mail programs send the one-click form (RFC 8058)."""
        return form.get(ONE_CLICK) == "One-Click"

    def show(self, token: str) -> Response:
        """Show the state of the subscription."""
        return self._page(self._find(token))

    def act(self, token: str, form: Form, origin: str) -> Response:
        """Unsubscribe, undo that, or store the reason."""
        subscription = self._find(token)
        if self.is_exempt(form):
            self._leave(subscription, "one click in the mail program (RFC 8058)", origin)
            return PlainTextResponse("Unsubscribed.\n")
        action = form.get("action")
        if action == "leave":
            self._leave(subscription, "button on the unsubscribe page", origin)
        elif action == "undo" and subscription.may_return:
            if self._rejoin(subscription, origin):
                return self._page(subscription, rejoined=True)
        elif action == "pause" and subscription.may_return:
            if until := self._pause(subscription, origin):
                return self._page(subscription, paused_until=until)
        elif action == "reason" and form.get("reason") in REASONS:
            self._save_reason(subscription, form)
            return self._page(subscription, thanks=True)
        else:
            return self.pages.bad_form(self._language(subscription))
        return self.show(token)

    def _find(self, token: str) -> LinkedSubscription:
        """Return what a token belongs to; raise BadLink for one that we didn't sign."""
        key, name = linked(self.links.read_leave(token))
        with self.store.read() as tx:
            newsletter = find_newsletter(tx, name, self.config)
            newsletter = newsletter or Newsletter(name=name, offered=False)
            reader = find_reader(tx, key)
            undoable = reader is not None and may_undo(
                tx.audit_log.changes(reader.key), newsletter.name, clock.now()
            )
        return LinkedSubscription(newsletter, reader, undoable)

    def _leave(self, subscription: LinkedSubscription, how: str, origin: str) -> None:
        name, reader = subscription.newsletter.name, subscription.reader
        if reader is not None:
            with self.store.write() as tx:
                cause = Cause(who=Actor.READER, how=how, at=clock.now(), origin=origin)
                tx.subscribers.unsubscribe(reader.key, name, cause=cause)

    def _rejoin(
        self, subscription: LinkedSubscription, origin: str, pause_until: datetime | None = None
    ) -> bool:
        """Undo an unsubscription of the last hour, and pause mail; return whether it was done.

        Later on it takes a sign-up: anybody may have the link of a forwarded mail.
        """
        name, reader = subscription.newsletter.name, subscription.reader
        if reader is None:
            return False
        how = f"{'pause' if pause_until else 'undo'} on the unsubscribe page"
        cause = Cause(who=Actor.READER, how=how, at=clock.now(), origin=origin)
        with self.store.write() as tx:
            undoable = may_undo(tx.audit_log.changes(reader.key), name, cause.at)
            if not (undoable and tx.subscribers.resubscribe(reader.key, name, cause=cause)):
                return False
            if pause_until is not None:
                tx.subscribers.pause(reader.key, pause_until, cause=cause)
        return True

    def _pause(self, subscription: LinkedSubscription, origin: str) -> datetime | None:
        """Undo the unsubscription and pause all mail instead; return until when, if it was done.

        A longer pause that the reader has chosen stays.
        """
        chosen = subscription.reader.paused_until if subscription.reader else None
        until = clock.now() + PAUSE
        if chosen is not None and chosen >= until:
            return chosen if self._rejoin(subscription, origin) else None
        return until if self._rejoin(subscription, origin, pause_until=until) else None

    def _less_frequent(self, subscription: LinkedSubscription) -> list[LessFrequent]:
        """Return what the reader may want instead: offered, and less often than what they left."""
        reader, config = subscription.reader, self.config
        if reader is None or not subscription.may_return:
            return []
        language = self._language(subscription) or config.publication.language
        most = mails_per_week(subscription.newsletter, config)
        fewer = [
            newsletter
            for newsletter in config.offered
            if 0 < mails_per_week(newsletter, config) < most
            and not reader.is_subscribed(newsletter.name)
        ]
        return [
            LessFrequent(newsletter, describe_rhythm(newsletter, config, language))
            for newsletter in fewer[:MAX_OFFERED]
        ]

    def _save_reason(self, subscription: LinkedSubscription, form: Form) -> None:
        """Add the reason to the audit log, once."""
        comment = one_line(form.get("words", ""))[:MAX_REASON_LENGTH]
        reason = ": ".join(part for part in (REASONS[form["reason"]], comment) if part)
        if subscription.reader is not None and subscription.state is SubscriptionState.LEFT:
            with self.store.write() as tx:
                tx.audit_log.add_reason(
                    subscription.reader.key, subscription.newsletter.name, reason
                )

    def _page(
        self,
        subscription: LinkedSubscription,
        *,
        rejoined: bool = False,
        paused_until: datetime | None = None,
        thanks: bool = False,
    ) -> Response:
        reader, newsletter = subscription.reader, subscription.newsletter
        language = self._language(subscription)
        preferences = self.links.preferences(reader.key) if reader else None
        values = {
            "subscription": subscription,
            "newsletter": newsletter.label,
            "email": mask_email(reader.email if reader else ""),
            "rejoined": rejoined,
            "paused_until": paused_until,
            "pause_until": clock.now() + PAUSE,
            "fewer": self._less_frequent(subscription),
            "thanks": thanks,
            "max_length": MAX_REASON_LENGTH,
            "preferences": preferences,
            "join": urlsplit(preferences).path if preferences else None,
            "signup": self.pages.signup_url(newsletter),
        }
        return self.pages.render(
            "web/readers/unsubscribe.html",
            values,
            language=language,
            style="web/readers/preferences.css",
        )

    def _language(self, subscription: LinkedSubscription) -> str | None:
        """Return the reader's language, else the newsletter's; None for the publication's."""
        own = subscription.reader.language if subscription.reader else None
        return own or subscription.newsletter.language
