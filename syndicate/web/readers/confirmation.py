"""The page behind the button of a letter, where a reader confirms what the letter asks.

Only the button on the page acts, and only once: scanners open every link of a mail.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config, Newsletter
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import StoreError
from syndicate.model.subscribers import Action, Actor, Cause, Subscriber
from syndicate.render.formatting import join_names
from syndicate.store import ConfirmationKind, PendingConfirmation, Store, Transaction
from syndicate.web.csrf import is_same_origin
from syndicate.web.error_pages import ErrorPages
from syndicate.web.forms import MAX_CHECKBOX_FIELDS, Form, read_form
from syndicate.web.pages import FORM_POLICY, WebPages
from syndicate.web.readers.letters import LetterSender
from syndicate.web.readers.link_owner import find_newsletter, mask_email
from syndicate.web.server.client_address import client_network
from syndicate.web.ui_strings import web_strings

_STYLE = "web/forms.css"


class ConfirmationHandler(Protocol):
    """Handles one kind of confirmation; its methods raise StoreError."""

    def show(self, confirmation: PendingConfirmation) -> Response:
        """Return the page with the button."""

    def confirm(self, confirmation: PendingConfirmation, form: Form, *, origin: str) -> Response:
        """Act on the button that a reader in the network `origin` pressed, unless expired."""


class ConfirmationPages:
    """The pages under /confirm/."""

    def __init__(
        self,
        store: Store,
        config: Config,
        links: SignedLinks,
        pages: WebPages,
        handlers: Mapping[ConfirmationKind, ConfirmationHandler],
    ) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._errors = ErrorPages(config, pages)
        self._handlers = handlers

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/confirm/{token}", self.handle, methods=["GET", "POST"])]

    async def handle(self, request: Request) -> Response:
        """Show the page; on a POST from it, confirm."""
        form = None
        if request.method == "POST":
            if not is_same_origin(request, self._config.web_url):
                return self._errors.bad_form()
            form = await read_form(request, max_fields=MAX_CHECKBOX_FIELDS) or Form()
        try:
            return await run_in_threadpool(self._respond, request, form)
        except StoreError:
            return self._errors.busy()

    def _respond(self, request: Request, form: Form | None) -> Response:
        letter_and_reader = self._links.read_confirm(request.path_params["token"])
        if letter_and_reader is None:
            return self._errors.bad_link()
        with self._store.read() as tx:
            confirmation = tx.confirmations.find(*letter_and_reader)
        if confirmation is None:
            return self._errors.bad_link()
        handler = self._handlers[confirmation.kind]
        if form is None:
            return handler.show(confirmation)
        origin = client_network(request, self._config.web.proxies)
        return handler.confirm(confirmation, form, origin=origin)


class SubscriptionConfirmation:
    """Handles the confirmation of a subscription (double opt-in)."""

    def __init__(
        self,
        store: Store,
        config: Config,
        links: SignedLinks,
        pages: WebPages,
        letters: LetterSender,
    ) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages
        self._letters = letters
        self._errors = ErrorPages(config, pages)

    def show(self, confirmation: PendingConfirmation) -> Response:
        """Return the page with the button, or that it was pressed already."""
        done = confirmation.done_at is not None
        with self._store.read() as tx:
            reader = tx.subscribers.by_key(confirmation.subscriber)
            newsletters = (
                self._requested(confirmation) if done else self._remaining(tx, confirmation)
            )
        if reader is None:
            return self._errors.bad_link()
        if done:
            is_current = all(reader.is_subscribed(newsletter.name) for newsletter in newsletters)
        else:
            is_current = clock.now() < confirmation.expires_at
        if not (newsletters and is_current):
            return self._expired()
        return self._page(reader, newsletters, done=done)

    def confirm(self, confirmation: PendingConfirmation, _: Form, *, origin: str) -> Response:
        """Subscribe the reader, once."""
        at = clock.now()
        if at < confirmation.expires_at:
            how = f"button in letter {confirmation.letter}, after the {confirmation.asked['how']}"
            cause = Cause(who=Actor.READER, how=how, origin=origin)
            with self._store.write() as tx:
                newsletters = self._remaining(tx, confirmation)
                if newsletters and tx.confirmations.mark_done(confirmation.letter, at=at):
                    self._subscribe(tx, confirmation, newsletters, cause=cause, at=at)
            self._letters.notify_sender()
        with self._store.read() as tx:
            current = tx.confirmations.find(confirmation.letter, confirmation.subscriber)
        return self._errors.bad_link() if current is None else self.show(current)

    def _subscribe(
        self,
        tx: Transaction,
        confirmation: PendingConfirmation,
        newsletters: list[Newsletter],
        *,
        cause: Cause,
        at: datetime,
    ) -> None:
        """Subscribe the reader, and store the name and fields of the sign-up if they had none.

        Anybody may have filled in that form, so it replaces nothing that is stored.
        """
        names = [newsletter.name for newsletter in newsletters]
        new = tx.subscribers.confirm(confirmation.subscriber, names, cause=cause, at=at)
        reader = tx.subscribers.by_key(confirmation.subscriber)
        if reader is not None:
            signup = confirmation.asked
            name = reader.name or signup.get("name", "")
            fields = {**signup.get("fields", {}), **reader.fields}
            tx.subscribers.update(reader.key, name=name, fields=fields, cause=cause, at=at)
        subscribed = [newsletter for newsletter in newsletters if newsletter.name in new]
        self._letters.add_welcome(tx, confirmation.subscriber, subscribed, at=at)

    def _remaining(self, tx: Transaction, confirmation: PendingConfirmation) -> list[Newsletter]:
        """Return the requested newsletters, without those that the reader has left since.

        The letter may have been forwarded, and must not subscribe them again.
        """
        left = {
            change.newsletter
            for change in tx.audit_log.changes(confirmation.subscriber)
            if change.action in {Action.LEFT, Action.DECLINED} and change.at >= confirmation.at
        }
        requested = self._requested(confirmation)
        return [newsletter for newsletter in requested if newsletter.name not in left]

    def _requested(self, confirmation: PendingConfirmation) -> list[Newsletter]:
        """Return the requested newsletters that still exist."""
        with self._store.read() as tx:
            names = confirmation.asked["newsletters"]
            requested = [find_newsletter(tx, name, self._config) for name in names]
        return [newsletter for newsletter in requested if newsletter is not None]

    def _page(self, reader: Subscriber, newsletters: list[Newsletter], *, done: bool) -> Response:
        language = self._letters.choose_language(reader, newsletters)
        values = {
            "strings": web_strings(language).signup,
            "done": done,
            "newsletters": newsletters,
            "names": join_names([item.label for item in newsletters], language),
            "email": mask_email(reader.email),
            "preferences": self._links.preferences(reader.key),
        }
        page = self._pages.render(
            "web/confirm.html", values, language=language, style=_STYLE, policy=FORM_POLICY
        )
        return page.response()

    def _expired(self) -> Response:
        values = {
            "strings": web_strings(self._config.publication.language).signup,
            "signup": f"{self._config.web_url}/signup" if self._config.signup.enabled else None,
        }
        return self._pages.render("web/expired.html", values, style=_STYLE).response(410)
