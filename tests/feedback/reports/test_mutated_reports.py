"""Reports spoilt at random raise nothing, stay within the limits, and never name a delivery anew.

The ordinary run draws 2,000; `make fuzz` draws 100,000.
"""

import os
import re

import pytest

from syndicate.model.feedback import DeliveryReference, Feedback, ParsedReport, ReportOutcome
from tests.end_to_end.mutations import Mutator
from tests.feedback.reports.report_forms import FOLDER, parse, signed_links

COUNT = int(os.environ.get("SYNDICATE_FUZZ", "2000"))
SEED = int(os.environ.get("SYNDICATE_FUZZ_SEED", "1"))
WORDS = (
    b"Content-Type: multipart/report; boundary=\n\n", b"Content-Type: message/delivery-status\n\n",
    b"Content-Type: message/rfc822\n\n", b"Content-Type: text/html; charset=utf-7\n\n", b"\n\n", b"\n--b1\n", b"--b1--\n",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n", b"charset=iso-2022-jp",
    b"charset=\0", b"charset=punycode", b"=?utf-8?B?", b"=?iso-2022-jp?Q?=1B$B?=", b"\x1b$B", b"\x1b(", b"\xed\xa0\x80",
    b"Final-Recipient: rfc822; ", b"Action: failed\n", b"Status: 5.1.1 (", b"Diagnostic-Code: smtp; 550 ", b"550 5.1.1 ",
    b"utf-8; \\x{110000}\\x{D800}@", b"Feedback-Type: abuse\n", b"Message-ID: <", b"bounce+", b"@news.example.org",
    b"Date: Thu, 32 Foo 99999 25:61:61 +99999\n", b"X-Failed-Recipients: ", b"Auto-Submitted: auto-replied\n",
    b"----- Original message -----\n", b"Original-Envelope-Id: +", b"List-Unsubscribe: <mailto:", b"<" * 300, b"@" * 300,
    b"a@b." * 100, b"\t" * 300, b"<style", b"&#x110000;", b"Subject: unsubscribe\n",
    b"charset=utf-7", b"+2AA-", b"=00",
)  # fmt: skip


def spoilt(data: bytes) -> bytes:
    """Change each signature, so that nothing names the delivery any more."""
    for signature in (
        b"44a1d0be8b77a884",
        b"b302c821d7b3d082",
        b"28839a70016b2c0c",
        b"dNWTwYjHVF5Y",
    ):
        data = data.replace(signature, signature[::-1])
    return data


FORMS = [path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))]


def test_mutated_reports_raise_nothing_and_stay_within_the_limits(publication):
    links = signed_links(publication())
    draw = Mutator(SEED, FORMS, WORDS).draw
    understood = 0
    for _ in range(COUNT):
        report = parse(draw())
        check(report)
        understood += report.outcome is ReportOutcome.FEEDBACK
        for feedback in report.feedback:
            for found in verified(links, feedback.reference):
                assert found == (41, 7)
    assert 0.4 * COUNT < understood < 0.95 * COUNT


def test_no_mutation_names_a_delivery_that_was_not_named(publication):
    links = signed_links(publication())
    samples = [spoilt(data) for data in FORMS]
    draw = Mutator(SEED + 1, samples, WORDS).draw
    references = 0
    for _ in range(COUNT):
        for feedback in parse(draw()).feedback:
            references += bool(feedback.reference.tokens)
            assert verified(links, feedback.reference) == []
    assert references > COUNT / 10


@pytest.mark.parametrize("data", FORMS)
def test_a_spoilt_signature_names_nothing(publication, data):
    for feedback in parse(spoilt(data)).feedback:
        assert verified(signed_links(publication()), feedback.reference) == []


def verified(links, reference: DeliveryReference) -> list[tuple[int, int]]:
    """Return the deliveries that what is signed in a reference names."""
    found = [links.read_bounce_token(token) for token in reference.tokens]
    found += [links.read_unsubscribe_token(token) for token in reference.tokens]
    found += [links.read_message_id(id_) for id_ in reference.envelope_ids + reference.message_ids]
    found += [
        links.read_unsubscribe(url.rpartition("/")[2]) and (41, 7)
        for url in reference.unsubscribe_urls
    ]
    return [pair for pair in found if pair]


def check(report: ParsedReport) -> None:
    """Hold a report to its limits."""
    assert (report.outcome is ReportOutcome.FEEDBACK) == bool(report.feedback)
    assert len(report.feedback) <= 20
    for text in (report.subject, report.sender, report.reason):
        assert is_line(text, 500), text
    for feedback in report.feedback:
        check_feedback(feedback)


def check_feedback(feedback: Feedback) -> None:
    assert is_line(feedback.text, 500), feedback.text
    assert is_line(feedback.host, 255), feedback.host
    assert re.fullmatch(r"|[245]\.[0-7]\.\d{1,3}", feedback.status), feedback.status
    assert feedback.code == 0 or 200 <= feedback.code < 600
    assert feedback.at is None or (feedback.at.tzinfo and 2000 <= feedback.at.year < 2100)
    reference = feedback.reference
    for values in (
        reference.tokens,
        reference.envelope_ids,
        reference.message_ids,
        reference.unsubscribe_urls,
    ):
        assert len(values) <= 10
        assert all(0 < len(value) <= 1000 and is_storable(value) for value in values)
    assert len(reference.recipient) <= 500
    assert is_storable(reference.recipient)
    assert "\n" not in reference.recipient


def is_storable(text: str) -> bool:
    """Whether databases and UTF-8 can have it: no zero, and no lone surrogate."""
    return not re.search("[\0\ud800-\udfff]", text)


def is_line(text: str, limit: int) -> bool:
    return len(text) <= limit and (text.isprintable() or not re.search(r"[\x00-\x1f\x7f]", text))
