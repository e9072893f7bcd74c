"""What came back about a delivery, as evidence in words."""

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.feedback import FeedbackKind, MatchedBy, format_answer
from tests.feedback_records import report

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a second"),
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (12 * 60 + 59, "12 minutes"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (2 * 86_400 - 1, "47 hours"),
        (30 * 86_400, "30 days"),
    ],
)
def test_evidence_says_how_long_after_it_was_accepted(seconds, words):
    at = NOW + timedelta(seconds=seconds)
    record = report(41, 7, FeedbackKind.HARD_BOUNCE, at=at, code=550, status="5.1.1")
    assert record.evidence(NOW) == (
        f"550 5.1.1 by mx.example.net for edition 41, {words} after it was accepted"
    )


def test_evidence_says_no_more_than_is_known():
    complaint = report(41, 7, FeedbackKind.COMPLAINT, at=NOW, host="")
    assert complaint.evidence() == "complaint about edition 41"
    before = complaint.evidence(NOW + timedelta(minutes=1))
    assert before == "complaint about edition 41", "clocks differ"
    refused = report(
        41, 7, FeedbackKind.BLOCKED, at=NOW, status="5.7.1", matched_by=MatchedBy.HAND_OVER
    )
    assert refused.evidence(NOW) == "5.7.1 by mx.example.net for edition 41 when it was handed over"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ((550, "5.1.1", "5.1.1 no such user"), "550 5.1.1 no such user"),
        ((550, "5.1.1", "no such user"), "550 5.1.1 no such user"),
        ((550, "5.1.1", "Error: 550 5.1.1 no such user"), "Error: 550 5.1.1 no such user"),
        ((550, "", "no such user: 15507"), "550 no such user: 15507"),
        ((0, "", "abuse"), "abuse"),
        ((0, "5.0.0", ""), "5.0.0"),
    ],
)
def test_an_answer_has_its_status_once(answer, line):
    assert format_answer(*answer) == line
    code, status, text = answer
    record = report(41, 7, FeedbackKind.BLOCKED, at=NOW, code=code, status=status, text=text)
    assert record.answer == line
