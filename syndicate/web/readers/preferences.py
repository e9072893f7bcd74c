"""The preferences page of a reader, behind the link in every mail.

There is no login, and mail is forwarded. So the link by itself shows only the newsletters, and
lets anybody only leave them, pause, and choose a language. The reader's data, a new
subscription and a change of address take a letter to their address (`email_verification`,
`address_change`). Only a POST from this page acts.
"""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from babel import Locale
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import SyndicateError
from syndicate.language import available_languages
from syndicate.model.subscribers import Cause, Subscriber, may_undo
from syndicate.store import Store, Transaction
from syndicate.web.csrf import is_same_origin
from syndicate.web.error_pages import ErrorPages, too_many_requests
from syndicate.web.forms import MAX_CHECKBOX_FIELDS, Form, read_form
from syndicate.web.pages import FORM_POLICY, WebPages
from syndicate.web.readers.address_change import AddressChange
from syndicate.web.readers.decisions import (
    DECISIONS,
    PAUSE_WEEKS,
    ActionOutcome,
    ReaderAction,
    find_choice,
    format_date,
    list_choices,
    pause_end,
)
from syndicate.web.readers.email_verification import EmailVerification
from syndicate.web.readers.link_owner import cause_of_request, find_reader, mask_email, strings_for
from syndicate.web.readers.signup.limits import HOUR

_log = structlog.get_logger(__name__)
MAX_POSTS = 60
"""Forms per reader and hour; each of them is logged or sends mail."""
_Form = Mapping[str, str]


class PreferencePages:
    """The pages under /preferences/."""

    def __init__(
        self,
        store: Store,
        config: Config,
        links: SignedLinks,
        pages: WebPages,
        *,
        address_change: AddressChange,
        verification: EmailVerification,
    ) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages
        self._address_change = address_change
        self._verification = verification
        self._errors = ErrorPages(config, pages)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/preferences/{token}", self.handle, methods=["GET", "POST"])]

    async def handle(self, request: Request) -> Response:
        """Show the page; on a POST, first do what the form says."""
        token = request.path_params["token"]
        try:
            if request.method != "POST":
                return await run_in_threadpool(self._show, token)
            if not is_same_origin(request, self._config.web_url):
                return self._errors.bad_form(status=403)
            form = await read_form(request, max_fields=MAX_CHECKBOX_FIELDS) or Form()
            cause = cause_of_request("preferences page", request, self._config)
            return await run_in_threadpool(self._within_limit, token, form, cause)
        except SyndicateError as error:  # the store, or a template of a letter
            _log.warning("preferences page failed", reason=str(error))
            return self._errors.busy()

    # actions

    def _within_limit(self, token: str, form: _Form, cause: Cause) -> Response:
        """Act, unless the reader has sent too many forms."""
        at = clock.now()
        with self._store.write() as tx:
            reader = self._find(tx, token)
            if reader is None:
                return self._errors.bad_link()
            name = f"preferences of {reader.key}"
            if not tx.attempt_limits.take(name, limit=MAX_POSTS, per=HOUR, at=at):
                wait = tx.attempt_limits.wait(name, limit=MAX_POSTS, per=HOUR, at=at)
                return too_many_requests(self._errors.busy(), wait)
        return self._act(token, reader, form, cause)

    def _act(self, token: str, reader: Subscriber, form: _Form, cause: Cause) -> Response:
        match form.get("action"):
            case "address":
                return self._change_address(token, reader, form, cause)
            case "join":
                return self._subscribe(token, reader, form, cause)
            case "data":
                return self._send_data_link(token, reader, cause)
        with self._store.write() as tx:
            current = self._find(tx, token)
            outcome = self._decide(tx, current, form, cause) if current else None
        if current is None:
            return self._errors.bad_link()
        if outcome is None:
            return self._errors.bad_form(strings_for(current, self._config).language)
        return self._show(token, outcome)

    def _decide(
        self, tx: Transaction, reader: Subscriber, form: _Form, cause: Cause
    ) -> ActionOutcome | None:
        """Apply the decision of the form; None when there is no such decision."""
        decide = DECISIONS.get(form.get("action", ""))
        if decide is None:
            return None
        at, config = clock.now(), self._config
        return decide(
            ReaderAction(tx=tx, reader=reader, form=form, cause=cause, at=at, config=config)
        )

    def _change_address(
        self, token: str, reader: Subscriber, form: _Form, cause: Cause
    ) -> Response:
        strings = strings_for(reader, self._config).preferences
        email = self._address_change.parse(form.get("email", ""))
        if email is None:
            return self._show(token, ActionOutcome(strings.address_wrong, failed=True), form)
        wait = self._address_change.request(reader, email, cause=cause, at=clock.now())
        if wait is not None:
            return self._too_many_letters(token, reader, wait)
        return self._show(token, ActionOutcome(strings.address_asked))

    def _subscribe(self, token: str, reader: Subscriber, form: _Form, cause: Cause) -> Response:
        """Subscribe after a letter, or at once where that undoes what the reader has just done."""
        at, strings = clock.now(), strings_for(reader, self._config)
        newsletter = find_choice(form, reader, self._config)
        exists = newsletter is not None and self._config.newsletter(newsletter.name) is not None
        if newsletter is None or not exists or reader.suppressed:
            return self._errors.bad_form(strings.language)
        texts, label = strings.preferences, newsletter.label
        with self._store.write() as tx:
            undone = may_undo(tx.audit_log.changes(reader.key), newsletter.name, at)
            if undone:
                tx.subscribers.resubscribe(reader.key, newsletter.name, at=at, cause=cause)
        if undone or reader.is_subscribed(newsletter.name):
            return self._show(token, ActionOutcome(texts.joined.format(newsletter=label)))
        wait = self._verification.request_subscription(reader, newsletter, cause=cause, at=at)
        if wait is not None:
            return self._too_many_letters(token, reader, wait)
        text = texts.join_sent.format(email=mask_email(reader.email), newsletter=label)
        return self._show(token, ActionOutcome(text))

    def _send_data_link(self, token: str, reader: Subscriber, cause: Cause) -> Response:
        strings = strings_for(reader, self._config).preferences
        if reader.suppressed:
            text = strings.data_by_hand.format(address=self._contact)
            return self._show(token, ActionOutcome(text, failed=True))
        wait = self._verification.request_data_link(reader, cause=cause, at=clock.now())
        if wait is not None:
            return self._too_many_letters(token, reader, wait)
        text = strings.data_sent.format(email=mask_email(reader.email))
        return self._show(token, ActionOutcome(text))

    def _too_many_letters(self, token: str, reader: Subscriber, wait: timedelta) -> Response:
        text = strings_for(reader, self._config).preferences.too_many_letters
        outcome = ActionOutcome(text.format(email=mask_email(reader.email)), failed=True)
        return too_many_requests(self._show(token, outcome), wait)

    # the page

    def _show(
        self, token: str, outcome: ActionOutcome | None = None, form: _Form | None = None
    ) -> Response:
        with self._store.read() as tx:
            reader = self._find(tx, token)
        if reader is None:
            return self._errors.bad_link()
        strings = strings_for(reader, self._config)
        until = pause_end(reader, clock.now())
        values = {
            "path": f"{urlsplit(self._config.web_url).path}/preferences/{token}",
            "outcome": outcome,
            "form": form or {},
            "reader": reader,
            "email": mask_email(reader.email),
            "contact": self._contact,
            "choices": list_choices(reader, self._config),
            "weeks": PAUSE_WEEKS,
            "paused": format_date(until, strings, self._config) if until else None,
            "languages": {tag: _language_name(tag) for tag in available_languages()},
        }
        page = self._pages.render(
            "web/preferences.html",
            values,
            language=strings.language,
            style="web/preferences.css",
            policy=FORM_POLICY,
        )
        return page.response()

    @property
    def _contact(self) -> str:
        """The address to write to for what no page can do."""
        return (self._config.mail.reply_to or self._config.mail.sender).address

    def _find(self, tx: Transaction, token: str) -> Subscriber | None:
        key = self._links.read_preferences(token)
        return None if key is None else find_reader(tx, key)


def _language_name(tag: str) -> str:
    """Return a language's name in that language: "Deutsch"."""
    name = Locale.parse(tag, sep="-").get_display_name() or tag
    return name[:1].upper() + name[1:]
