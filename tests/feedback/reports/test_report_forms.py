"""What a hundred and more forms of real servers report, and how they name our delivery."""

import pytest

from syndicate.model.feedback import FeedbackKind, MatchedBy, ReportOutcome
from tests.feedback.reports.report_forms import FOLDER, form, match, parse, signed_links

HARD, SOFT, BLOCKED = (FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED)
DELIVERED, COMPLAINT, UNSUBSCRIBED = (
    FeedbackKind.DELIVERED,
    FeedbackKind.COMPLAINT,
    FeedbackKind.UNSUBSCRIBED,
)
RETURN_PATH, ENVELOPE_ID, MESSAGE_ID, UNSUBSCRIBE_LINK, ADDRESS = (
    MatchedBy.RETURN_PATH,
    MatchedBy.ENVELOPE_ID,
    MatchedBy.MESSAGE_ID,
    MatchedBy.UNSUBSCRIBE_LINK,
    MatchedBy.ADDRESS,
)
DELAYED, AUTO_REPLY, UNREADABLE = (
    ReportOutcome.DELAYED,
    ReportOutcome.AUTO_REPLY,
    ReportOutcome.UNREADABLE,
)

FORMS: dict[str, tuple[FeedbackKind, int, str, MatchedBy]] = {
    "amazon-ses-quoted-answer": (BLOCKED, 550, "5.7.1", RETURN_PATH),
    "amazon-ses": (HARD, 550, "5.1.1", UNSUBSCRIBE_LINK),
    "arf-aol-redacted": (COMPLAINT, 0, "", UNSUBSCRIBE_LINK),
    "arf-auth-failure-rejected": (BLOCKED, 0, "", RETURN_PATH),
    "arf-comcast": (COMPLAINT, 0, "", MESSAGE_ID),
    "arf-fraud": (COMPLAINT, 0, "", RETURN_PATH),
    "arf-mail-ru": (COMPLAINT, 0, "", RETURN_PATH),
    "arf-opt-out": (UNSUBSCRIBED, 0, "", RETURN_PATH),
    "arf-outlook-jmrp": (COMPLAINT, 0, "", RETURN_PATH),
    "arf-yahoo": (COMPLAINT, 0, "", RETURN_PATH),
    "barracuda-spam": (BLOCKED, 550, "5.7.1", RETURN_PATH),
    "bouygues-french": (SOFT, 552, "5.0.0", RETURN_PATH),
    "communigate-pro": (HARD, 550, "5.1.1", RETURN_PATH),
    "courier": (HARD, 550, "5.1.1", RETURN_PATH),
    "docomo": (SOFT, 550, "5.2.0", RETURN_PATH),
    "domino-plain": (HARD, 550, "5.1.1", RETURN_PATH),
    "domino-user-unknown": (HARD, 0, "5.1.1", RETURN_PATH),
    "dovecot-sieve-reject": (SOFT, 0, "", RETURN_PATH),
    "dragonfly": (HARD, 550, "5.1.1", RETURN_PATH),
    "exchange-2003": (HARD, 0, "5.1.1", RETURN_PATH),
    "exchange-2013-restricted": (BLOCKED, 550, "5.7.1", RETURN_PATH),
    "exchange-2016-quota": (SOFT, 554, "5.2.2", RETURN_PATH),
    "exchange-2016-user-unknown": (HARD, 550, "5.1.1", RETURN_PATH),
    "exchange-5-5": (SOFT, 0, "", RETURN_PATH),
    "exim-mailbox-full": (SOFT, 0, "5.0.0", RETURN_PATH),
    "exim-report": (HARD, 550, "5.1.1", RETURN_PATH),
    "exim-retry-timeout": (BLOCKED, 451, "4.7.1", RETURN_PATH),
    "exim-sender-refused": (BLOCKED, 553, "5.1.0", RETURN_PATH),
    "exim-unrouteable": (SOFT, 0, "", RETURN_PATH),
    "exim-user-unknown": (HARD, 550, "5.1.1", RETURN_PATH),
    "forged-references": (HARD, 550, "5.1.1", ADDRESS),
    "free-fr-too-many": (BLOCKED, 550, "5.7.1", RETURN_PATH),
    "gmail-2012": (HARD, 550, "5.1.1", RETURN_PATH),
    "gmail-disabled": (HARD, 550, "5.2.1", RETURN_PATH),
    "gmail-over-quota": (SOFT, 552, "5.2.2", RETURN_PATH),
    "gmail-unauthenticated": (BLOCKED, 550, "5.7.26", RETURN_PATH),
    "gmail-user-unknown": (HARD, 550, "5.1.1", RETURN_PATH),
    "gmx-mailbox-full": (SOFT, 0, "5.2.2", RETURN_PATH),
    "google-groups-refused": (SOFT, 0, "", RETURN_PATH),
    "groupwise-user-unknown": (SOFT, 0, "", RETURN_PATH),
    "haraka": (HARD, 550, "5.1.1", RETURN_PATH),
    "icloud-messaging-server": (HARD, 550, "5.1.1", RETURN_PATH),
    "imail": (SOFT, 0, "", RETURN_PATH),
    "james": (HARD, 550, "5.1.1", RETURN_PATH),
    "kddi-au-one": (SOFT, 0, "", RETURN_PATH),
    "kddi-au": (SOFT, 550, "", RETURN_PATH),
    "list-with-one-dead-member": (SOFT, 550, "5.1.1", RETURN_PATH),
    "m-filter-shift-jis": (HARD, 550, "5.1.1", RETURN_PATH),
    "mail-ru": (SOFT, 550, "", RETURN_PATH),
    "mailenable": (HARD, 550, "5.1.1", RETURN_PATH),
    "mailer-without-type": (HARD, 0, "5.1.1", RETURN_PATH),
    "mdaemon": (HARD, 550, "5.1.1", RETURN_PATH),
    "microsoft-365-access-denied": (SOFT, 550, "5.4.1", RETURN_PATH),
    "microsoft-365-expired": (SOFT, 550, "5.4.316", RETURN_PATH),
    "microsoft-365-german": (HARD, 550, "5.1.10", RETURN_PATH),
    "microsoft-365-remote": (HARD, 550, "5.1.1", RETURN_PATH),
    "microsoft-365-unknown-recipient": (HARD, 550, "5.1.1", RETURN_PATH),
    "microsoft-365-user-unknown": (HARD, 550, "5.1.10", RETURN_PATH),
    "mimecast": (HARD, 0, "5.1.1", RETURN_PATH),
    "naver-euc-kr": (HARD, 550, "5.1.1", RETURN_PATH),
    "null-mx": (HARD, 0, "5.1.10", RETURN_PATH),
    "ocn": (HARD, 550, "5.1.1", RETURN_PATH),
    "opensmtpd": (HARD, 550, "5.1.1", RETURN_PATH),
    "orange-blocked": (BLOCKED, 550, "5.2.0", RETURN_PATH),
    "outlook-com-authentication": (BLOCKED, 550, "5.7.515", RETURN_PATH),
    "outlook-com-unavailable": (HARD, 550, "5.5.0", RETURN_PATH),
    "postfix-delivered": (DELIVERED, 250, "2.0.0", RETURN_PATH),
    "postfix-envelope-id": (HARD, 0, "5.1.1", ENVELOPE_ID),
    "postfix-expired": (SOFT, 0, "4.4.1", RETURN_PATH),
    "postfix-host-not-found": (SOFT, 0, "5.4.4", RETURN_PATH),
    "postfix-mailbox-full": (SOFT, 552, "5.2.2", RETURN_PATH),
    "postfix-procmail": (SOFT, 0, "5.2.0", RETURN_PATH),
    "postfix-sender-refused": (BLOCKED, 550, "5.1.0", RETURN_PATH),
    "postfix-spam": (BLOCKED, 554, "5.7.1", RETURN_PATH),
    "postfix-user-unknown": (HARD, 550, "5.1.1", RETURN_PATH),
    "postfix-utf-8-address": (HARD, 550, "5.1.1", RETURN_PATH),
    "postfix-without-verp": (HARD, 550, "5.1.1", MESSAGE_ID),
    "postini": (SOFT, 550, "", RETURN_PATH),
    "powermta": (HARD, 550, "5.1.1", RETURN_PATH),
    "proofpoint": (BLOCKED, 554, "5.7.1", RETURN_PATH),
    "qmail-expired": (SOFT, 0, "4.4.3", RETURN_PATH),
    "qmail-message-id-alone": (HARD, 0, "5.1.1", MESSAGE_ID),
    "qmail-remote-refused": (HARD, 550, "5.1.1", RETURN_PATH),
    "qmail-spam": (BLOCKED, 554, "", RETURN_PATH),
    "qmail-user-unknown": (HARD, 0, "5.1.1", RETURN_PATH),
    "qmail-vpopmail-quota": (SOFT, 0, "", RETURN_PATH),
    "qq-gb18030": (HARD, 550, "5.1.1", RETURN_PATH),
    "sendgrid": (HARD, 550, "5.1.1", RETURN_PATH),
    "sendmail-550-is-5-1-1": (BLOCKED, 550, "5.1.1", RETURN_PATH),
    "sendmail-8-6": (HARD, 550, "5.1.1", RETURN_PATH),
    "sendmail-expired": (SOFT, 421, "4.4.2", RETURN_PATH),
    "sendmail-user-unknown": (HARD, 550, "5.1.1", RETURN_PATH),
    "softbank": (SOFT, 550, "", RETURN_PATH),
    "status-with-comment": (SOFT, 0, "5.0.0", RETURN_PATH),
    "t-online": (SOFT, 0, "", RETURN_PATH),
    "unsubscribe-apple-mail": (UNSUBSCRIBED, 0, "", UNSUBSCRIBE_LINK),
    "unsubscribe-empty": (UNSUBSCRIBED, 0, "", UNSUBSCRIBE_LINK),
    "unsubscribe-german-answer": (UNSUBSCRIBED, 0, "", UNSUBSCRIBE_LINK),
    "unsubscribe-gmail": (UNSUBSCRIBED, 0, "", UNSUBSCRIBE_LINK),
    "unsubscribe-japanese": (UNSUBSCRIBED, 0, "", UNSUBSCRIBE_LINK),
    "web-de-user-unknown": (SOFT, 550, "", RETURN_PATH),
    "yahoo-deferred-for-complaints": (BLOCKED, 421, "4.7.0", RETURN_PATH),
    "yahoo-no-account": (SOFT, 554, "5.0.0", RETURN_PATH),
    "yahoo-remote-unknown": (HARD, 550, "5.1.1", RETURN_PATH),
    "yandex": (BLOCKED, 550, "5.7.1", RETURN_PATH),
    "zimbra-quota": (SOFT, 552, "5.2.2", RETURN_PATH),
    "zoho": (HARD, 550, "5.1.1", RETURN_PATH),
}
"""Kind, reply code, enhanced status, and how the delivery is found."""

WITHOUT_FEEDBACK = {
    "arf-auth-failure-delivered": AUTO_REPLY,
    "arf-not-spam": AUTO_REPLY,
    "arf-other": UNREADABLE,
    "auto-reply-address-gone": AUTO_REPLY,
    "auto-reply-exchange-german": AUTO_REPLY,
    "auto-reply-japanese": AUTO_REPLY,
    "auto-reply-old-autoresponder": AUTO_REPLY,
    "auto-reply-outlook": AUTO_REPLY,
    "auto-reply-vacation-1": AUTO_REPLY,
    "bounce-of-a-bounce": UNREADABLE,
    "challenge-boxbe": AUTO_REPLY,
    "challenge-tmda": AUTO_REPLY,
    "exim-warning": DELAYED,
    "gmail-delay": DELAYED,
    "letter-to-the-editor": UNREADABLE,
    "letter-with-a-quoted-link": UNREADABLE,
    "opensmtpd-delayed": DELAYED,
    "postfix-delayed": DELAYED,
    "postfix-relayed": DELAYED,
    "read-receipt": AUTO_REPLY,
    "sendmail-warning": DELAYED,
    "spam": UNREADABLE,
}


def test_every_form_is_in_a_table():
    assert {path.stem for path in FOLDER.glob("*.eml")} == {*FORMS, *WITHOUT_FEEDBACK}
    assert len(FORMS) >= 60


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_judged_and_names_its_delivery(name, publication):
    report = parse(form(name))
    assert report.outcome is ReportOutcome.FEEDBACK
    [feedback] = report.feedback
    found = match(signed_links(publication()), feedback.reference)
    assert (feedback.kind, feedback.code, feedback.status, found) == FORMS[name]
    assert (feedback.at is None) == (feedback.kind is UNSUBSCRIBED and "arf" not in name)
    assert feedback.text.isprintable()
    assert len(feedback.text) <= 500


@pytest.mark.parametrize("name", WITHOUT_FEEDBACK)
def test_a_message_that_reports_nothing_changes_nothing(name):
    report = parse(form(name))
    assert report.outcome is WITHOUT_FEEDBACK[name]
    assert report.feedback == ()
    assert bool(report.reason) >= (report.outcome is UNREADABLE)


@pytest.mark.parametrize("ends", [b"\r\n", b"\r"])
def test_the_ends_of_lines_don_t_matter(ends):
    for name in (*FORMS, *WITHOUT_FEEDBACK):
        assert parse(form(name).replace(b"\n", ends)) == parse(form(name)), name


def test_the_recipient_is_named_where_the_report_names_one():
    nameless = {"status-with-comment", "arf-aol-redacted", "arf-comcast"}
    for name in FORMS.keys() - nameless:
        [feedback] = parse(form(name)).feedback
        assert feedback.reference.recipient.partition("@")[0] in {"ada", "readers", "用户"}, name
