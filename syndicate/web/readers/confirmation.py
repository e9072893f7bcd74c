"""Confirming: the page behind the button of a letter.

A letter asks something of one reader; here they say yes. Looking changes nothing, since
scanners open every link of a mail; the button does, once.
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
from syndicate.model.subscribers import Action, Actor, Cause, Subscriber, SubscriptionState
from syndicate.render import ui_strings as page_words
from syndicate.store import ConfirmationKind, PendingConfirmation, Store, Transaction
from syndicate.web.error_pages import ErrorPages, mask_email
from syndicate.web.forms import MAX_CHECKBOX_FIELDS, Form, read_form
from syndicate.web.pages import WebPages
from syndicate.web.readers.letters import LetterSender
from syndicate.web.readers.link_owner import find_renamed_newsletter
from syndicate.web.security_headers import answer, is_same_origin
from syndicate.web.server.client_address import client_network
from syndicate.web.ui_strings import web_strings

_STYLE = "web/forms.css"


class ConfirmationHandler(Protocol):
    """Whoever deals with one kind of question."""

    def show(self, question: PendingConfirmation) -> Response:
        """Show what is asked, and change nothing. Raise StoreError."""

    def confirm(self, question: PendingConfirmation, form: Form, *, origin: str) -> Response:
        """Take the answer of a reader in the network `origin`, if it isn't too late.

        Raise StoreError.
        """


class ConfirmPages:
    """The page under /confirm/."""

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
        self._notices = ErrorPages(config, pages)
        self._handlers = handlers

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/confirm/{token}", self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        """Show what is asked; on a POST from that page, do it."""
        form = None
        if request.method == "POST":
            if not is_same_origin(request, self._config.web_url):
                return self._notices.refused()
            form = await read_form(request, most=MAX_CHECKBOX_FIELDS) or Form()
        try:
            return await run_in_threadpool(self._answer, request, form)
        except StoreError:
            return self._notices.busy()

    def _answer(self, request: Request, form: Form | None) -> Response:
        read = self._links.read_confirm(request.path_params["token"])
        if read is None:
            return self._notices.bad_link()
        with self._store.read() as tx:
            asked = tx.confirmations.find(*read)
        if asked is None:
            return self._notices.bad_link()
        handler = self._handlers[asked.kind]
        if form is None:
            return handler.show(asked)
        return handler.confirm(
            asked, form, origin=client_network(request, self._config.web.proxies)
        )


class SubscriptionConfirmation:
    """Deals with the question whether somebody wants to be subscribed."""

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
        self._notices = ErrorPages(config, pages)

    def show(self, question: PendingConfirmation) -> Response:
        """Show what would come, and a button; what came of it, once it was pressed."""
        done = question.done_at is not None
        with self._store.read() as tx:
            reader = tx.subscribers.by_key(question.subscriber)
            newsletters = self._newsletters(question) if done else self._open(tx, question)
        if reader is None:
            return self._notices.bad_link()
        holds = _is_subscribed(reader, newsletters) if done else clock.now() < question.expires_at
        if not (newsletters and holds):
            return self._expired()
        return self._page(reader, newsletters, done=done)

    def confirm(self, question: PendingConfirmation, _: Form, *, origin: str) -> Response:
        """Subscribe the reader; a button that was pressed before does no more."""
        at = clock.now()
        if at < question.expires_at:
            how = f"button in letter {question.letter}, after the {question.asked['how']}"
            cause = Cause(who=Actor.READER, how=how, origin=origin)
            with self._store.write() as tx:
                newsletters = self._open(tx, question)
                if newsletters and tx.confirmations.mark_done(question.letter, at=at):
                    self._subscribe(tx, question, newsletters, cause=cause, at=at)
            self._letters.hand_over()
        with self._store.read() as tx:
            now = tx.confirmations.find(question.letter, question.subscriber)
        return self._notices.bad_link() if now is None else self.show(now)

    def _subscribe(
        self,
        tx: Transaction,
        question: PendingConfirmation,
        newsletters: list[Newsletter],
        *,
        cause: Cause,
        at: datetime,
    ) -> None:
        """Subscribe, and keep what was typed beside the address where nothing was known.

        Whoever typed it may have been anybody: what stands is changed in the preferences alone.
        """
        names = [newsletter.name for newsletter in newsletters]
        new = tx.subscribers.confirm(question.subscriber, names, cause=cause, at=at)
        reader = tx.subscribers.by_key(question.subscriber)
        if reader is not None:
            typed = question.asked
            name = reader.name or typed.get("name", "")
            fields = {**typed.get("fields", {}), **reader.fields}
            tx.subscribers.update(reader.key, name=name, fields=fields, cause=cause, at=at)
        begun = [newsletter for newsletter in newsletters if newsletter.name in new]
        self._letters.welcome(tx, question.subscriber, begun, at=at)

    def _open(self, tx: Transaction, question: PendingConfirmation) -> list[Newsletter]:
        """Return what was asked for without what the reader has left since.

        A letter may have been forwarded, and must not bring them back.
        """
        left = {
            change.newsletter
            for change in tx.audit_log.changes(question.subscriber)
            if change.action in {Action.LEFT, Action.DECLINED} and change.at >= question.at
        }
        asked = self._newsletters(question)
        return [newsletter for newsletter in asked if newsletter.name not in left]

    def _newsletters(self, question: PendingConfirmation) -> list[Newsletter]:
        """Return what was asked for, as far as there still is such a thing."""
        with self._store.read() as tx:
            names = question.asked["newsletters"]
            found = [find_renamed_newsletter(tx, name, self._config) for name in names]
        return [newsletter for newsletter in found if newsletter is not None]

    def _page(self, reader: Subscriber, newsletters: list[Newsletter], *, done: bool) -> Response:
        language = self._letters.language(reader, newsletters)
        said = web_strings(language).signup
        values = {
            "said": said,
            "done": done,
            "newsletters": newsletters,
            "names": page_words.page_strings(language).all_of([one.label for one in newsletters]),
            "email": mask_email(reader.email),
            "preferences": self._links.preferences(reader.key),
        }
        page = self._pages.render(
            "web/confirm.html",
            values,
            language=language,
            style=_STYLE,
            policy=("form-action 'self'",),
        )
        return answer(page)

    def _expired(self) -> Response:
        """Say that a link can't be used any more, and lead to another one."""
        said = web_strings(self._config.publication.language).signup
        again = f"{self._config.web_url}/signup" if self._config.signup.enabled else None
        values = {"said": said, "again": again}
        return answer(self._pages.render("web/expired.html", values, style=_STYLE), 410)


def _is_subscribed(reader: Subscriber, newsletters: list[Newsletter]) -> bool:
    """Tell whether somebody is subscribed to all of these."""
    confirmed = SubscriptionState.CONFIRMED
    stands = {one.newsletter for one in reader.subscriptions if one.state is confirmed}
    return bool(newsletters) and stands.issuperset(one.name for one in newsletters)
