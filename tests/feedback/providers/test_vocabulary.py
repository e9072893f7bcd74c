"""What the events of each provider mean."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.errors import WebhookRefused
from syndicate.feedback.providers.hook_reader import make_reader
from syndicate.feedback.providers.provider_event import EventKind, find_code
from syndicate.model.feedback import FeedbackKind
from tests.feedback.providers.provider_calls import (
    AT,
    KINDS,
    SECRETS,
    AmazonClient,
    Message,
    bounced,
    hook,
    signed,
    sns_call,
)

HARD, SOFT, BLOCKED = FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED
DELIVERED, COMPLAINT = FeedbackKind.DELIVERED, FeedbackKind.COMPLAINT
UNSUBSCRIBED = FeedbackKind.UNSUBSCRIBED
NOTHING = None
FULL = "452 4.2.2 mailbox full"
SPAM = "550 5.7.1 blocked as spam"


def read(kind, event):
    """Read an event that a provider has signed."""
    call = signed(kind, event)
    return list(make_reader(hook(kind), AmazonClient())(call.request(), SECRETS[kind]))


def meaning(kind, event):
    """Return what an event means; None where it changes nothing."""
    (read_event,) = read(kind, event)
    feedback = read_event.feedback
    return None if feedback is None else feedback.kind


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"event": "processed"}, NOTHING),
        ({"event": "deferred", "response": FULL, "attempt": "5"}, NOTHING),
        ({"event": "open"}, NOTHING),
        ({"event": "group_resubscribe"}, NOTHING),
        ({"event": "invented"}, NOTHING),
        ({}, NOTHING),
        ({"event": "delivered", "response": "250 OK"}, DELIVERED),
        ({"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 x"}, HARD),
        ({"event": "bounce", "type": "bounce", "status": "5.2.2", "reason": FULL}, SOFT),
        ({"event": "bounce", "type": "blocked", "status": "5.7.1", "reason": SPAM}, BLOCKED),
        ({"event": "bounce", "type": "bounce", "reason": ""}, HARD),
        ({"event": "bounce", "type": "blocked", "reason": "unable to get mx info"}, BLOCKED),
        ({"event": "bounce", "type": "expired", "reason": "Delivery timed out"}, SOFT),
        ({"event": "dropped", "reason": "Bounced Address"}, HARD),
        ({"event": "dropped", "reason": "Invalid"}, HARD),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, COMPLAINT),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, UNSUBSCRIBED),
        ({"event": "dropped", "reason": "Spam Content (if Spam Checker app enabled)"}, BLOCKED),
        ({"event": "dropped", "reason": "Invalid SMTPAPI header"}, BLOCKED),
        ({"event": "spamreport"}, COMPLAINT),
        ({"event": "unsubscribe"}, UNSUBSCRIBED),
        ({"event": "group_unsubscribe", "asm_group_id": 10}, UNSUBSCRIBED),
    ],
)
def test_sendgrids_words(event, expected):
    assert meaning("sendgrid", event) is expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"event": "accepted"}, NOTHING),
        ({"event": "opened"}, NOTHING),
        ({"event": "clicked"}, NOTHING),
        ({"event": "delivered", "delivery-status": {"code": 250, "message": "OK"}}, DELIVERED),
        ({"event": "rejected", "reject": {"reason": "Sandbox"}}, BLOCKED),
        ({"event": "complained"}, COMPLAINT),
        ({"event": "unsubscribed"}, UNSUBSCRIBED),
        ({"event": "failed", "severity": "temporary", "reason": "generic"}, NOTHING),
        (
            {
                "event": "failed",
                "severity": "permanent",
                "reason": "bounce",
                "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "unknown"},
            },
            HARD,
        ),
        (
            {
                "event": "failed",
                "severity": "permanent",
                "reason": "bounce",
                "delivery-status": {"code": 550, "message": SPAM, "bounce-type": "hard"},
            },
            BLOCKED,
        ),
        (
            {
                "event": "failed",
                "severity": "permanent",
                "reason": "suppress-bounce",
                "delivery-status": {
                    "code": 605,
                    "message": "",
                    "description": "Not delivering to previously bounced address",
                },
            },
            HARD,
        ),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-complaint"}, COMPLAINT),
        (
            {"event": "failed", "severity": "permanent", "reason": "suppress-unsubscribe"},
            UNSUBSCRIBED,
        ),
        (
            {
                "event": "failed",
                "severity": "permanent",
                "reason": "old",
                "delivery-status": {"code": 602, "message": "Too old"},
            },
            SOFT,
        ),
    ],
)
def test_mailguns_words(event, expected):
    assert meaning("mailgun", event) is expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"RecordType": "Open"}, NOTHING),
        ({"RecordType": "Delivery", "Details": "250 OK"}, DELIVERED),
        ({"RecordType": "Bounce", "Type": "HardBounce", "Details": "smtp;550 5.1.1 x"}, HARD),
        ({"RecordType": "Bounce", "Type": "HardBounce", "Details": "action: failed"}, HARD),
        ({"RecordType": "Bounce", "Type": "HardBounce", "Details": f"smtp;{SPAM}"}, BLOCKED),
        ({"RecordType": "Bounce", "Type": "BadEmailAddress"}, HARD),
        ({"RecordType": "Bounce", "Type": "SoftBounce"}, SOFT),
        ({"RecordType": "Bounce", "Type": "DnsError"}, SOFT),
        ({"RecordType": "Bounce", "Type": "Blocked"}, BLOCKED),
        ({"RecordType": "Bounce", "Type": "SpamNotification"}, BLOCKED),
        ({"RecordType": "Bounce", "Type": "DMARCPolicy"}, BLOCKED),
        ({"RecordType": "Bounce", "Type": "SMTPApiError"}, BLOCKED),
        ({"RecordType": "Bounce", "Type": "Transient"}, NOTHING),
        ({"RecordType": "Bounce", "Type": "AutoResponder"}, NOTHING),
        ({"RecordType": "Bounce", "Type": "ChallengeVerification"}, NOTHING),
        ({"RecordType": "Bounce", "Type": "ManuallyDeactivated"}, NOTHING),
        ({"RecordType": "Bounce", "Type": "Unsubscribe"}, UNSUBSCRIBED),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, COMPLAINT),
        (
            {
                "RecordType": "SubscriptionChange",
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
                "Origin": "Recipient",
            },
            UNSUBSCRIBED,
        ),
        (
            {
                "RecordType": "SubscriptionChange",
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
                "Origin": "Customer",
            },
            NOTHING,
        ),
        (
            {"RecordType": "SubscriptionChange", "SuppressSending": False, "Origin": "Recipient"},
            NOTHING,
        ),
    ],
)
def test_postmarks_words(event, expected):
    assert meaning("postmark", event) is expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"event": "request"}, NOTHING),
        ({"event": "deferred"}, NOTHING),
        ({"event": "unique_opened"}, NOTHING),
        ({"event": "delivered"}, DELIVERED),
        (
            {
                "event": "hard_bounce",
                "reason": " RecipientError: 550 5.5.0 Requested action not taken: mailbox unavailable.",
            },
            HARD,
        ),
        ({"event": "hard_bounce"}, HARD),
        ({"event": "hard_bounce", "reason": f"RecipientError: {SPAM}"}, BLOCKED),
        ({"event": "invalid_email"}, HARD),
        ({"event": "soft_bounce", "reason": "undefined Unable to find MX of domain"}, SOFT),
        ({"event": "blocked", "reason": "blocked : due to blacklist user"}, BLOCKED),
        ({"event": "error"}, BLOCKED),
        ({"event": "spam"}, COMPLAINT),
        ({"event": "complaint"}, COMPLAINT),
        ({"event": "unsubscribe"}, UNSUBSCRIBED),
    ],
)
def test_brevos_words(event, expected):
    assert meaning("brevo", event) is expected


def test_brevo_may_send_a_batch():
    events = read("brevo", [{"event": "delivered"}, {"event": "spam"}])

    assert [event.kind for event in events] == [EventKind.DELIVERED, EventKind.COMPLAINED]
    assert len({event.id for event in events}) == 2


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "queued"}, NOTHING),
        ({"type": "sent"}, NOTHING),
        ({"type": "deferred"}, NOTHING),
        ({"type": "invented"}, NOTHING),
        ({"type": "delivered"}, DELIVERED),
        ({"type": "bounced", "code": 550, "status": "5.1.1", "reason": "no such user"}, HARD),
        ({"type": "bounced", "reason": "452 4.2.2 full"}, SOFT),
        ({"type": "bounced"}, SOFT),
        ({"type": "bounced", "bounce": "hard"}, HARD),
        ({"type": "bounced", "bounce": "hard", "code": 550, "status": "5.7.1"}, BLOCKED),
        ({"type": "rejected"}, BLOCKED),
        ({"type": "failed"}, BLOCKED),
        ({"type": "complained"}, COMPLAINT),
        ({"type": "unsubscribed"}, UNSUBSCRIBED),
    ],
)
def test_our_own_words(event, expected):
    assert meaning("standard", event) is expected


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("email.sent", {"x": 1}, NOTHING),
        ("email.opened", {"x": 1}, NOTHING),
        ("email.delivery_delayed", {"x": 1}, NOTHING),
        ("email.delivered", {"x": 1}, DELIVERED),
        ("email.complained", {"x": 1}, COMPLAINT),
        ("email.failed", {"failed": {"reason": "reached_daily_quota"}}, BLOCKED),
        ("email.bounced", {"bounce": {"type": "Permanent", "subType": "General"}}, HARD),
        ("email.bounced", {"bounce": {"type": "Transient", "subType": "MailboxFull"}}, SOFT),
    ],
)
def test_resends_words(name, data, expected):
    event = {"type": name, "created_at": "2026-11-30T08:00:00.000Z", "data": data}

    assert meaning("standard", event) is expected


def test_resend_names_its_id_the_reader_and_our_message_id():
    data = {
        "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
        "to": ["anna@example.net"],
        "created_at": "2026-11-29T08:00:00.000Z",
        "headers": [{"name": "Message-ID", "value": "<41.7.ab@news.example.org>"}],
        "bounce": {"type": "Permanent", "message": "The recipient's address doesn't exist"},
    }
    created_at = "2026-11-30T08:00:00.000Z"
    (event,) = read("standard", {"type": "email.bounced", "created_at": created_at, "data": data})

    assert event.reference.recipient == "anna@example.net"
    assert event.reference.provider_ids == ("56761188-7520-42d8-8898-ff6fc54ce618",)
    assert event.reference.message_ids == ("<41.7.ab@news.example.org>",)
    assert event.at == AT


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


def test_sendgrids_id_is_what_its_reply_to_data_says():
    (event,) = read("sendgrid", bounced("sendgrid", Message()))

    assert event.reference.provider_ids[0] == "0102018f3c2a7b1e-5d2c"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 5.1.1 no such user", 550),
        ("smtp; 452-4.2.2 full", 452),
        (" RecipientError: 550 5.5.0 unavailable", 550),
        ("smtp;550 5.1.1", 550),
        ("the mailbox is over 500 MB", 0),
        ("error 4211 at 10.250.0.1", 0),
        ("", 0),
    ],
)
def test_a_reply_code_is_found_where_it_is_one(text, code):
    assert find_code(text) == code


@pytest.mark.parametrize(
    ("given", "at"),
    [
        (1764489600, datetime(2025, 11, 30, 8, tzinfo=UTC)),
        ("1764489600", datetime(2025, 11, 30, 8, tzinfo=UTC)),
        (1764489600.5, datetime(2025, 11, 30, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2025-11-30T03:00:00.2735393-05:00", datetime(2025, 11, 30, 8, 0, 0, 273_539, tzinfo=UTC)),
        ("2025-11-30T08:00:00Z", datetime(2025, 11, 30, 8, tzinfo=UTC)),
        (True, None),
        (-5, None),
        (10**400, None),
        (float("inf"), None),
        (float("nan"), None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        ([1], None),
    ],
)
def test_a_time_is_a_number_or_text_or_missing(given, at):
    (event,) = read("standard", {"type": "delivered", "timestamp": given})

    assert event.at == at


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_whatever_a_provider_sends_in_place_of_a_value_is_read_or_refused(data):
    kind = data.draw(st.sampled_from(KINDS))
    event = bounced(kind, Message())
    place, path = event, data.draw(st.lists(st.integers(0, 20), max_size=4))
    for step in path:
        keys = list(place) if isinstance(place, dict) else []
        if not keys:
            break
        key = keys[step % len(keys)]
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = place[key]

    try:
        events = read(kind, json.loads(json.dumps(event)))
    except WebhookRefused:
        return
    for found in events:
        feedback = found.feedback
        assert found.id
        if feedback is not None:
            texts = (feedback.text, feedback.host, feedback.status, feedback.reference.recipient)
            assert not set("".join(texts)) & set("\0\r\n\x1b")
            "".join(texts).encode()
            assert len(feedback.status) <= 16
