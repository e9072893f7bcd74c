"""Brevo's transactional webhooks: one event a call or a batch of them, with our secret.

Nothing is signed, and no event has an id: `id` is the webhook's. `message-id` is the Message-ID
that the reader gets, ours or Brevo's, and Brevo's reply to SMTP's DATA has it, too.
"""

from collections.abc import Sequence

from syndicate.errors import WebhookMalformed
from syndicate.feedback.providers import shared_secret
from syndicate.feedback.providers.json_fields import JsonObject, given, parse_objects
from syndicate.feedback.providers.provider_event import EventKind, ProviderEvent, digest_of
from syndicate.feedback.providers.webhook_request import WebhookRequest
from syndicate.model.feedback import DeliveryReference, FeedbackKind

_KINDS = {
    "request": EventKind.QUEUED,
    "deferred": EventKind.DEFERRED,
    "delivered": EventKind.DELIVERED,
    "hard_bounce": EventKind.BOUNCED,
    "invalid_email": EventKind.BOUNCED,
    "soft_bounce": EventKind.BOUNCED,
    "blocked": EventKind.REJECTED,
    "error": EventKind.FAILED,
    "spam": EventKind.COMPLAINED,
    "complaint": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
}
_HARD = frozenset({"hard_bounce", "invalid_email"})

verify = shared_secret.verify


def parse(request: WebhookRequest) -> Sequence[ProviderEvent]:
    """Return the events of a verified call; raise WebhookMalformed."""
    return [_event(fields) for fields in parse_objects(request.body)]


def _event(fields: JsonObject) -> ProviderEvent:
    name = fields.text("event")
    if not name:
        raise WebhookMalformed("there is no event")
    ids = given(fields.text("message-id"))
    is_hard = name in _HARD
    return ProviderEvent(
        id=digest_of(fields.fields),
        kind=_KINDS.get(name, EventKind.OTHER),
        reference=DeliveryReference(
            message_ids=ids, provider_ids=ids, recipient=fields.text("email")
        ),
        # its other times are in the zone of the account
        at=fields.time("ts_epoch"),
        text=fields.text("reason"),
        verdict=FeedbackKind.HARD_BOUNCE if is_hard else FeedbackKind.SOFT_BOUNCE,
        fields=fields.fields,
    )
