"""Delivery status notifications (RFC 3464, RFC 6533)."""

from syndicate.feedback.reports.parse import parse_report
from syndicate.model.feedback import FeedbackKind, ReportOutcome

TOKEN = "01000000002900000000070123456789abcdef"
ADDRESS = "bounce@news.example.org"
MESSAGE_ID = "<41.7.0123456789abcdef@news.example.org>"
REPORT = """\
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: bounce+{token}@news.example.org
Subject: Undelivered Mail Returned to Sender
Date: Mon, 2 Mar 2026 10:00:00 +0100
Content-Type: multipart/report; report-type=delivery-status; boundary="b/1"

--b/1
Content-Type: text/plain

It was not delivered.
--b/1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Original-Envelope-Id: 41.7.0123456789abcdef

{fields}

--b/1
Content-Type: message/rfc822

Message-ID: {message_id}
To: ada@example.net
List-Unsubscribe: <https://news.example.org/unsubscribe/abc>, <mailto:bounce+x@news.example.org>

Text
--b/1--
"""


def parse(fields: str, token: str = TOKEN):
    report = REPORT.format(fields=fields, token=token, message_id=MESSAGE_ID)
    return parse_report(report.encode(), address=ADDRESS)


def test_a_failed_recipient_is_judged_and_all_that_names_its_delivery_is_found():
    report = parse(
        "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n"
        "Remote-MTA: dns; mail.example.net\nDiagnostic-Code: smtp; 550-5.1.1 No such\n 550 5.1.1 user"
    )
    assert report.outcome is ReportOutcome.FEEDBACK
    [feedback] = report.feedback
    assert feedback.kind is FeedbackKind.HARD_BOUNCE
    assert (feedback.code, feedback.status, feedback.text) == (550, "5.1.1", "No such user")
    assert feedback.host == "mail.example.net"
    assert feedback.at
    assert feedback.at.isoformat() == "2026-03-02T09:00:00+00:00"
    assert feedback.reference.tokens == (TOKEN,)
    assert feedback.reference.envelope_ids == ("41.7.0123456789abcdef",)
    assert feedback.reference.message_ids == (MESSAGE_ID.strip("<>"),)
    assert feedback.reference.unsubscribe_urls[0] == "https://news.example.org/unsubscribe/abc"
    assert feedback.reference.recipient == "ada@example.net"


def test_a_server_that_is_still_trying_has_reported_no_bounce():
    for action in ("delayed", "relayed", "expanded (to a list)"):
        report = parse(f"Final-Recipient: rfc822; a@b.example\nAction: {action}\nStatus: 4.4.1")
        assert report.outcome is ReportOutcome.DELAYED
        assert report.feedback == ()


def test_a_success_is_evidence_of_delivery():
    report = parse("Final-Recipient: rfc822; a@b.example\nAction: delivered\nStatus: 2.0.0")
    assert [feedback.kind for feedback in report.feedback] == [FeedbackKind.DELIVERED]
