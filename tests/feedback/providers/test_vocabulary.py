"""What the events of each provider mean; Amazon's are in `test_amazon_events`."""

import pytest

from syndicate.feedback.providers.provider_event import EventKind
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
from tests.feedback.providers.provider_calls import AT, Message, bounced

FULL = "452 4.2.2 mailbox full"
SPAM = "550 5.7.1 blocked as spam"


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


def test_sendgrids_id_is_what_its_reply_to_data_says():
    (event,) = read("sendgrid", bounced("sendgrid", Message()))

    assert event.reference.provider_ids[0] == "0102018f3c2a7b1e-5d2c"
