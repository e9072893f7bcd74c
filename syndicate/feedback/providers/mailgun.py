"""Mailgun's webhooks: one event a call, HMAC-SHA256 of a time and a token.

The signature doesn't cover the event. So its token is the event's id here: with a captured
signature nobody can report a second event.
"""

import hmac
from collections.abc import Sequence
from datetime import timedelta

from syndicate.errors import WebhookForged, WebhookMalformed
from syndicate.feedback.providers.json_fields import JsonObject, given, parse_object
from syndicate.feedback.providers.provider_event import EventKind, ProviderEvent
from syndicate.feedback.providers.webhook_request import WebhookRequest, parse_seconds
from syndicate.model.feedback import DeliveryReference, FeedbackKind

_KINDS = {
    "accepted": EventKind.QUEUED,
    "stored": EventKind.QUEUED,
    "rejected": EventKind.REJECTED,
    "delivered": EventKind.DELIVERED,
    "failed": EventKind.BOUNCED,
    "complained": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
}
_SUPPRESSED = {
    "suppress-complaint": EventKind.COMPLAINED,
    "suppress-unsubscribe": EventKind.UNSUBSCRIBED,
}
"""Why a message failed that was never sent: its address is on one of Mailgun's lists."""
_HARD = frozenset({"bounce", "hardfail", "suppress-bounce"})
"""Reasons of a failure that concern the address."""
_MAX_TOKEN = 200
_WINDOW = timedelta(hours=12)
"""How old a call may be: Mailgun warns of delays, and tries for eight hours."""


def verify(request: WebhookRequest, secret: str) -> None:
    """Check the signature; raise WebhookForged, WebhookStale or WebhookMalformed."""
    signature = parse_object(request.body).table("signature")
    timestamp, token = signature.text("timestamp"), signature.raw("token") or ""
    signed_at = parse_seconds(timestamp)
    if not 0 < len(token) <= _MAX_TOKEN:
        raise WebhookForged("the signature has no token")
    signed = f"{timestamp}{token}".encode("utf-8", "replace")
    expected = hmac.new(secret.encode(), signed, "sha256").hexdigest()
    given = (signature.raw("signature") or "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, expected.encode()):
        raise WebhookForged("the signature is missing or wrong")
    request.require_recent(signed_at, _WINDOW)


def parse(request: WebhookRequest) -> Sequence[ProviderEvent]:
    """Return the event of a verified call; raise WebhookMalformed."""
    body = parse_object(request.body)
    data = body.table("event-data")
    if not data.text("event"):
        raise WebhookMalformed("there is no event-data with an event")
    return [_event(body.table("signature").text("token"), data)]


def _event(token: str, data: JsonObject) -> ProviderEvent:
    status, reason = data.table("delivery-status"), data.text("reason")
    headers = data.table("message").table("headers")
    kind = _KINDS.get(data.text("event"), EventKind.OTHER)
    if kind is EventKind.BOUNCED:
        temporary = data.text("severity") == "temporary"
        kind = EventKind.DEFERRED if temporary else _SUPPRESSED.get(reason, kind)
    is_hard = reason in _HARD and status.text("bounce-type") != "soft"
    return ProviderEvent(
        id=token,
        kind=kind,
        reference=DeliveryReference(
            message_ids=given(headers.text("message-id")), recipient=data.text("recipient")
        ),
        at=data.time("timestamp"),
        code=status.number("code"),
        status=status.text("enhanced-code"),
        text=status.text("message", "description") or data.table("reject").text("reason") or reason,
        host=status.text("mx-host"),
        verdict=FeedbackKind.HARD_BOUNCE if is_hard else FeedbackKind.SOFT_BOUNCE,
        fields=data.fields,
    )
