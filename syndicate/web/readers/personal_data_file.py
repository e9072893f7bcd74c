"""The download of all data on one reader: JSON, in UTF-8."""

import json
from datetime import datetime
from typing import Any

from syndicate.config import Config, Newsletter
from syndicate.model.subscribers import Subscriber, SubscriberChange, Subscription
from syndicate.store import MailedItem, PendingConfirmation, PersonalRecord
from syndicate.store.audience.data_export import FollowedLink


def export_json(record: PersonalRecord, config: Config, *, at: datetime) -> bytes:
    """Return the file; its times are ISO 8601, in UTC."""
    data = {
        "publication": config.publication.title,
        "at": at,
        "person": _person(record.person),
        "former_addresses": record.former_addresses,
        "private_feed_since": record.private_feed_since,
        "subscriptions": [_subscription(item, config) for item in record.person.subscriptions],
        "changes": [_change(change) for change in record.changes],
        "mail": [_mail(mail) for mail in record.mailed_items],
        "links": [_link(link) for link in record.followed_links],
        "questions": [_question(request) for request in record.confirmations],
    }
    return json.dumps(data, ensure_ascii=False, indent=2, default=_encode).encode() + b"\n"


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
    }


def _subscription(subscription: Subscription, config: Config) -> dict[str, Any]:
    name = subscription.newsletter
    newsletter = config.newsletter(name) or Newsletter(name=name)
    return {
        "newsletter": name,
        "title": newsletter.label,
        "state": subscription.state,
        "at": subscription.at,
        "consent": subscription.source,
    }


def _change(change: SubscriberChange) -> dict[str, Any]:
    return {
        "at": change.at,
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


def _link(link: FollowedLink) -> dict[str, Any]:
    return {"edition": link.edition, "link": link.link, "at": link.at, "machine": link.machine}


def _question(request: PendingConfirmation) -> dict[str, Any]:
    return {
        "letter": request.letter,
        "kind": request.kind,
        "asked": request.asked,
        "at": request.at,
        "expires_at": request.expires_at,
        "answered_at": request.done_at,
    }


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} can't be encoded in JSON")
