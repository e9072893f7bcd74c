"""Twilio SendGrid's Event Webhook: batches of events, signed by ECDSA (P-256, SHA-256).

The secret is the verification key of the webhook's settings. "smtp-id" is our Message-ID, and
"sg_message_id" begins with the id in the reply to SMTP's DATA.
"""

import base64
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from syndicate.errors import SecretUnreadable, WebhookForged
from syndicate.feedback.providers.json_fields import JsonObject, given, parse_objects
from syndicate.feedback.providers.provider_event import EventKind, ProviderEvent, digest_of
from syndicate.feedback.providers.webhook_request import WebhookRequest, parse_seconds
from syndicate.model.feedback import DeliveryReference, FeedbackKind

_WINDOW = timedelta(hours=25)
"""How old a call may be: SendGrid tries for a day, and may keep the time of its first try."""
_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_KINDS = {
    "processed": EventKind.QUEUED,
    "deferred": EventKind.DEFERRED,
    "delivered": EventKind.DELIVERED,
    "bounce": EventKind.BOUNCED,
    "dropped": EventKind.REJECTED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
}
_DROPPED = {
    "bounced address": EventKind.BOUNCED,
    "invalid": EventKind.BOUNCED,
    "spam reporting address": EventKind.COMPLAINED,
    "unsubscribed address": EventKind.UNSUBSCRIBED,
}
"""Why a message was dropped that concerns its address: it is on a suppression list there."""
_VERDICTS = {"bounce": FeedbackKind.HARD_BOUNCE, "blocked": FeedbackKind.BLOCKED}


def verify(request: WebhookRequest, secret: str) -> None:
    """Check the signature of timestamp and body; raise WebhookForged or WebhookStale.

    Raise SecretUnreadable for a secret that is no key.
    """
    key, timestamp = read_key(secret), request.header(_TIMESTAMP)
    signed_at = parse_seconds(timestamp)
    try:
        signature = base64.b64decode(request.header(_SIGNATURE), validate=True)
        signed = timestamp.encode() + request.body
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature) as error:
        raise WebhookForged("the signature is missing or wrong") from error
    request.require_recent(signed_at, _WINDOW)


@lru_cache(maxsize=16)
def read_key(secret: str) -> ec.EllipticCurvePublicKey:
    """Read a verification key, base64 of a SubjectPublicKeyInfo; raise SecretUnreadable."""
    try:
        key = load_der_public_key(base64.b64decode("".join(secret.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SecretUnreadable("not the verification key of a SendGrid webhook") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SecretUnreadable("not an elliptic curve key")
    return key


def parse(request: WebhookRequest) -> Sequence[ProviderEvent]:
    """Return the events of a verified batch; raise WebhookMalformed."""
    return [_event(fields) for fields in parse_objects(request.body)]


def _event(fields: JsonObject) -> ProviderEvent:
    kind = _KINDS.get(fields.text("event"), EventKind.OTHER)
    reason = fields.text("reason", "type") if kind is EventKind.REJECTED else ""
    kind = _DROPPED.get(reason.casefold(), kind)
    message = fields.text("sg_message_id")
    verdict = _VERDICTS.get("bounce" if reason else fields.text("type"), FeedbackKind.SOFT_BOUNCE)
    return ProviderEvent(
        id=fields.text("sg_event_id") or digest_of(fields.fields),
        kind=kind,
        reference=DeliveryReference(
            message_ids=given(fields.text("smtp-id")),
            provider_ids=given(message.partition(".")[0], message),
            recipient=fields.text("email"),
        ),
        at=fields.time("timestamp"),
        status=fields.text("status"),
        text=fields.text("response", "reason"),
        verdict=verdict,
        fields=fields.fields,
    )
