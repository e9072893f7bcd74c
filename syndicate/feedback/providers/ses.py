"""Amazon SES: its notifications and its published events, which come as messages of SNS.

Both forms are the same but for the name of one field. `mail.messageId` is the id in the reply to
SMTP's DATA; our Message-ID is in the headers, if the topic is set to include them.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

import json
from collections.abc import Iterator, Sequence

from syndicate.errors import WebhookMalformed
from syndicate.feedback.providers.json_fields import JsonObject, given
from syndicate.feedback.providers.provider_event import EventKind, ProviderEvent
from syndicate.feedback.providers.sns import SnsMessage
from syndicate.model.feedback import DeliveryReference, FeedbackKind

_KINDS = {
    "Send": EventKind.SENT,
    "Delivery": EventKind.DELIVERED,
    "DeliveryDelay": EventKind.DEFERRED,
    "Bounce": EventKind.BOUNCED,
    "Complaint": EventKind.COMPLAINED,
    "Reject": EventKind.REJECTED,
    "Rendering Failure": EventKind.FAILED,
    "Subscription": EventKind.UNSUBSCRIBED,
}
_DETAILS = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}
"""The names of the objects that aren't called like their type."""
_RECIPIENTS = {"Bounce": "bouncedRecipients", "Complaint": "complainedRecipients"}
_TEST = "Successfully validated SNS topic"
"""What the text begins with that SES publishes when a topic is chosen."""
_NO_COMPLAINTS = frozenset({"not-spam", "auth-failure"})
"""Feedback types (RFC 5965, 3.5; RFC 6591) by which no reader complains."""
_BLOCKED = frozenset({"MessageTooLarge", "ContentRejected", "AttachmentRejected"})


def parse(message: SnsMessage) -> Sequence[ProviderEvent]:
    """Return the events of a verified notification, one a recipient; raise WebhookMalformed."""
    if message.content.startswith(_TEST):
        return []
    try:
        event = json.loads(message.content)
    except (ValueError, RecursionError) as error:
        raise WebhookMalformed("the message of SNS is not one of SES") from error
    fields = JsonObject(event)
    name = fields.text("eventType", "notificationType")
    if not name:
        raise WebhookMalformed("the message of SNS is not one of SES")
    return list(_events(message.id, name, fields))


def _events(id_: str, name: str, fields: JsonObject) -> Iterator[ProviderEvent]:
    mail, details = fields.table("mail"), fields.table(_DETAILS.get(name, name.lower()))
    recipients = details.tables(_RECIPIENTS.get(name, ""))
    others = details.texts("recipients") or mail.texts("destination")
    recipients = recipients or [JsonObject({"emailAddress": address}) for address in others]
    # as it was handed over, if SES includes headers
    message_ids = given(*mail.header("message-id"), mail.table("commonHeaders").text("messageId"))
    for number, recipient in enumerate(recipients):
        yield ProviderEvent(
            id=id_ if number == 0 else f"{id_} {number}",
            kind=_kind(name, details, recipient),
            reference=DeliveryReference(
                message_ids=message_ids,
                provider_ids=given(mail.text("messageId")),
                recipient=recipient.text("emailAddress"),
            ),
            at=details.time("timestamp"),
            status=recipient.text("status"),
            text=_text(details, recipient),
            host=details.text("reportingMTA").partition(";")[2].strip() if name == "Bounce" else "",
            verdict=_verdict(details),
            fields=fields.fields,
        )


def _kind(name: str, details: JsonObject, recipient: JsonObject) -> EventKind:
    kind = _KINDS.get(name, EventKind.OTHER)
    if kind is EventKind.COMPLAINED and details.text("complaintFeedbackType") in _NO_COMPLAINTS:
        return EventKind.OTHER
    if kind is EventKind.BOUNCED and _is_auto_reply(details, recipient):
        return EventKind.OTHER
    if kind is EventKind.UNSUBSCRIBED:
        preferences = details.table("newTopicPreferences")
        return kind if preferences.fields.get("unsubscribeAll") is True else EventKind.OTHER
    return kind


def _is_auto_reply(details: JsonObject, recipient: JsonObject) -> bool:
    """Whether a bounce is one of those that SES makes of vacation notices: no server refused."""
    words = details.text("bounceType"), details.text("bounceSubType")
    return words == ("Transient", "General") and not recipient.text("status", "diagnosticCode")


def _verdict(details: JsonObject) -> FeedbackKind:
    if details.text("bounceSubType") in _BLOCKED:
        return FeedbackKind.BLOCKED
    is_hard = details.text("bounceType") == "Permanent"
    return FeedbackKind.HARD_BOUNCE if is_hard else FeedbackKind.SOFT_BOUNCE


def _text(details: JsonObject, recipient: JsonObject) -> str:
    """Return what the server said, or else the words of SES."""
    if diagnostic := recipient.text("diagnosticCode"):
        return diagnostic.removeprefix("smtp;").strip()
    words = (details.text(name) for name in ("bounceType", "bounceSubType"))
    bounce = ", ".join(filter(None, words))
    complaint = details.text("complaintFeedbackType", "complaintSubType")
    return details.text("smtpResponse", "reason", "errorMessage") or bounce or complaint
