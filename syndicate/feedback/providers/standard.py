"""Standard Webhooks (standardwebhooks.com): our own events in JSON, and Resend's.

Anything that can sign may report so: a script beside a mail server, or a provider that we don't
know. The headers are webhook-id, -timestamp and -signature, or Svix's older svix-… ones.

```json
{"type": "bounced", "message_id": "<1.2.ab@news.example.org>", "recipient": "anna@example.net",
 "code": 550, "status": "5.1.1", "reason": "no such user", "host": "mx.example.net",
 "provider_id": "", "timestamp": "2026-11-30T08:00:00Z"}
```

Several in a list are one call.
"""

import base64
import hmac
from collections.abc import Sequence
from functools import lru_cache

from syndicate.errors import SecretUnreadable, WebhookForged, WebhookMalformed
from syndicate.feedback.providers.json_fields import JsonObject, given, parse_objects
from syndicate.feedback.providers.provider_event import EventKind, ProviderEvent
from syndicate.feedback.providers.webhook_request import WebhookRequest, parse_seconds
from syndicate.model.feedback import DeliveryReference, FeedbackKind

_PREFIX = "whsec_"
_FAMILIES = ("webhook", "svix")
_VERSION = "v1"
_MAX_SIGNATURES = 20
_MAX_ID = 200
_RESEND = {
    "email.sent": EventKind.SENT,
    "email.delivered": EventKind.DELIVERED,
    "email.delivery_delayed": EventKind.DEFERRED,
    "email.bounced": EventKind.BOUNCED,
    "email.complained": EventKind.COMPLAINED,
    "email.failed": EventKind.FAILED,
}
_PERMANENT = frozenset({"permanent", "hard"})


def verify(request: WebhookRequest, secret: str) -> None:
    """Check that one of the signatures is by the secret; raise WebhookForged or WebhookStale.

    Raise SecretUnreadable for a secret that can't be one.
    """
    key = read_key(secret)
    id_, timestamp, signatures = _signed_headers(request)
    signed_at = parse_seconds(timestamp)
    signed = f"{id_}.{timestamp}.".encode("utf-8", "replace") + request.body
    expected = base64.b64encode(hmac.digest(key, signed, "sha256"))
    given = [
        signature.encode("utf-8", "replace")
        for version, _, signature in (part.partition(",") for part in signatures.split())
        if version == _VERSION
    ]
    matches = [hmac.compare_digest(item, expected) for item in given[:_MAX_SIGNATURES]]
    if not any(matches):
        raise WebhookForged("the signature is missing or wrong")
    request.require_recent(signed_at)


@lru_cache(maxsize=16)
def read_key(secret: str) -> bytes:
    """Read a secret, `whsec_` and base64; raise SecretUnreadable for another."""
    encoded = secret.strip().removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError as error:
        raise SecretUnreadable(
            f'not a secret of Standard Webhooks, "{_PREFIX}" and base64'
        ) from error
    if not key:
        raise SecretUnreadable("the secret is empty")
    return key


def parse(request: WebhookRequest) -> Sequence[ProviderEvent]:
    """Return the events of a verified call; raise WebhookMalformed."""
    id_, _, _ = _signed_headers(request)
    return [
        _event(id_ if number == 0 else f"{id_} {number}", fields)
        for number, fields in enumerate(parse_objects(request.body))
    ]


def _signed_headers(request: WebhookRequest) -> tuple[str, str, str]:
    """Return id, timestamp and signatures by the first family that is complete."""
    for family in _FAMILIES:
        names = (f"{family}-{name}" for name in ("id", "timestamp", "signature"))
        id_, timestamp, signatures = map(request.header, names)
        if id_ and timestamp and signatures and len(id_) <= _MAX_ID:
            return id_, timestamp, signatures
    raise WebhookForged("webhook-id, webhook-timestamp or webhook-signature is missing")


def _event(id_: str, fields: JsonObject) -> ProviderEvent:
    name = fields.text("type")
    if not name:
        raise WebhookMalformed("there is no type")
    if name.startswith("email.") and fields.table("data").fields:
        return _resend_event(id_, _RESEND.get(name, EventKind.OTHER), fields)
    is_hard = fields.text("bounce").casefold() in _PERMANENT
    return ProviderEvent(
        id=id_,
        kind=EventKind(name) if name in set(EventKind) else EventKind.OTHER,
        reference=DeliveryReference(
            message_ids=given(fields.text("message_id")),
            provider_ids=given(fields.text("provider_id")),
            recipient=fields.text("recipient"),
        ),
        at=fields.time("timestamp"),
        code=fields.number("code"),
        status=fields.text("status"),
        text=fields.text("reason"),
        host=fields.text("host"),
        verdict=FeedbackKind.HARD_BOUNCE if is_hard else FeedbackKind.SOFT_BOUNCE,
        fields=fields.fields,
    )


def _resend_event(id_: str, kind: EventKind, fields: JsonObject) -> ProviderEvent:
    """Return an event of Resend; "data" has when the message, not the event, was created."""
    data = fields.table("data")
    bounce = data.table("bounce")
    is_hard = bounce.text("type").casefold() in _PERMANENT
    return ProviderEvent(
        id=id_,
        kind=kind,
        reference=DeliveryReference(
            message_ids=given(data.text("message_id"), *data.header("message-id")),
            provider_ids=given(data.text("email_id")),
            recipient=next(iter(data.texts("to")), ""),
        ),
        at=fields.time("created_at"),
        text=bounce.text("message") or data.table("failed").text("reason"),
        verdict=FeedbackKind.HARD_BOUNCE if is_hard else FeedbackKind.SOFT_BOUNCE,
        fields=fields.fields,
    )
