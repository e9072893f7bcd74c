"""The page with a reader's data, behind the link that a letter brought to their address.

Here they see and correct what is kept on them, download all of it, or have it erased. The
link works for a day; the links in other mails lead to none of this, since mail is forwarded.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from starlette.responses import Response

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.model.subscribers import Action, Actor, Cause, Subscriber
from syndicate.store import (
    ConfirmationKind,
    PendingConfirmation,
    PersonalRecord,
    Store,
    Transaction,
)
from syndicate.store.audience.audit_log import AuditEntry
from syndicate.web.error_pages import ErrorPages
from syndicate.web.forms import Form
from syndicate.web.pages import WebPages
from syndicate.web.readers.decisions import (
    FIELD_PREFIX,
    MAX_LENGTH,
    ActionOutcome,
    ReaderAction,
    change_details,
)
from syndicate.web.readers.personal_data_file import export_json
from syndicate.web.security_headers import NO_STORE, answer
from syndicate.web.ui_strings import WebStrings, web_strings

STYLE = "web/preferences.css"


class PersonalDataPages:
    """Shows a reader's data and does with it what they say."""

    def __init__(self, store: Store, config: Config, links: SignedLinks, pages: WebPages) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages
        self._notices = ErrorPages(config, pages)

    def show(self, question: PendingConfirmation) -> Response:
        """Show the page. Raise StoreError."""
        found = self._reader(question, clock.now())
        return self._page(found) if isinstance(found, Subscriber) else found

    def confirm(self, question: PendingConfirmation, form: Form, *, origin: str) -> Response:
        """Do what a button says. Raise StoreError."""
        at = clock.now()
        found = self._reader(question, at)
        if not isinstance(found, Subscriber):
            return found
        how = f"link in letter {question.letter}"
        cause = Cause(who=Actor.READER, how=how, origin=origin)
        match form.get("action"):
            case "change":
                return self._change(found.key, form, cause=cause, at=at)
            case "download":
                return self._download(found.key, cause=cause, at=at)
            case "confirm-erase":
                return self._render("web/erase.html", found, {})
            case "erase":
                return self._erase(found, cause=cause, at=at)
        return self._notices.refused(self._words(found).language)

    def _reader(self, question: PendingConfirmation, at: datetime) -> Subscriber | Response:
        """Return whose data it is, or what to say where the link is no longer good."""
        with self._store.read() as tx:
            person = tx.subscribers.by_key(question.subscriber)
        if person is None:
            return self._notices.bad_link()
        return person if at < question.expires_at else self._expired(person)

    # what is done

    def _change(self, key: int, form: Form, *, cause: Cause, at: datetime) -> Response:
        with self._store.write() as tx:
            person = tx.subscribers.by_key(key)
            told = self._changed(tx, person, form, cause, at) if person else None
        with self._store.read() as tx:
            person = tx.subscribers.by_key(key)
        if person is None or told is None:
            return self._notices.bad_link()
        return self._page(person, told, form if told.wrong else {})

    def _changed(
        self, tx: Transaction, person: Subscriber, form: Form, cause: Cause, at: datetime
    ) -> ActionOutcome:
        decision = ReaderAction(
            tx=tx,
            person=person,
            form=form,
            cause=cause,
            at=at,
            words=self._words(person),
            config=self._config,
        )
        return change_details(decision)

    def _download(self, key: int, *, cause: Cause, at: datetime) -> Response:
        with self._store.write() as tx:
            if tx.subscribers.by_key(key) is not None:
                tx.audit_log.add(
                    AuditEntry(subscriber=key, action=Action.EXPORTED, cause=cause, at=at)
                )
        with self._store.read() as tx:  # it takes its time, in which others may write
            held = tx.data_export.load(key)
        if held is None:
            return self._notices.bad_link()
        headers = {
            "content-disposition": f'attachment; filename="data-{at:%Y-%m-%d}.json"',
            **NO_STORE,
        }
        return Response(
            export_json(_without_others(held), self._config, at=at),
            headers=headers,
            media_type="application/json",
        )

    def _erase(self, person: Subscriber, *, cause: Cause, at: datetime) -> Response:
        with self._store.write() as tx:
            tx.subscribers.erase(person.key, at=at, cause=cause)
        words = self._words(person)
        title, text = words.personal_data.erased_title, words.personal_data.erased
        return answer(self._pages.notice(title, text, language=words.language))

    # what the reader sees

    def _page(
        self,
        person: Subscriber,
        told: ActionOutcome | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        values = {
            "told": told,
            "typed": typed or {},
            "own": self._config.signup.fields,
            "field": FIELD_PREFIX,
            "most": MAX_LENGTH,
        }
        return self._render("web/personal_data.html", person, values)

    def _expired(self, person: Subscriber) -> Response:
        response = self._render("web/data_expired.html", person, {})
        response.status_code = 410
        return response

    def _render(self, name: str, person: Subscriber, values: Mapping[str, object]) -> Response:
        page = self._pages.render(
            name,
            {"person": person, "preferences": self._links.preferences(person.key), **values},
            language=self._words(person).language,
            style=STYLE,
            policy=("form-action 'self'",),
        )
        return answer(page)

    def _words(self, person: Subscriber) -> WebStrings:
        return web_strings(person.language or self._config.publication.language)


def _without_others(held: PersonalRecord) -> PersonalRecord:
    """Leave out who else was asked about a change of address, and whether anybody was."""
    confirmations = (
        replace(request, asked={}) if request.kind is ConfirmationKind.ADDRESS else request
        for request in held.confirmations
    )
    return replace(held, confirmations=tuple(confirmations))
