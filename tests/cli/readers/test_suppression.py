"""The evidence for a suppression: what led to it, and nothing that came later or long before."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from syndicate.cli.readers.suppression import Evidence, suppression_lines
from syndicate.model.feedback import FeedbackKind
from syndicate.model.subscribers import Actor, Cause, Suppression, SuppressionKind
from tests.causes import by_reader
from tests.feedback_records import report

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HARD, SOFT = FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE


def editions(kind, reports):
    """Return for which editions there is evidence of a suppression; reports are by edition."""
    records = [report(key, 7, what, at=at) for key, what, at in reports]
    suppression = Suppression(address="a@example.org", kind=kind, reason="x", at=NOW)
    found = Evidence(records, {}).of_suppression(suppression, 30 * DAY)
    return [int(sentence.rpartition(" ")[2]) for sentence in found]


def test_a_hard_bounce_is_one_that_came_by_then():
    later = [(1, SOFT, NOW - DAY), (2, HARD, NOW), (3, HARD, NOW + DAY)]
    assert editions(SuppressionKind.HARD_BOUNCE, later) == [2]


def test_soft_bounces_are_those_within_their_time():
    old = [(1, SOFT, NOW - 31 * DAY), (2, SOFT, NOW - 29 * DAY), (3, SOFT, NOW), (4, HARD, NOW)]
    assert editions(SuppressionKind.SOFT_BOUNCES, old) == [2, 3]


def test_nothing_that_was_reported_is_evidence_for_an_operators_decision():
    assert editions(SuppressionKind.OPERATOR, [(1, HARD, NOW)]) == []


def test_a_change_has_the_evidence_that_came_with_it_if_a_server_made_it():
    evidence = Evidence([report(1, 7, HARD, at=NOW), report(2, 7, HARD, at=NOW - DAY)], {})
    by_server = Cause(who=Actor.SERVER, how="hard bounce of edition 1, by imap", at=NOW)
    assert evidence.of_change(by_server) == "hard bounce by mx.example.net for edition 1"
    assert evidence.of_change(by_reader("one click", NOW)) == ""


def test_a_reason_that_the_evidence_repeats_is_printed_once():
    suppression = Suppression(
        address="a@example.org",
        kind=SuppressionKind.COMPLAINT,
        reason="complaint about edition 1",
        at=NOW,
    )
    evidence = ["complaint about edition 1, 3 hours after it was accepted"]
    since, *others = suppression_lines(suppression, evidence, ZoneInfo("UTC"))
    assert since == "complaint since 2026-11-24 12:00 UTC"
    assert others[0] == evidence[0]
    since, *_ = suppression_lines(suppression, (), ZoneInfo("UTC"))
    assert since == "complaint since 2026-11-24 12:00 UTC: complaint about edition 1"
