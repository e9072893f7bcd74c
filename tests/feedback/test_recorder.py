"""What comes back is recorded once, changes what it has to, and nothing else."""

from dataclasses import replace

import pytest

from syndicate.feedback.effects import RecordOutcome
from syndicate.model.feedback import DeliveryReference, FeedbackKind
from tests.feedback.reported import ANNA, DAY, HOUR, NOW

pytestmark = pytest.mark.sql


def test_a_hard_bounce_suppresses_at_once_with_its_evidence(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send(NOW - HOUR)
    done = newsroom.record(newsroom.bounce(edition, anna, at=NOW - HOUR / 2))
    assert done.outcome is RecordOutcome.RECORDED
    assert done.sentence == (
        f"hard bounce of edition {edition} to reader {anna}: the address is suppressed (hard bounce)"
    )
    assert newsroom.suppressed() == "hard bounce"
    assert newsroom.history(anna)[-1] == (
        "suppressed",
        "mail server",
        f"hard bounce of edition {edition}, by imap",
        "550 5.1.1 no such user, by mx.example.org",
    )
    assert done.record.at == NOW - HOUR / 2
    assert (done.record.domain, done.record.matched_by) == ("example.org", "return path")


def test_the_same_kind_of_bounce_of_one_delivery_counts_once(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    bounce = newsroom.bounce(edition, anna)
    assert newsroom.record(bounce).outcome is RecordOutcome.RECORDED
    again = newsroom.record(replace(bounce, text="5.1.1 unknown"), source="hook ses")
    assert again.outcome is RecordOutcome.REPEATED
    assert [action for action, *_ in newsroom.history(anna)].count("suppressed") == 1


def test_three_soft_bounces_within_thirty_days_suppress(newsroom):
    anna = newsroom.subscribe()
    for days, suppressed in (12, None), (6, None), (0, "soft bounces"):
        at = NOW - days * DAY
        edition = newsroom.send(at - HOUR)
        newsroom.record(newsroom.bounce(edition, anna, FeedbackKind.SOFT_BOUNCE), at=at)
        assert newsroom.suppressed() == suppressed
    detail = newsroom.history(anna)[-1][3]
    assert detail.startswith("3 soft bounces since 2026-11-12; 452 4.2.2 mailbox full")


def test_refused_because_of_us_is_never_the_readers_fault(newsroom):
    anna = newsroom.subscribe()
    for _ in range(5):
        edition = newsroom.send()
        done = newsroom.record(newsroom.bounce(edition, anna, FeedbackKind.BLOCKED))
        assert done.outcome is RecordOutcome.RECORDED
    assert newsroom.suppressed() is None


def test_a_complaint_ends_the_subscription_and_suppresses(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    newsroom.record(newsroom.bounce(edition, anna, FeedbackKind.COMPLAINT, text="abuse"))
    assert newsroom.newsletters() == {"breaking": "left"}
    assert newsroom.suppressed() == "complaint"
    left, suppressed = newsroom.history(anna)[-2:]
    how = f"complaint about edition {edition}, by imap"
    assert left == ("left", "mail server", how, "abuse, by mx.example.org")
    assert suppressed[0] == "suppressed"


def test_a_complaint_without_words_is_its_own_reason(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    words = {"code": 0, "status": "", "text": "", "host": ""}
    newsroom.record(newsroom.bounce(edition, anna, FeedbackKind.COMPLAINT, **words))
    with newsroom.store.read() as tx:
        suppression = tx.subscribers.suppression(ANNA)
    assert suppression is not None
    assert suppression.reason == f"complaint about edition {edition}"


def test_an_address_alone_changes_nothing(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    bounce = newsroom.bounce(edition, anna, reference=DeliveryReference(recipient=ANNA))
    done = newsroom.record(bounce)
    assert (done.outcome, done.needs_person) == (RecordOutcome.UNDECIDED, True)
    assert newsroom.suppressed() is None
    assert newsroom.kinds(edition, anna) == []
