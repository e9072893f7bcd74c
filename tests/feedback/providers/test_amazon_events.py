"""What Amazon's events mean."""

import pytest

from syndicate.feedback.providers.hook_reader import make_reader
from tests.feedback.providers.event_meanings import (
    BLOCKED,
    COMPLAINT,
    DELIVERED,
    HARD,
    NOTHING,
    SOFT,
    UNSUBSCRIBED,
    meaning,
    read,
)
from tests.feedback.providers.provider_calls import AmazonClient, Message, bounced, hook, sns_call


def ses(name, field="notificationType", **details):
    mail = {"messageId": "0102018f3c2a7b1e-5d2c", "destination": ["anna@example.net"]}
    key = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}.get(name, name.lower())
    return {field: name, "mail": mail, key: details}


def ses_bounce(kind, sub, *recipients):
    given = recipients or ({"emailAddress": "anna@example.net"},)
    return ses("Bounce", bounceType=kind, bounceSubType=sub, bouncedRecipients=list(given))


def refused(code):
    said = {"status": code.split()[1], "diagnosticCode": f"smtp; {code}", "action": "failed"}
    return {"emailAddress": "anna@example.net", **said}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ses_bounce("Permanent", "General", refused("550 5.1.1 user unknown")), HARD),
        (ses_bounce("Permanent", "General"), HARD),
        (ses_bounce("Permanent", "NoEmail"), HARD),
        (ses_bounce("Permanent", "Suppressed"), HARD),
        (ses_bounce("Permanent", "OnAccountSuppressionList"), HARD),
        (
            ses_bounce(
                "Permanent",
                "Suppressed",
                {
                    "emailAddress": "anna@example.net",
                    "status": "5.1.1",
                    "diagnosticCode": "Amazon SES has suppressed sending to this address because "
                    "it has a recent history of bouncing as an invalid address.",
                },
            ),
            HARD,
        ),
        (ses_bounce("Permanent", "General", refused("554 5.7.1 blocked by policy")), BLOCKED),
        (ses_bounce("Transient", "MailboxFull"), SOFT),
        (ses_bounce("Transient", "MailboxFull", refused("552 5.2.2 over quota")), SOFT),
        (ses_bounce("Transient", "General", refused("421 4.4.2 timeout")), SOFT),
        (ses_bounce("Transient", "General"), NOTHING),
        (ses_bounce("Transient", "MessageTooLarge"), BLOCKED),
        (ses_bounce("Transient", "ContentRejected"), BLOCKED),
        (ses_bounce("Transient", "AttachmentRejected"), BLOCKED),
        (ses_bounce("Undetermined", "Undetermined"), SOFT),
        (ses("Delivery", recipients=["anna@example.net"], smtpResponse="250 OK"), DELIVERED),
        (ses("DeliveryDelay", delayType="MailboxFull"), NOTHING),
        (ses("Send", "eventType"), NOTHING),
        (ses("Open", "eventType"), NOTHING),
        (ses("Reject", "eventType", reason="Bad content"), BLOCKED),
        (ses("Rendering Failure", "eventType", errorMessage="no such attribute"), BLOCKED),
        (
            ses("Subscription", "eventType", newTopicPreferences={"unsubscribeAll": True}),
            UNSUBSCRIBED,
        ),
        (ses("Subscription", "eventType", newTopicPreferences={"unsubscribeAll": False}), NOTHING),
        (ses("Complaint", complainedRecipients=[{"emailAddress": "anna@example.net"}]), COMPLAINT),
        (ses("Complaint", complaintFeedbackType="abuse"), COMPLAINT),
        (ses("Complaint", complaintSubType="OnAccountSuppressionList"), COMPLAINT),
        (ses("Complaint", complaintFeedbackType="not-spam"), NOTHING),
        (ses("Complaint", complaintFeedbackType="auth-failure"), NOTHING),
        (ses("Complaint", "eventType", complaintFeedbackType="fraud"), COMPLAINT),
    ],
)
def test_amazons_words(event, expected):
    assert meaning("ses", event) is expected


def test_amazon_may_report_several_readers_at_once():
    others = [refused("550 5.1.1 no"), {**refused("552 5.2.2 full"), "emailAddress": "b@x.org"}]

    events = read("ses", ses_bounce("Permanent", "General", *others))

    assert [event.feedback.kind for event in events] == [HARD, SOFT]
    assert [event.reference.recipient for event in events] == ["anna@example.net", "b@x.org"]
    assert len({event.id for event in events}) == 2


def test_amazons_first_message_of_a_topic_is_no_event():
    text = "Successfully validated SNS topic for Amazon SES event publishing."
    call = sns_call("Notification", text)

    assert make_reader(hook("ses"), AmazonClient())(call.request(), "") == []


def test_amazon_names_its_id_and_our_message_id_where_headers_are_included():
    (event,) = read("ses", bounced("ses", Message()))

    assert event.reference.provider_ids == ("0102018f3c2a7b1e-5d2c",)
    assert event.reference.message_ids == ("<41.7.0123456789abcdef@news.example.org>",)
    assert event.host == "mx.example.net"
