"""A report as mail servers send it."""

from tests.feedback.reported import ANNA


def report(token: str, *, subject: str = "Undelivered Mail Returned to Sender") -> bytes:
    """Make what a mail server sends where it doesn't know the reader."""
    return f"""\
Return-Path: <>
Delivered-To: bounce+{token}@news.example.org
From: MAILER-DAEMON@mx.example.net
To: bounce+{token}@news.example.org
Subject: {subject}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {ANNA}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b--
""".encode()
