"""Delivery status notifications (RFC 3464, RFC 6533)."""

import pytest

from syndicate.feedback.reports.parse import parse_report
from syndicate.model.feedback import FeedbackKind, ReportOutcome
from tests.feedback.reports.report_forms import ADDRESS, MESSAGE_ID, TOKEN

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
Content-Type: {content_type}

Reporting-MTA: dns; mx.example.net
Original-Envelope-Id: 41.7.28839a70016b2c0c

{fields}

--b/1
Content-Type: message/rfc822

Message-ID: <{message_id}>
To: ada@example.net
List-Unsubscribe: <https://news.example.org/unsubscribe/abc>, <mailto:bounce+x@news.example.org>

Text
--b/1--
"""


def parse(fields: str, content_type: str = "message/delivery-status"):
    report = REPORT.format(
        fields=fields, token=TOKEN, message_id=MESSAGE_ID, content_type=content_type
    )
    return parse_report(report.encode(), address=ADDRESS)


def read(fields: str, **others: str):
    [feedback] = parse(fields, **others).feedback
    return feedback


def test_a_failed_recipient_is_judged_and_all_that_names_its_delivery_is_found():
    feedback = read(
        "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n"
        "Remote-MTA: dns; mail.example.net\nDiagnostic-Code: smtp; 550-5.1.1 No such\n 550 5.1.1 user"
    )
    assert feedback.kind is FeedbackKind.HARD_BOUNCE
    assert (feedback.code, feedback.status, feedback.text) == (550, "5.1.1", "No such user")
    assert feedback.host == "mail.example.net"
    assert feedback.at
    assert feedback.at.isoformat() == "2026-03-02T09:00:00+00:00"
    assert feedback.reference.tokens == (TOKEN,)
    assert feedback.reference.envelope_ids == ("41.7.28839a70016b2c0c",)
    assert feedback.reference.message_ids == (MESSAGE_ID,)
    assert feedback.reference.unsubscribe_urls[0] == "https://news.example.org/unsubscribe/abc"
    assert feedback.reference.recipient == "ada@example.net"


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded (to a list)", "DELAYED"])
def test_a_server_that_is_still_trying_has_reported_no_bounce(action):
    report = parse(f"Final-Recipient: rfc822; a@b.example\nAction: {action}\nStatus: 4.4.1")
    assert report.outcome is ReportOutcome.DELAYED
    assert report.feedback == ()


def test_a_success_is_evidence_of_delivery():
    feedback = read("Final-Recipient: rfc822; a@b.example\nAction: delivered\nStatus: 2.0.0")
    assert feedback.kind is FeedbackKind.DELIVERED


def test_a_status_with_a_comment_is_read_and_a_recipient_that_is_no_address_is_left_out():
    feedback = read(
        "Final-Recipient: unknown; lovelace_a\nAction: failed (really)\n"
        "Status: 5.0.0 (unknown permanent failure)"
    )
    assert (feedback.kind, feedback.status) == (FeedbackKind.SOFT_BOUNCE, "5.0.0")
    assert feedback.text == "unknown permanent failure"
    assert feedback.reference.recipient == "ada@example.net", "that of the returned message"


def test_the_address_that_we_wrote_to_counts_where_the_final_one_is_another():
    feedback = read(
        "Final-Recipient: rfc822; lovelace@home.example\n"
        "Original-Recipient: rfc822;<ada@example.net>\nAction: failed\nStatus: 5.1.1"
    )
    assert feedback.reference.recipient == "ada@example.net"


def test_addresses_in_utf_8_are_read_as_they_are_and_as_they_are_escaped():
    for address in ("用户@例え.example", "\\x{7528}\\x{6237}@\\x{4F8B}\\x{3048}.example"):
        feedback = read(
            f"Final-Recipient: utf-8; {address}\nAction: failed\nStatus: 5.1.1",
            content_type="message/global-delivery-status",
        )
        assert feedback.reference.recipient == "用户@例え.example"


def test_where_only_some_recipients_failed_the_address_expands_to_them_and_works():
    report = parse(
        "Final-Recipient: rfc822; a@home.example\nAction: failed\nStatus: 5.1.1\n\n"
        "Final-Recipient: rfc822; a@work.example\nAction: delivered\nStatus: 2.0.0"
    )
    kinds = [feedback.kind for feedback in report.feedback]
    assert kinds == [FeedbackKind.SOFT_BOUNCE, FeedbackKind.DELIVERED]


def test_where_all_recipients_failed_for_good_the_address_is_dead():
    report = parse(
        "Final-Recipient: rfc822; a@home.example\nAction: failed\nStatus: 5.1.1\n\n"
        "Final-Recipient: rfc822; a@work.example\nAction: failed\nStatus: 5.1.1"
    )
    assert {feedback.kind for feedback in report.feedback} == {FeedbackKind.HARD_BOUNCE}


@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.0.0", "smtp; 550 5.1.1 unknown", "5.1.1"),
        ("5.1.1", "smtp; 550 5.7.1 blocked", "5.7.1"),
        ("5.1.1", "smtp; 550 unknown", "5.1.1"),
        ("5.0.0", "x-qmail; gone (#5.1.1)", "5.1.1"),
        ("5.0.350", "smtp;550 5.0.350 Remote server returned an error -> 550 5.1.1 gone", "5.1.1"),
        ("4.4.7", "smtp; 451 4.2.2 full", "4.2.2"),
        ("5.0.0", "smtp; relay says 5.3.0: mx says 5.1.1", "5.1.1"),
        ("", "smtp; 550 unknown", ""),
        ("5.1.1", "smtp; see RFC 5.1.1.7 and Exim 4.97.1", "5.1.1"),
    ],
)
def test_what_the_refusing_server_said_counts_more_than_what_the_reporter_makes_of_it(
    status, diagnostic, expected
):
    feedback = read(
        f"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: {diagnostic}"
    )
    assert feedback.status == expected


def test_a_refusal_of_the_sender_is_not_the_reader_s_fault():
    report = REPORT.format(
        fields="Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n",
        token=TOKEN,
        message_id=MESSAGE_ID,
        content_type="message/delivery-status",
    ).replace("It was not delivered.", "said: 550 5.1.1 no (in reply to MAIL FROM command)")
    [feedback] = parse_report(report.encode(), address=ADDRESS).feedback
    assert feedback.kind is FeedbackKind.BLOCKED


@pytest.mark.parametrize(
    "date", ["Thu, 32 Foo 99999 25:61:61", "1 Jan 1970 00:00:00 +0000", "Fri, 1 Jan 9999 0:0:0", ""]
)
def test_an_implausible_date_gives_way_to_the_report_s_own(date):
    feedback = read(
        "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
        f"Last-Attempt-Date: {date}"
    )
    assert feedback.at
    assert feedback.at.year == 2026


def test_a_date_without_a_zone_is_utc():
    feedback = read(
        "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
        "Last-Attempt-Date: Mon, 2 Mar 2026 08:00:00 -0000"
    )
    assert feedback.at
    assert feedback.at.isoformat() == "2026-03-02T08:00:00+00:00"


def test_a_report_that_says_nothing_is_kept_for_a_person():
    report = parse("Final-Recipient: rfc822; a@b.example\nAction: dunno")
    assert report.outcome is ReportOutcome.UNREADABLE
    assert "neither an action nor a status" in report.reason
