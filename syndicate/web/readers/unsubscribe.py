"""Leaving a newsletter: what stands behind every List-Unsubscribe header (RFC 8058).

Only a POST changes anything: scanners follow every link they find. The token in
the address is all there is; who has it needs no cookie and no login, and nobody
learns from an answer whether a made-up one was close.
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
from syndicate.intake.markup.text import one_line
from syndicate.model.subscribers import Cause, Subscriber, SubscriptionState, may_undo
from syndicate.store import Store
from syndicate.web.error_pages import ErrorPages, mask_email
from syndicate.web.forms import Form, read_form
from syndicate.web.pages import WebPages
from syndicate.web.readers.link_owner import cause_of_request, find_reader, find_renamed_newsletter
from syndicate.web.security_headers import NO_STORE, answer, is_same_origin
from syndicate.web.ui_strings import WebStrings, web_strings

ONE_CLICK = "List-Unsubscribe"
REASONS: Mapping[str, str] = {
    "too_many": "too many",
    "unexpected": "not what I expected",
    "never_asked": "never asked for it",
    "other": "other",
}
"""Why somebody may have left: as the form says it, and as the audit trail does."""
MAX_REASON_LENGTH = 300
"""Characters of a reason in the reader's own words."""


@dataclass(frozen=True, slots=True)
class LinkedSubscription:
    """Who holds a link, and to which newsletter it belongs."""

    newsletter: Newsletter
    subscriber: Subscriber | None
    """None where the store has forgotten them."""
    undoable: bool = False
    """Whether they have just left."""

    @property
    def state(self) -> SubscriptionState | None:
        """Where the subscription stands; None where there is none."""
        found = self.subscriber.subscriptions if self.subscriber else ()
        return next((one.state for one in found if one.newsletter == self.newsletter.name), None)

    @property
    def may_return(self) -> bool:
        """Whether they left and may sign up again, as far as we mail their address."""
        left = self.state is SubscriptionState.LEFT
        return left and self.subscriber is not None and self.subscriber.suppressed is None

    @property
    def masked_email(self) -> str:
        """The address so that its owner knows it and a stranger can't use it."""
        return mask_email(self.subscriber.email if self.subscriber else "")


class UnsubscribePages:
    """The page and the one click under /unsubscribe/."""

    def __init__(self, store: Store, config: Config, links: SignedLinks, pages: WebPages) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages
        self._notices = ErrorPages(config, pages)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/unsubscribe/{token}", self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        """Show where the reader stands; on a POST, first do what the form says."""
        token = request.path_params["token"]
        try:
            if request.method != "POST":
                return await run_in_threadpool(self._show, token)
            form = await read_form(request) or Form()
            if form.get(ONE_CLICK) != "One-Click" and not is_same_origin(
                request, self._config.web_url
            ):
                return self._notices.refused()
            return await run_in_threadpool(self._act, token, form, request)
        except StoreError:
            return self._notices.busy()

    def _show(self, token: str) -> Response:
        reader = self._reader(token)
        return self._notices.bad_link() if reader is None else self._standing(reader)

    def _act(self, token: str, form: Form, request: Request) -> Response:
        reader = self._reader(token)
        if reader is None:
            return self._notices.bad_link()
        action = form.get("action")
        if form.get(ONE_CLICK) == "One-Click":
            self._leave(reader, self._cause("one click in the mail program (RFC 8058)", request))
            return PlainTextResponse("Unsubscribed.\n", headers=NO_STORE)
        if action == "leave":
            self._leave(reader, self._cause("button on the unsubscribe page", request))
            return self._show(token)
        if action == "undo" and reader.may_return:
            cause = self._cause("undo on the unsubscribe page", request)
            return self._rejoined(reader) if self._rejoin(reader, cause) else self._show(token)
        if action == "reason" and form.get("reason") in REASONS:
            self._explain(reader, form)
            return self._standing(reader, told=self._words(reader).reasons.thanks)
        return self._notices.refused(self._words(reader).language)

    def _reader(self, token: str) -> LinkedSubscription | None:
        """Return who holds a token; None for one that we did not sign."""
        read = self._links.read(token)
        if read is None:
            return None
        key, name = read
        with self._store.read() as tx:
            newsletter = find_renamed_newsletter(tx, name, self._config) or Newsletter(name=name)
            person = find_reader(tx, key)
            undoable = person is not None and may_undo(
                tx.audit_log.changes(person.key), newsletter.name, clock.now()
            )
        return LinkedSubscription(newsletter, person, undoable)

    def _cause(self, how: str, request: Request) -> Cause:
        return cause_of_request(how, request, self._config)

    def _leave(self, reader: LinkedSubscription, cause: Cause) -> None:
        name = reader.newsletter.name
        if reader.subscriber is not None:
            with self._store.write() as tx:
                tx.subscribers.unsubscribe(reader.subscriber.key, name, at=clock.now(), cause=cause)

    def _rejoin(self, reader: LinkedSubscription, cause: Cause) -> bool:
        """Undo what was done within the last hour; False where it is too late for that.

        Anybody may have the link of a mail that was forwarded.
        """
        name, at = reader.newsletter.name, clock.now()
        if reader.subscriber is None:
            return False
        key = reader.subscriber.key
        with self._store.write() as tx:
            return may_undo(tx.audit_log.changes(key), name, at) and tx.subscribers.resubscribe(
                key, name, at=at, cause=cause
            )

    def _explain(self, reader: LinkedSubscription, form: Form) -> None:
        """Note why somebody left, once."""
        own = one_line(form.get("words", ""))[:MAX_REASON_LENGTH]
        reason = ": ".join(part for part in (REASONS[form["reason"]], own) if part)
        if reader.subscriber is not None and reader.state is SubscriptionState.LEFT:
            with self._store.write() as tx:
                tx.audit_log.add_reason(reader.subscriber.key, reader.newsletter.name, reason)

    # what the reader sees

    def _standing(self, reader: LinkedSubscription, *, told: str = "") -> Response:
        someone = reader.subscriber
        values = {
            "reader": reader,
            "newsletter": reader.newsletter.label,
            "reasons": REASONS,
            "most": MAX_REASON_LENGTH,
            "told": told,
            "preferences": self._links.preferences(someone.key) if someone else None,
            "sign_up": self._sign_up(reader.newsletter),
        }
        page = self._pages.render(
            "web/unsubscribe.html",
            values,
            language=self._words(reader).language,
            style="web/preferences.css",
            policy=("form-action 'self'",),
        )
        return answer(page)

    def _sign_up(self, newsletter: Newsletter) -> str | None:
        """Return where one can sign up for a newsletter; None where one can't."""
        known = self._config.newsletter(newsletter.name)
        if not self._config.signup.enabled or known is None or not known.offered:
            return None
        return f"{self._config.web_url}/signup?newsletter={newsletter.name}"

    def _rejoined(self, reader: LinkedSubscription) -> Response:
        words = self._words(reader)
        said = words.rejoined.format(email=reader.masked_email, newsletter=reader.newsletter.label)
        page = self._pages.notice(words.rejoined_title, said, language=words.language)
        return answer(page)

    def _words(self, reader: LinkedSubscription) -> WebStrings:
        own = reader.subscriber.language if reader.subscriber else None
        language = own or reader.newsletter.language
        return web_strings(language or self._config.publication.language)
