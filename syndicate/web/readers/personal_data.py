"""The personal data page, behind the link of a letter that the reader requested.

Readers view and correct their data here, download it or have it erased. The link works for a
day; links in other mails never lead here, since mail is forwarded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.responses import Response

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.model.subscribers import Action, Actor, Cause, Subscriber
from syndicate.store import ConfirmationKind, PendingConfirmation, PersonalRecord, Store
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
from syndicate.web.security_headers import NO_STORE

STYLE = "web/preferences.css"


@dataclass(frozen=True)
class PersonalDataPages:
    """Handles the confirmations of kind DATA."""

    store: Store
    config: Config
    links: SignedLinks
    pages: WebPages

    def show(self, confirmation: PendingConfirmation) -> Response:
        """Return the page. Raise StoreError."""
        reader = self._find(confirmation, clock.now())
        return self._page(reader) if isinstance(reader, Subscriber) else reader

    def confirm(self, confirmation: PendingConfirmation, form: Form, *, origin: str) -> Response:
        """Do what the button says. Raise StoreError."""
        at = clock.now()
        reader = self._find(confirmation, at)
        if not isinstance(reader, Subscriber):
            return reader
        how = f"link in letter {confirmation.letter}"
        cause = Cause(who=Actor.READER, how=how, origin=origin)
        match form.get("action"):
            case "change":
                return self._change(reader.key, form, cause=cause, at=at)
            case "download":
                return self._download(reader.key, cause=cause, at=at)
            case "confirm-erase":
                return self._render("web/erase.html", reader, {"done": False})
            case "erase":
                with self.store.write() as tx:
                    tx.erasures.erase(reader.key, at=at, cause=cause)
                return self._render("web/erase.html", reader, {"done": True})
        return self.pages.bad_form(reader.language)

    def _find(self, confirmation: PendingConfirmation, at: datetime) -> Subscriber | Response:
        """Return the reader, or the response to a link that no longer works."""
        with self.store.read() as tx:
            reader = tx.subscribers.by_key(confirmation.subscriber)
        if reader is None:
            return self.pages.bad_link()
        if at < confirmation.expires_at:
            return reader
        return self._render("web/data_expired.html", reader, {}, status=410)

    def _change(self, key: int, form: Form, *, cause: Cause, at: datetime) -> Response:
        with self.store.write() as tx:
            reader = tx.subscribers.by_key(key)
            if reader is None:
                return self.pages.bad_link()
            outcome = change_details(
                ReaderAction(
                    tx=tx, reader=reader, form=form, cause=cause, at=at, config=self.config
                )
            )
            reader = tx.subscribers.by_key(key) or reader
        return self._page(reader, outcome, form if outcome.failed else {})

    def _download(self, key: int, *, cause: Cause, at: datetime) -> Response:
        with self.store.write() as tx:
            if tx.subscribers.by_key(key) is not None:
                tx.audit_log.add(key, Action.EXPORTED, cause=cause, at=at)
        with self.store.read() as tx:  # slow, and others may write meanwhile
            record = tx.data_export.load(key)
        if record is None:
            return self.pages.bad_link()
        headers = {
            "content-disposition": f'attachment; filename="data-{at:%Y-%m-%d}.json"',
            **NO_STORE,
        }
        content = export_json(_without_other_readers(record), self.config, at=at)
        return Response(content, headers=headers, media_type="application/json")

    def _page(
        self,
        reader: Subscriber,
        outcome: ActionOutcome | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Response:
        values = {
            "outcome": outcome,
            "form": form or {},
            "custom_fields": self.config.signup.fields,
            "prefix": FIELD_PREFIX,
            "max_length": MAX_LENGTH,
        }
        return self._render("web/personal_data.html", reader, values)

    def _render(
        self, name: str, reader: Subscriber, values: Mapping[str, object], *, status: int = 200
    ) -> Response:
        page = self.pages.render(
            name,
            {"reader": reader, "preferences": self.links.preferences(reader.key), **values},
            language=reader.language,
            style=STYLE,
        )
        return page.response(status)


def _without_other_readers(record: PersonalRecord) -> PersonalRecord:
    """Drop the other address of a change, and whether it got a letter."""
    confirmations = (
        replace(item, asked={}) if item.kind is ConfirmationKind.ADDRESS else item
        for item in record.confirmations
    )
    return replace(record, confirmations=tuple(confirmations))
