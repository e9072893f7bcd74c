"""The page where a reader decides about everything, by the link in every mail.

A GET shows; only a POST from this very page acts, and the page that comes back says what
was done. There is no login, and mail is forwarded. So the link alone shows nothing but the
newsletters, and lets anybody do no more than leave them, pause, and choose a language.
What is kept on the reader, a new subscription and a change of address take a letter
(`readers.letter_requests`, `readers.personal_data`, `readers.address_change`).
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
from syndicate.web.error_pages import ErrorPages, mask_email, too_many_requests
from syndicate.web.forms import MAX_CHECKBOX_FIELDS, Form, read_form
from syndicate.web.pages import WebPages
from syndicate.web.readers.address_change import AddressChange
from syndicate.web.readers.decisions import (
    DECISIONS,
    PAUSE_WEEKS,
    ActionOutcome,
    ReaderAction,
    find_newsletter,
    format_date,
    list_newsletters,
    paused_until,
)
from syndicate.web.readers.email_verification import EmailVerification
from syndicate.web.readers.link_owner import cause_of_request, find_reader
from syndicate.web.readers.signup.limits import HOUR
from syndicate.web.security_headers import answer, is_same_origin
from syndicate.web.ui_strings import WebStrings, web_strings

_log = structlog.get_logger(__name__)
_ORIGIN_NOTE = "preferences page"
MAX_POSTS = 60
"""How often a reader may decide something in an hour: each time is noted, or sent."""
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
        change: AddressChange,
        letters: EmailVerification,
    ) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages
        self._change = change
        self._letters = letters
        self._notices = ErrorPages(config, pages)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/preferences/{token}", self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        """Show the page; on a POST, first do what the form says."""
        token = request.path_params["token"]
        try:
            if request.method != "POST":
                return await run_in_threadpool(self._show, token)
            if not is_same_origin(request, self._config.web_url):
                refused = self._notices.refused()
                refused.status_code = 403
                return refused
            form = await read_form(request, most=MAX_CHECKBOX_FIELDS) or Form()
            cause = cause_of_request(_ORIGIN_NOTE, request, self._config)
            return await run_in_threadpool(self._within_limit, token, form, cause)
        except SyndicateError as error:  # the store, or a template of a letter
            _log.warning("preferences not answered", reason=str(error))
            return self._notices.busy()

    # what is done

    def _within_limit(self, token: str, form: _Form, cause: Cause) -> Response:
        """Act, unless the link was used too often."""
        at = clock.now()
        with self._store.write() as tx:
            person = self._person(tx, token)
            if person is None:
                return self._notices.bad_link()
            name = f"preferences of {person.key}"
            if not tx.attempt_limits.take(name, most=MAX_POSTS, per=HOUR, at=at):
                wait = tx.attempt_limits.wait(name, most=MAX_POSTS, per=HOUR, at=at)
                return too_many_requests(self._notices.busy(), wait)
        return self._act(token, person, form, cause)

    def _act(self, token: str, person: Subscriber, form: _Form, cause: Cause) -> Response:
        match form.get("action"):
            case "address":
                return self._ask_to_move(token, person, form, cause)
            case "join":
                return self._join(token, person, form, cause)
            case "data":
                return self._ask_for_data(token, person, cause)
        with self._store.write() as tx:
            now = self._person(tx, token)
            told = self._decide(tx, now, form, cause) if now else None
        if now is None:
            return self._notices.bad_link()
        if told is None:
            return self._notices.refused(self._words(now).language)
        return self._show(token, told)

    def _decide(
        self, tx: Transaction, person: Subscriber, form: _Form, cause: Cause
    ) -> ActionOutcome | None:
        """Do what the button stands for; None where it stands for nothing."""
        decide = DECISIONS.get(form.get("action", ""))
        if decide is None:
            return None
        decision = ReaderAction(
            tx=tx,
            person=person,
            form=form,
            cause=cause,
            at=clock.now(),
            words=self._words(person),
            config=self._config,
        )
        return decide(decision)

    def _ask_to_move(self, token: str, person: Subscriber, form: _Form, cause: Cause) -> Response:
        said = self._words(person).preferences
        email = self._change.read(form.get("email", ""))
        if email is None:
            return self._show(token, ActionOutcome(said.address_wrong, wrong=True), form)
        wait = self._change.ask(person, email, cause=cause, at=clock.now())
        if wait is not None:
            return self._too_many_letters(token, person, wait)
        return self._show(token, ActionOutcome(said.address_asked))

    def _join(self, token: str, person: Subscriber, form: _Form, cause: Cause) -> Response:
        """Subscribe: by letter, unless it only undoes what the reader has just done."""
        at, words = clock.now(), self._words(person)
        newsletter = find_newsletter(form, person, self._config)
        known = newsletter is not None and self._config.newsletter(newsletter.name) is not None
        if newsletter is None or not known or person.suppressed:
            return self._notices.refused(words.language)
        said, label = words.preferences, newsletter.label
        with self._store.write() as tx:
            undone = may_undo(tx.audit_log.changes(person.key), newsletter.name, at)
            if undone:
                tx.subscribers.resubscribe(person.key, newsletter.name, at=at, cause=cause)
        if undone or person.is_subscribed(newsletter.name):
            return self._show(token, ActionOutcome(said.joined.format(newsletter=label)))
        wait = self._letters.subscribe(person, newsletter, cause=cause, at=at)
        if wait is not None:
            return self._too_many_letters(token, person, wait)
        asked = said.join_sent.format(email=mask_email(person.email), newsletter=label)
        return self._show(token, ActionOutcome(asked))

    def _ask_for_data(self, token: str, person: Subscriber, cause: Cause) -> Response:
        said = self._words(person).preferences
        if person.suppressed:
            by_hand = said.data_by_hand.format(address=self._contact)
            return self._show(token, ActionOutcome(by_hand, wrong=True))
        wait = self._letters.data(person, cause=cause, at=clock.now())
        if wait is not None:
            return self._too_many_letters(token, person, wait)
        return self._show(
            token, ActionOutcome(said.data_sent.format(email=mask_email(person.email)))
        )

    def _too_many_letters(self, token: str, person: Subscriber, wait: timedelta) -> Response:
        said = self._words(person).preferences.too_many_letters
        told = ActionOutcome(said.format(email=mask_email(person.email)), wrong=True)
        response = self._show(token, told)
        response.status_code = 429
        return too_many_requests(response, wait)

    # what the reader sees

    def _show(
        self, token: str, told: ActionOutcome | None = None, typed: _Form | None = None
    ) -> Response:
        with self._store.read() as tx:
            person = self._person(tx, token)
        if person is None:
            return self._notices.bad_link()
        words = self._words(person)
        until = paused_until(person, clock.now())
        values = {
            "path": self._path(token),
            "told": told,
            "typed": typed or {},
            "person": person,
            "email": mask_email(person.email),
            "contact": self._contact,
            "choices": list_newsletters(person, self._config),
            "weeks": PAUSE_WEEKS,
            "paused": format_date(until, words, self._config) if until else None,
            "languages": {tag: _language_name(tag) for tag in available_languages()},
        }
        page = self._pages.render(
            "web/preferences.html",
            values,
            language=words.language,
            style="web/preferences.css",
            policy=("form-action 'self'",),
        )
        return answer(page)

    @property
    def _contact(self) -> str:
        """Where a reader can write to, for what no page can do."""
        return (self._config.mail.reply_to or self._config.mail.sender).address

    def _path(self, token: str) -> str:
        """Return where the page is, also below the path of a proxy."""
        return f"{urlsplit(self._config.web_url).path}/preferences/{token}"

    def _person(self, tx: Transaction, token: str) -> Subscriber | None:
        key = self._links.read_preferences(token)
        return None if key is None else find_reader(tx, key)

    def _words(self, person: Subscriber) -> WebStrings:
        return web_strings(person.language or self._config.publication.language)


def _language_name(tag: str) -> str:
    """Write a language as its speakers do: "Deutsch"."""
    name = Locale.parse(tag, sep="-").get_display_name() or tag
    return name[:1].upper() + name[1:]
