"""Unsubscribing from one newsletter, by one click (RFC 8058) or on a page.

Only a POST changes anything: scanners follow every link of a mail. The token in the address
is the only credential, and no response reveals whether a forged one is close.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config, Newsletter
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import StoreError
from syndicate.model.subscribers import Cause, Subscriber, SubscriptionState, may_undo
from syndicate.store import Store
from syndicate.text import one_line
from syndicate.web.csrf import is_same_origin
from syndicate.web.error_pages import ErrorPages
from syndicate.web.forms import Form, read_form
from syndicate.web.pages import FORM_POLICY, WebPages
from syndicate.web.readers import link_owner
from syndicate.web.security_headers import NO_STORE
from syndicate.web.ui_strings import WebStrings, web_strings

ONE_CLICK = "List-Unsubscribe"
REASONS: Mapping[str, str] = {
    "too_many": "too many",
    "unexpected": "not what I expected",
    "never_asked": "never asked for it",
    "other": "other",
}
"""Reasons for leaving: the form's value, and the text in the audit log."""
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

    @property
    def masked_email(self) -> str:
        """The address as `mask_email` shortens it."""
        return link_owner.mask_email(self.reader.email if self.reader else "")


class UnsubscribePages:
    """The pages under /unsubscribe/."""

    def __init__(self, store: Store, config: Config, links: SignedLinks, pages: WebPages) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages
        self._errors = ErrorPages(config, pages)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/unsubscribe/{token}", self.handle, methods=["GET", "POST"])]

    async def handle(self, request: Request) -> Response:
        """Show the state of the subscription; on a POST, first do what the form says."""
        token = request.path_params["token"]
        try:
            if request.method != "POST":
                return await run_in_threadpool(self._show, token)
            form = await read_form(request) or Form()
            if form.get(ONE_CLICK) != "One-Click" and not is_same_origin(
                request, self._config.web_url
            ):
                return self._errors.bad_form()
            return await run_in_threadpool(self._act, token, form, request)
        except StoreError:
            return self._errors.busy()

    def _show(self, token: str) -> Response:
        subscription = self._find(token)
        return self._errors.bad_link() if subscription is None else self._page(subscription)

    def _act(self, token: str, form: Form, request: Request) -> Response:
        subscription = self._find(token)
        if subscription is None:
            return self._errors.bad_link()
        action = form.get("action")
        if form.get(ONE_CLICK) == "One-Click":
            cause = self._cause("one click in the mail program (RFC 8058)", request)
            self._leave(subscription, cause)
            return PlainTextResponse("Unsubscribed.\n", headers=NO_STORE)
        if action == "leave":
            self._leave(subscription, self._cause("button on the unsubscribe page", request))
            return self._show(token)
        if action == "undo" and subscription.may_return:
            cause = self._cause("undo on the unsubscribe page", request)
            undone = self._rejoin(subscription, cause)
            return self._rejoined(subscription) if undone else self._show(token)
        if action == "reason" and form.get("reason") in REASONS:
            self._save_reason(subscription, form)
            return self._page(subscription, self._strings(subscription).reasons.thanks)
        return self._errors.bad_form(self._strings(subscription).language)

    def _find(self, token: str) -> LinkedSubscription | None:
        """Return what a token belongs to; None for one that we didn't sign."""
        key_and_name = self._links.read_unsubscribe(token)
        if key_and_name is None:
            return None
        key, name = key_and_name
        with self._store.read() as tx:
            newsletter = link_owner.find_newsletter(tx, name, self._config) or Newsletter(name=name)
            reader = link_owner.find_reader(tx, key)
            undoable = reader is not None and may_undo(
                tx.audit_log.changes(reader.key), newsletter.name, clock.now()
            )
        return LinkedSubscription(newsletter, reader, undoable)

    def _cause(self, how: str, request: Request) -> Cause:
        return link_owner.cause_of_request(how, request, self._config)

    def _leave(self, subscription: LinkedSubscription, cause: Cause) -> None:
        name, reader = subscription.newsletter.name, subscription.reader
        if reader is not None:
            with self._store.write() as tx:
                tx.subscribers.unsubscribe(reader.key, name, at=clock.now(), cause=cause)

    def _rejoin(self, subscription: LinkedSubscription, cause: Cause) -> bool:
        """Undo an unsubscription of the last hour; return whether it was done.

        Later on it takes a sign-up: anybody may have the link of a forwarded mail.
        """
        name, reader, at = subscription.newsletter.name, subscription.reader, clock.now()
        if reader is None:
            return False
        with self._store.write() as tx:
            return may_undo(
                tx.audit_log.changes(reader.key), name, at
            ) and tx.subscribers.resubscribe(reader.key, name, at=at, cause=cause)

    def _save_reason(self, subscription: LinkedSubscription, form: Form) -> None:
        """Add the reason to the audit log, once."""
        comment = one_line(form.get("words", ""))[:MAX_REASON_LENGTH]
        reason = ": ".join(part for part in (REASONS[form["reason"]], comment) if part)
        if subscription.reader is not None and subscription.state is SubscriptionState.LEFT:
            with self._store.write() as tx:
                tx.audit_log.add_reason(
                    subscription.reader.key, subscription.newsletter.name, reason
                )

    # the pages

    def _page(self, subscription: LinkedSubscription, message: str = "") -> Response:
        reader = subscription.reader
        values = {
            "subscription": subscription,
            "newsletter": subscription.newsletter.label,
            "reasons": REASONS,
            "max_length": MAX_REASON_LENGTH,
            "message": message,
            "preferences": self._links.preferences(reader.key) if reader else None,
            "signup": self._signup_url(subscription.newsletter),
        }
        page = self._pages.render(
            "web/unsubscribe.html",
            values,
            language=self._strings(subscription).language,
            style="web/preferences.css",
            policy=FORM_POLICY,
        )
        return page.response()

    def _signup_url(self, newsletter: Newsletter) -> str | None:
        current = self._config.newsletter(newsletter.name)
        if not self._config.signup.enabled or current is None or not current.offered:
            return None
        return f"{self._config.web_url}/signup?newsletter={newsletter.name}"

    def _rejoined(self, subscription: LinkedSubscription) -> Response:
        strings, newsletter = self._strings(subscription), subscription.newsletter
        text = strings.rejoined.format(email=subscription.masked_email, newsletter=newsletter.label)
        page = self._pages.notice(strings.rejoined_title, text, language=strings.language)
        return page.response()

    def _strings(self, subscription: LinkedSubscription) -> WebStrings:
        own = subscription.reader.language if subscription.reader else None
        language = own or subscription.newsletter.language
        return web_strings(language or self._config.publication.language)
