"""Postmark's webhooks: one event a call, with our secret, since nothing is signed.

An event has Postmark's own id of the message, which is in the reply to SMTP's DATA.
"""

from collections.abc import Sequence

from syndicate.errors import WebhookMalformed
from syndicate.feedback.providers import shared_secret
from syndicate.feedback.providers.json_fields import JsonObject, given, parse_object
from syndicate.feedback.providers.provider_event import EventKind, ProviderEvent, digest_of
from syndicate.feedback.providers.webhook_request import WebhookRequest
from syndicate.model.feedback import DeliveryReference, FeedbackKind

_BOUNCES = {
    "HardBounce": (EventKind.BOUNCED, FeedbackKind.HARD_BOUNCE),
    "BadEmailAddress": (EventKind.BOUNCED, FeedbackKind.HARD_BOUNCE),
    "SoftBounce": (EventKind.BOUNCED, FeedbackKind.SOFT_BOUNCE),
    "DnsError": (EventKind.BOUNCED, FeedbackKind.SOFT_BOUNCE),
    "Unknown": (EventKind.BOUNCED, FeedbackKind.SOFT_BOUNCE),
    "Blocked": (EventKind.BOUNCED, FeedbackKind.BLOCKED),
    "SpamNotification": (EventKind.BOUNCED, FeedbackKind.BLOCKED),
    "VirusNotification": (EventKind.BOUNCED, FeedbackKind.BLOCKED),
    "DMARCPolicy": (EventKind.BOUNCED, FeedbackKind.BLOCKED),
    "SMTPApiError": (EventKind.FAILED, FeedbackKind.BLOCKED),
    "Transient": (EventKind.DEFERRED, FeedbackKind.SOFT_BOUNCE),
    "SpamComplaint": (EventKind.COMPLAINED, FeedbackKind.COMPLAINT),
    "Unsubscribe": (EventKind.UNSUBSCRIBED, FeedbackKind.UNSUBSCRIBED),
}
"""The `Type` of a bounce, and what a bounce is without the server's code.

A SpamNotification is a server that takes the message for spam, not a reader who complains.
Auto-replies, challenges and what an operator has done by hand are missing here: they are OTHER.
"""
_OTHER = EventKind.OTHER, FeedbackKind.SOFT_BOUNCE
_SUPPRESSED = {
    "HardBounce": _BOUNCES["HardBounce"],
    "SpamComplaint": _BOUNCES["SpamComplaint"],
    "ManualSuppression": _BOUNCES["Unsubscribe"],
}
"""Why Postmark's list has an address, where the reader is the cause."""

verify = shared_secret.verify


def parse(request: WebhookRequest) -> Sequence[ProviderEvent]:
    """Return the event of a verified call; raise WebhookMalformed."""
    fields = parse_object(request.body)
    if not fields.text("RecordType"):
        raise WebhookMalformed("there is no RecordType")
    kind, verdict = _kind(fields)
    return [
        ProviderEvent(
            id=digest_of(fields.fields),
            kind=kind,
            reference=DeliveryReference(
                provider_ids=given(fields.text("MessageID")),
                recipient=fields.text("Email", "Recipient"),
            ),
            at=fields.time("BouncedAt", "DeliveredAt", "ChangedAt"),
            text=fields.text("Details", "Description", "SuppressionReason"),
            verdict=verdict,
            fields=fields.fields,
        )
    ]


def _kind(fields: JsonObject) -> tuple[EventKind, FeedbackKind]:
    match fields.text("RecordType"):
        case "Delivery":
            return EventKind.DELIVERED, FeedbackKind.DELIVERED
        case "Bounce":
            return _BOUNCES.get(fields.text("Type"), _OTHER)
        case "SpamComplaint":
            return _BOUNCES["SpamComplaint"]
        case "SubscriptionChange" if (
            fields.fields.get("SuppressSending") is True and fields.text("Origin") == "Recipient"
        ):
            return _SUPPRESSED.get(fields.text("SuppressionReason"), _OTHER)
    return _OTHER
