"""Disclosure: everything that is held on a reader, as a file for them (JSON, UTF-8)."""

import json
from datetime import datetime
from typing import Any

from syndicate.config import Config, Newsletter
from syndicate.model.subscribers import Subscriber, SubscriberChange, Subscription
from syndicate.store import MailedItem, PendingConfirmation, PersonalRecord
from syndicate.store.audience.data_export import FollowedLink


def export_json(held: PersonalRecord, config: Config, *, at: datetime) -> bytes:
    """Write what is held on somebody at `at`; times are ISO 8601, in UTC."""
    said = {
        "publication": config.publication.title,
        "at": at,
        "person": _person(held.person),
        "former_addresses": held.former_addresses,
        "private_feed_since": held.private_feed_since,
        "subscriptions": [_subscription(one, config) for one in held.person.subscriptions],
        "changes": [_change(one) for one in held.changes],
        "mail": [_mailed(one) for one in held.mailed_items],
        "links": [_followed(one) for one in held.followed_links],
        "questions": [_question(one) for one in held.confirmations],
    }
    return json.dumps(said, ensure_ascii=False, indent=2, default=_encode).encode() + b"\n"


def _person(person: Subscriber) -> dict[str, Any]:
    return {
        "number": person.key,
        "address": person.email,
        "name": person.name,
        "language": person.language,
        "fields": dict(person.fields),
        "tags": person.tags,
        "paused_until": person.paused_until,
        "since": person.created_at,
        "not_mailed_because": person.suppressed,
    }


def _subscription(one: Subscription, config: Config) -> dict[str, Any]:
    newsletter = config.newsletter(one.newsletter) or Newsletter(name=one.newsletter)
    return {
        "newsletter": one.newsletter,
        "title": newsletter.label,
        "state": one.state,
        "at": one.at,
        "consent": one.source,
    }


def _change(one: SubscriberChange) -> dict[str, Any]:
    return {
        "at": one.at,
        "action": one.action,
        "newsletter": one.newsletter,
        "who": one.cause.who,
        "how": one.cause.how,
        "network": one.cause.origin,
        "detail": one.detail,
    }


def _mailed(one: MailedItem) -> dict[str, Any]:
    return {
        "edition": one.edition,
        "newsletter": one.newsletter,
        "kind": one.kind,
        "subject": one.subject,
        "state": one.state,
        "at": one.at,
        "attempts": one.attempt,
        "code": one.code,
        "reply": one.reply,
        "earlier": [
            {"at": said.at, "event": said.event, "code": said.code, "reply": said.reply}
            for said in one.answers
        ],
    }


def _followed(one: FollowedLink) -> dict[str, Any]:
    return {"edition": one.edition, "link": one.link, "at": one.at, "machine": one.machine}


def _question(one: PendingConfirmation) -> dict[str, Any]:
    return {
        "letter": one.letter,
        "kind": one.kind,
        "asked": one.asked,
        "at": one.at,
        "expires_at": one.expires_at,
        "answered_at": one.done_at,
    }


def _encode(value: object) -> str:
    """Write what JSON has no form for."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in JSON")
