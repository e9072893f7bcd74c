"""The page behind the button of a letter, where a reader confirms what the letter asks.

Only the button on the page acts, and only once: scanners open every link of a mail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import Response

from syndicate import clock
from syndicate.config import Newsletter
from syndicate.model.subscribers import Action, Actor, Cause, ConfirmationKind
from syndicate.render.formatting import join_names
from syndicate.store import PendingConfirmation, Transaction
from syndicate.web.forms import Form
from syndicate.web.pages import ReaderPages, linked
from syndicate.web.readers.letters import LetterSender
from syndicate.web.readers.link_pages import LinkPages, find_newsletter, mask_email


class ConfirmationHandler(Protocol):
    """Handles one kind of confirmation; its methods raise StoreError."""

    def show(self, confirmation: PendingConfirmation) -> Response:
        """Return the page with the button."""

    def confirm(self, confirmation: PendingConfirmation, form: Form, *, origin: str) -> Response:
        """Act on the button that a reader in the network `origin` pressed, unless expired."""


@dataclass(frozen=True)
class ConfirmationPages(LinkPages):
    """The pages under /confirm/."""

    prefix = "confirm"
    handlers: Mapping[ConfirmationKind, ConfirmationHandler]

    def show(self, token: str) -> Response:
        """Return the page with the button."""
        confirmation = self._find(token)
        return self.handlers[confirmation.kind].show(confirmation)

    def act(self, token: str, form: Form, origin: str) -> Response:
        """Confirm."""
        confirmation = self._find(token)
        return self.handlers[confirmation.kind].confirm(confirmation, form, origin=origin)

    def _find(self, token: str) -> PendingConfirmation:
        letter_and_reader = linked(self.links.read_pair("confirm", token))
        with self.store.read() as tx:
            return linked(tx.confirmations.find(*letter_and_reader))


@dataclass(frozen=True)
class SubscriptionConfirmation(ReaderPages):
    """Handles the confirmation of a subscription (double opt-in)."""

    letters: LetterSender

    def show(self, confirmation: PendingConfirmation) -> Response:
        """Return the page with the button, or that it was pressed already."""
        done = confirmation.done_at is not None
        with self.store.read() as tx:
            reader = linked(tx.subscribers.by_key(confirmation.subscriber))
            find = self._requested if done else self._remaining
            newsletters = find(tx, confirmation)
        if done:
            is_current = all(reader.is_subscribed(newsletter.name) for newsletter in newsletters)
        else:
            is_current = clock.now() < confirmation.expires_at
        if not (newsletters and is_current):
            form = {"signup": self.pages.signup_url()}
            return self.pages.render(
                "web/readers/expired.html", form, style="web/readers/forms.css", status=410
            )
        language = self.letters.choose_language(reader, newsletters)
        values = {
            "done": done,
            "newsletters": newsletters,
            "names": join_names([item.label for item in newsletters], language),
            "email": mask_email(reader.email),
            "preferences": self.links.preferences(reader.key),
        }
        return self.pages.render(
            "web/readers/confirm.html", values, language=language, style="web/readers/forms.css"
        )

    def confirm(self, confirmation: PendingConfirmation, _: Form, *, origin: str) -> Response:
        """Subscribe the reader, once."""
        at = clock.now()
        if at < confirmation.expires_at:
            how = f"button in letter {confirmation.letter}, after the {confirmation.asked['how']}"
            cause = Cause(who=Actor.READER, how=how, at=at, origin=origin)
            with self.store.write() as tx:
                newsletters = self._remaining(tx, confirmation)
                if newsletters and tx.confirmations.mark_done(confirmation.letter, at=at):
                    self._subscribe(tx, confirmation, newsletters, cause=cause)
            self.letters.notify_sender()
        with self.store.read() as tx:
            current = tx.confirmations.find(confirmation.letter, confirmation.subscriber)
        return self.show(linked(current))

    def _subscribe(
        self,
        tx: Transaction,
        confirmation: PendingConfirmation,
        newsletters: list[Newsletter],
        *,
        cause: Cause,
    ) -> None:
        """Subscribe the reader, and store the name and fields of the sign-up if they had none.

        Anybody may have filled in that form, so it replaces nothing that is stored.
        """
        names = [newsletter.name for newsletter in newsletters]
        new = tx.subscribers.confirm(confirmation.subscriber, names, cause=cause)
        reader = tx.subscribers.by_key(confirmation.subscriber)
        if reader is not None:
            signup = confirmation.asked
            name = reader.name or signup.get("name", "")
            fields = {**signup.get("fields", {}), **reader.fields}
            tx.subscribers.update(reader.key, name=name, fields=fields, cause=cause)
        subscribed = [newsletter for newsletter in newsletters if newsletter.name in new]
        self.letters.add_welcome(tx, confirmation.subscriber, subscribed, at=cause.at)

    def _remaining(self, tx: Transaction, confirmation: PendingConfirmation) -> list[Newsletter]:
        """Return the requested newsletters, without those that the reader has left since.

        The letter may have been forwarded, and must not subscribe them again.
        """
        since, leaving = confirmation.at, {Action.LEFT, Action.DECLINED}
        left = {
            change.newsletter
            for change in tx.audit_log.changes(confirmation.subscriber)
            if change.action in leaving and change.cause.at >= since
        }
        requested = self._requested(tx, confirmation)
        return [newsletter for newsletter in requested if newsletter.name not in left]

    def _requested(self, tx: Transaction, confirmation: PendingConfirmation) -> list[Newsletter]:
        """Return the requested newsletters that still exist."""
        names = confirmation.asked["newsletters"]
        requested = [find_newsletter(tx, name, self.config) for name in names]
        return [newsletter for newsletter in requested if newsletter is not None]
