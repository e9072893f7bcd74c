"""Who is to blame for a refusal: the policy, as a table of what servers answer."""

import pytest

from syndicate.model.bounces import find_status, is_passed_on, judge
from syndicate.model.feedback import FeedbackKind

HARD, SOFT, BLOCKED = (FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED)

POLICY = [
    # A list that refuses its post, and what is said of the sender, are no reader's fault.
    (BLOCKED, 550, "5.1.1", "You are not allowed to post to this mailing list"),
    (BLOCKED, 550, "5.1.1", "The group only accepts messages from its members"),
    (BLOCKED, 550, "5.1.1", "The list does not accept mail from non-members"),
    (BLOCKED, 553, "5.1.3", "Sender address invalid"),
    (BLOCKED, 550, "5.1.1", "Sender address rejected: User unknown in virtual mailbox table"),
    (BLOCKED, 550, "5.1.1", "Message rejected due to content restrictions"),
    (BLOCKED, 550, "5.1.1", "Too many invalid recipients"),
    (HARD, 550, "5.1.1", "Invalid recipient"),
    # The address can't receive mail, and its server says so by an enhanced status code.
    (HARD, 550, "5.1.1", "<ada@example.net>: Recipient address rejected: User unknown in virtual mailbox table"),
    (HARD, 550, "5.1.1", "The email account that you tried to reach does not exist."),
    (HARD, 0, "5.1.1", "user unknown"),
    (HARD, 550, "5.1.0", "Address rejected"),
    (HARD, 550, "5.1.2", "Host unknown (Name server: example.invalid: host not found)"),
    (HARD, 553, "5.1.3", "The recipient address is not a valid RFC 5321 address."),
    (HARD, 551, "5.1.6", "Mailbox has moved"),
    (HARD, 556, "5.1.10", "Recipient address has null MX"),
    (HARD, 550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    (HARD, 550, "5.2.1", "The email account that you tried to reach is disabled."),
    (HARD, 551, "", "User not local"),
    (HARD, 551, "5.0.0", "User not local; please try <ada@elsewhere.example>"),
    # 5.5.0 is a protocol error, but Outlook.com and others mean "no such user", and say so.
    (HARD, 550, "5.5.0", "Requested action not taken: mailbox unavailable (S2017062302)."),
    (SOFT, 554, "5.5.0", "Transaction failed"),
    (HARD, 550, "5.1.351", "Remote server returned unknown recipient or mailbox unavailable"),
    # Without an enhanced status code, a refusal suppresses nobody: servers refuse spam so, too.
    (SOFT, 550, "", "No such user here"),
    (SOFT, 550, "5.0.0", "user unknown"),
    (SOFT, 0, "", ""),
    (SOFT, 550, "", ""),
    (SOFT, 554, "", "delivery error: dd This user doesn't have a yahoo.com account"),
    # The status in the text counts where the report has none of its own.
    (HARD, 0, "", "Sorry, no mailbox here by that name. (#5.1.1)"),
    (HARD, 550, "", "550-5.1.1 The email account that you tried to reach does not exist."),
    # The mailbox is full, or its server is down: the next message may arrive.
    (SOFT, 552, "5.2.2", "The email account that you tried to reach is over quota."),
    (SOFT, 452, "4.2.2", "Mailbox full"),
    (SOFT, 550, "5.1.1", "sorry, that mailbox is over quota (#5.1.1)"),
    (SOFT, 550, "5.2.1", "The user you are trying to contact is receiving mail at a rate that prevents additional messages"),
    (SOFT, 550, "5.2.0", "Mailbox disabled"),
    (SOFT, 0, "5.2.3", "the user's maildir has overdrawn his diskspace quota"),
    (SOFT, 0, "4.4.7", "Message expired"),
    (SOFT, 0, "4.4.1", "Connection timed out"),
    (SOFT, 0, "5.4.4", "Host or domain name not found"),
    (SOFT, 550, "5.4.1", "Recipient address rejected: Access denied."),
    (SOFT, 0, "5.4.6", "Mail loop detected"),
    (SOFT, 0, "5.3.0", "Other mail system problem"),
    (SOFT, 452, "4.3.1", "Insufficient system resources"),
    # A temporary answer stays one, although its status is of the other class.
    (SOFT, 450, "5.1.1", "unverified address: user unknown"),
    (SOFT, 550, "4.1.1", "no such user"),
    # Policy and security are never the reader's fault.
    (BLOCKED, 550, "5.7.1", "Message rejected as spam"),
    (BLOCKED, 550, "5.7.1", "User unknown"),
    (BLOCKED, 550, "5.7.26", "This mail has been blocked because the sender is unauthenticated."),
    (BLOCKED, 550, "5.7.515", "Access denied, sending domain doesn't meet the required authentication level."),
    (BLOCKED, 421, "4.7.0", "IP not in whitelist for RCPT domain, closing connection."),
    (BLOCKED, 451, "4.7.1", "Greylisting in action, please come back later"),
    # Nor are the sender's address, the content, the size, or the protocol.
    (BLOCKED, 553, "5.1.8", "Domain of sender address does not exist"),
    (BLOCKED, 550, "5.1.7", "Invalid sender"),
    (BLOCKED, 554, "5.6.0", "Message contains invalid header"),
    (BLOCKED, 552, "5.3.4", "Message size exceeds fixed limit"),
    (BLOCKED, 550, "5.2.3", "Message length exceeds administrative limit"),
    (BLOCKED, 503, "5.5.1", "Bad sequence of commands"),
    # Words of policy count where the code doesn't say it.
    (BLOCKED, 554, "", "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"),
    (BLOCKED, 550, "5.0.0", "Sender address rejected"),
    (BLOCKED, 550, "5.1.0", "Sender denied"),
    (BLOCKED, 551, "", "Server access forbidden by invalid RDNS record of your mail server"),
    (BLOCKED, 553, "5.1.3", "http://www.spamhaus.org/query/bl?ip=192.0.2.222"),
    (BLOCKED, 553, "5.1.0", "error after MAIL FROM:<bounce+1@news.example.org>: 553 5.1.0 does not exist"),
    # 5.1.1 and words of policy: it is about us, unless it also says that nobody is there.
    (BLOCKED, 550, "5.1.1", "Your message was rejected as spam"),
    (BLOCKED, 550, "5.1.1", "192.0.2.1 has sent to too many recipients this hour"),
    (HARD, 550, "5.1.1", "User unknown or blocked"),
    # A word in an address or in the name of a server is none.
    (HARD, 550, "5.1.1", "<antispam@example.net>: unknown"),
    (HARD, 550, "5.1.1", "mx.spamfilter.example: Addressee gone"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "code", "status", "text"), POLICY)
def test_the_policy(kind, code, status, text):
    assert judge(code, status, text) is kind


@pytest.mark.parametrize("code", range(400, 600, 7))
@pytest.mark.parametrize("status", ["4.7.0", "4.7.28", "5.7.0", "5.7.1", "5.7.999"])
def test_policy_and_security_never_count_against_an_address(code, status):
    for text in ("", "no such user", "550 5.1.1 user unknown", "mailbox full"):
        assert judge(code, status, text) is BLOCKED


def test_the_first_status_of_a_reply_is_found_and_no_address_or_version_is_one():
    assert find_status("550-5.1.1 gone 5.7.1") == "5.1.1"
    assert find_status("host [5.1.1.7] says 5.1.1.2") == ""
    assert find_status("15.1.1") == ""


@pytest.mark.parametrize(
    ("failed", "passed_on"),
    [
        ("ada@example.net", False),
        ("lovelace@EXAMPLE.net", False),
        ("ada@mail3.example.net", False),
        ("ada@net", False),
        ("ada@elsewhere.example", True),
        ("ada@anexample.net", True),
        ("ada", False),
        ("", False),
    ],
)
def test_a_report_of_an_address_at_another_domain_is_about_what_was_passed_on(failed, passed_on):
    assert is_passed_on("ada@example.net", failed) is passed_on
    assert is_passed_on(failed, "ada@example.net") is passed_on
