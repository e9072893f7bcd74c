"""The personal data page, behind the link of a letter that the reader requested.

Readers view and correct their data here, download it or have it erased. The link works for a
day; links in other mails never lead here, since mail is forwarded.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from starlette.responses import Response

from syndicate import clock
from syndicate.config import Config, Newsletter
from syndicate.model.feedback import FeedbackRecord
from syndicate.model.subscribers import (
    Action,
    Actor,
    Cause,
    ConfirmationKind,
    Subscriber,
    SubscriberChange,
    Subscription,
)
from syndicate.store import MailedItem, PendingConfirmation, PersonalRecord, Transaction
from syndicate.text import one_line
from syndicate.web.forms import Form
from syndicate.web.pages import ReaderPages, linked
from syndicate.web.readers.link_pages import translator_for
from syndicate.web.readers.preferences import ActionOutcome
from syndicate.web.readers.signup_requests import MAX_LENGTH

FIELD_PREFIX = "field-"
"""Prefix of custom fields in the form."""


class PersonalDataPages(ReaderPages):
    """Handles the confirmations of kind DATA."""

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
        cause = Cause(who=Actor.READER, how=how, at=at, origin=origin)
        match form.get("action"):
            case "change":
                return self._change(reader.key, form, cause=cause)
            case "download":
                return self._download(reader.key, cause=cause)
            case "confirm-erase":
                return self._render("web/readers/erase.html", reader, {"done": False})
            case "erase":
                with self.store.write() as tx:
                    tx.erasures.erase(reader.key, cause=cause)
                return self._render("web/readers/erase.html", reader, {"done": True})
        return self.pages.bad_form(reader.language)

    def _find(self, confirmation: PendingConfirmation, at: datetime) -> Subscriber | Response:
        """Return the reader, or the response to a link that no longer works."""
        with self.store.read() as tx:
            reader = linked(tx.subscribers.by_key(confirmation.subscriber))
        if at < confirmation.expires_at:
            return reader
        return self._render("web/readers/data_expired.html", reader, {}, status=410)

    def _change(self, key: int, form: Form, *, cause: Cause) -> Response:
        with self.store.write() as tx:
            reader = linked(tx.subscribers.by_key(key))
            outcome = self._change_details(tx, reader, form, cause=cause)
            reader = tx.subscribers.by_key(key) or reader
        return self._page(reader, outcome, form if outcome.failed else None)

    def _change_details(
        self, tx: Transaction, reader: Subscriber, form: Form, *, cause: Cause
    ) -> ActionOutcome:
        """Change the name and the custom fields to the values of the form."""
        texts = translator_for(reader, self.config)
        name = one_line(form.get("name", reader.name))
        fields = dict(reader.fields)
        lines = [(texts.gettext("Name"), name)]
        missing = []
        for field in self.config.signup.fields:
            value = one_line(form.get(FIELD_PREFIX + field.name, fields.get(field.name, "")))
            fields[field.name] = value
            lines.append((field.title, value))
            missing += [field.title] if field.required and not value else []
        too_long = [title for title, value in lines if len(value) > MAX_LENGTH]
        if too_long:
            text = texts.gettext("Nothing was changed: “%(field)s” is too long.", field=too_long[0])
            return ActionOutcome(text, failed=True)
        if missing:
            text = texts.gettext(
                "Nothing was changed: please fill in “%(field)s”.", field=missing[0]
            )
            return ActionOutcome(text, failed=True)
        fields = {name: value for name, value in fields.items() if value}
        tx.subscribers.update(reader.key, name=name, fields=fields, cause=cause)
        return ActionOutcome(texts.gettext("Saved."))

    def _download(self, key: int, *, cause: Cause) -> Response:
        with self.store.write() as tx:
            if tx.subscribers.by_key(key) is not None:
                tx.audit_log.add(key, Action.EXPORTED, cause)
        with self.store.read() as tx:  # slow, and others may write meanwhile
            record = linked(tx.data_export.load(key))
        headers = {"content-disposition": f'attachment; filename="data-{cause.at:%Y-%m-%d}.json"'}
        content = export_json(record, self.config, at=cause.at)
        return Response(content, headers=headers, media_type="application/json")

    def _page(
        self, reader: Subscriber, outcome: ActionOutcome | None = None, form: Form | None = None
    ) -> Response:
        values = {
            "outcome": outcome,
            "form": form or Form(),
            "custom_fields": self.config.signup.fields,
            "prefix": FIELD_PREFIX,
            "max_length": MAX_LENGTH,
        }
        return self._render("web/readers/personal_data.html", reader, values)

    def _render(
        self, name: str, reader: Subscriber, values: Mapping[str, object], *, status: int = 200
    ) -> Response:
        return self.pages.render(
            name,
            {"reader": reader, "preferences": self.links.preferences(reader.key), **values},
            language=reader.language,
            style="web/readers/preferences.css",
            status=status,
        )


def export_json(record: PersonalRecord, config: Config, *, at: datetime) -> bytes:
    """Return the file with all data on a reader; its times are ISO 8601, in UTC."""
    data = {
        "publication": config.publication.title,
        "at": at,
        "person": _person(record.person),
        "former_addresses": record.former_addresses,
        "private_feed_since": record.private_feed_since,
        "subscriptions": [_subscription(item, config) for item in record.person.subscriptions],
        "changes": list(map(_change, record.changes)),
        "mail": list(map(_mail, record.mailed_items)),
        "links": list(map(asdict, record.followed_links)),
        "reports": list(map(_report, record.feedback)),
        "unread_reports": [
            {"at": held.received_at, "subject": held.subject, "from": held.sender}
            for held in record.held_reports
        ],
        "questions": list(map(_question, record.confirmations)),
    }
    text = json.dumps(data, ensure_ascii=False, indent=2, default=datetime.isoformat)
    return f"{text}\n".encode()


def _person(reader: Subscriber) -> dict[str, Any]:
    return {
        "number": reader.key,
        "address": reader.email,
        "name": reader.name,
        "language": reader.language,
        "fields": dict(reader.fields),
        "tags": reader.tags,
        "paused_until": reader.paused_until,
        "since": reader.created_at,
        "not_mailed_because": reader.suppressed,
        "not_mailed_after": reader.suppression,
    }


def _subscription(subscription: Subscription, config: Config) -> dict[str, Any]:
    name = subscription.newsletter
    return {
        "newsletter": name,
        "title": (config.newsletter(name) or Newsletter(name=name)).label,
        "state": subscription.state,
        "at": subscription.at,
        "consent": subscription.source,
    }


def _change(change: SubscriberChange) -> dict[str, Any]:
    return {
        "at": change.cause.at,
        "action": change.action,
        "newsletter": change.newsletter,
        "who": change.cause.who,
        "how": change.cause.how,
        "network": change.cause.origin,
        "detail": change.detail,
    }


def _mail(mail: MailedItem) -> dict[str, Any]:
    return {
        "edition": mail.edition,
        "newsletter": mail.newsletter,
        "kind": mail.kind,
        "subject": mail.subject,
        "state": mail.state,
        "at": mail.at,
        "attempts": mail.attempt,
        "code": mail.code,
        "reply": mail.reply,
        "earlier": [
            {"at": answer.at, "event": answer.event, "code": answer.code, "reply": answer.reply}
            for answer in mail.failed_attempts
        ],
    }


def _report(record: FeedbackRecord) -> dict[str, Any]:
    return {
        "edition": record.edition,
        "kind": record.kind,
        "at": record.at,
        "reported_at": record.received_at,
        "answer": record.answer,
        "server": record.host,
        "by": record.source,
    }


def _question(request: PendingConfirmation) -> dict[str, Any]:
    # a change has the other address, and whether it got a letter
    asked = {} if request.kind is ConfirmationKind.ADDRESS else request.asked
    return {
        "letter": request.letter,
        "kind": request.kind,
        "asked": asked,
        "at": request.at,
        "expires_at": request.expires_at,
        "answered_at": request.done_at,
    }
