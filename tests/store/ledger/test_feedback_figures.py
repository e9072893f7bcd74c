"""Figures of what came back: nothing counts twice, and shares are those of the mail they are about."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from syndicate.model.feedback import (
    ComplaintRate,
    FeedbackGroup,
    FeedbackKind,
    FeedbackTotals,
    MatchedBy,
    PolicyRefusals,
)
from syndicate.store.database.schema import deliveries
from tests.causes import by_test
from tests.feedback_records import accept_all, report
from tests.sample_editions import freeze, subscribe

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HARD, SOFT, BLOCKED = (FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED)


def edition(store, *addresses, at=NOW, **options):
    """Freeze an edition for these readers, all of whose mail is accepted; return numbers."""
    keys = [subscribe(store, address, at=NOW) for address in addresses]
    key = freeze(store, at=at, **options).key
    with store.write() as tx:
        accept_all(tx, key, at)
    return key, keys


def crowd(count, domain="example.org"):
    return [f"r{number}@{domain}" for number in range(count)]


def refuse(tx, key, reader, kind=HARD, **changes):
    """Record a refusal at hand-over, as the send loop does."""
    tx._connection.execute(
        deliveries.update()
        .where(deliveries.c.edition == key, deliveries.c.subscriber == reader)
        .values(state=DeliveryState.FAILED, code=550)
    )
    changes = {"source": "smtp", "matched_by": MatchedBy.HAND_OVER, "at": NOW, **changes}
    assert tx.feedback.add(report(key, reader, kind, **changes))


def test_what_came_back_is_counted_by_kind(store):
    key, (ada, bo, cy, di, *_) = edition(store, *crowd(6))
    with store.write() as tx:
        for reader, kind in (
            *((ada, HARD), (bo, SOFT), (cy, BLOCKED), (di, FeedbackKind.COMPLAINT)),
            *((di, FeedbackKind.DELIVERED), (bo, FeedbackKind.UNSUBSCRIBED)),
        ):
            tx.feedback.add(report(key, reader, kind, at=NOW))
            tx.feedback.add(report(key, reader, kind, at=NOW + MINUTE))
        found = tx.feedback_figures.totals(key)
        assert tx.deliveries.totals(key).accepted == 6
    assert found == FeedbackTotals(
        hard=1, soft=1, blocked=1, complained=1, delivered=1, unsubscribed=1
    )
    assert found.bounced == 3


def test_a_delivery_bounces_once_by_its_worst_report(store):
    key, (ada, bo, *_) = edition(store, *crowd(3))
    with store.write() as tx:
        for kind in (SOFT, BLOCKED, HARD):
            tx.feedback.add(report(key, ada, kind, at=NOW))
        for kind in (BLOCKED, SOFT):
            tx.feedback.add(report(key, bo, kind, at=NOW, code=452, status="4.2.2"))
        assert tx.feedback_figures.totals(key) == FeedbackTotals(hard=1, soft=1)
        groups = tx.feedback_figures.groups(key)
    assert [(group.kind, group.count) for group in groups] == [(HARD, 1), (SOFT, 1)]


def test_what_was_refused_at_hand_over_is_failed_and_never_bounced_as_well(store):
    key, (ada, bo, *_) = edition(store, *crowd(3))
    with store.write() as tx:
        refuse(tx, key, ada, code=550, status="5.1.1")
        refuse(tx, key, bo, BLOCKED, code=550, status="5.7.1")
        tx.feedback.add(report(key, bo, HARD, at=NOW + MINUTE, code=550, status="5.1.1"))
        totals = tx.deliveries.totals(key)
        assert (totals.failed, totals.accepted) == (2, 1)
        assert tx.feedback_figures.totals(key).bounced == 0
        groups = tx.feedback_figures.groups(key)
    assert [(group.at_hand_over, group.count) for group in groups] == [(True, 2)]


def test_the_largest_group_comes_first(store):
    key, (*some, last) = edition(store, *crowd(4))
    with store.write() as tx:
        for reader in some:
            answer = {"code": 552, "status": "5.2.2", "text": "mailbox full", "domain": "b.example"}
            tx.feedback.add(report(key, reader, SOFT, at=NOW, **answer))
        tx.feedback.add(report(key, last, FeedbackKind.COMPLAINT, at=NOW, text="abuse"))
        first, second = tx.feedback_figures.groups(key)
    assert first == FeedbackGroup(
        kind=SOFT,
        domain="b.example",
        code=552,
        status="5.2.2",
        at_hand_over=False,
        count=3,
        text="mailbox full",
    )
    assert (second.kind, second.text) == (FeedbackKind.COMPLAINT, "abuse")


def test_newsletters_and_domains_have_their_counts_and_few_names(store):
    key, people = edition(store, *crowd(6))
    with store.write() as tx:
        for number, reader in enumerate(people):
            domain = f"d{number // 2}.example"
            tx.feedback.add(report(key, reader, HARD, at=NOW, domain=domain))
        tx.feedback.add(report(key, people[0], FeedbackKind.DELIVERED, at=NOW, domain="d0.example"))
        figures = tx.feedback_figures
        assert figures.by_newsletter() == {
            ("breaking", HARD): 6,
            ("breaking", FeedbackKind.DELIVERED): 1,
        }
        assert figures.by_domain(NOW, most=1) == {("d0.example", HARD): 2, ("other", HARD): 4}
        assert figures.by_domain(NOW + 7 * DAY, most=1) == {}
        tx.subscribers.suppress("r0@example.org", "gone", cause=by_test(NOW))
        assert figures.suppressions() == {"operator": 1}


def test_the_figures_for_metrics_have_names_in_one_word_and_every_kind_of_suppression(store):
    with store.read() as tx:
        empty = tx.feedback_figures.snapshot(NOW)
    assert empty["suppressions"] == dict.fromkeys(
        ("operator", "hard_bounce", "soft_bounces", "complaint"), 0
    )
    assert empty["feedback"] == empty["complaint_share"] == empty["reports"] == {}
    key, people = edition(store, *crowd(4))
    edition(store, at=NOW - 8 * DAY)
    with store.write() as tx:
        tx.feedback.add(report(key, people[0], FeedbackKind.COMPLAINT, at=NOW))
        tx.feedback.add(report(key, people[1], HARD, at=NOW))
        tx.held_reports.count_report("imap", "feedback", NOW)
        found = tx.feedback_figures.snapshot(NOW)
    assert found["feedback"] == {("breaking", "complaint"): 1, ("breaking", "hard_bounce"): 1}
    assert found["feedback_recent"][("example.org", "hard_bounce")] == 1
    assert found["complaint_share"] == {"breaking": 0.25}
    assert found["reports"] == {("imap", "feedback"): 1}


def test_what_came_back_within_a_week_leaves_out_hand_over_and_what_was_delivered(store):
    key, people = edition(store, *crowd(4))
    with store.write() as tx:
        for reader, kind in zip(people, (HARD, SOFT, FeedbackKind.DELIVERED), strict=False):
            tx.feedback.add(report(key, reader, kind, at=NOW))
        refuse(tx, key, people[3])
        figures = tx.feedback_figures
        assert figures.recent(NOW) == {"breaking": FeedbackTotals(hard=1, soft=1)}
        assert figures.recent(NOW + 7 * DAY) == {}


def complain(store, key, people):
    with store.write() as tx:
        for reader in people:
            tx.feedback.add(report(key, reader, FeedbackKind.COMPLAINT, at=NOW))


def test_complaints_are_too_much_from_a_share_and_a_number_on(store):
    key, people = edition(store, *crowd(20))
    complain(store, key, people[:1])
    with store.read() as tx:
        judge = tx.feedback_figures.complaint_rates
        assert judge(NOW, share=0.001, at_least=2) == [], "one among 20 readers rings nothing"
    complain(store, key, people[1:2])
    with store.read() as tx:
        judge = tx.feedback_figures.complaint_rates
        [rate] = judge(NOW, share=0.001, at_least=2)
        assert rate == ComplaintRate(newsletter="breaking", complaints=2, accepted=20, edition=key)
        assert rate.share == 0.1
        assert judge(NOW, share=0.1, at_least=2) == [rate], "the share itself is too much"
        assert judge(NOW, share=0.11, at_least=2) == []
        assert judge(NOW + 7 * DAY, share=0.001, at_least=2) == [], "the mail of a week counts"


def test_complaints_about_older_mail_do_not_count_against_that_of_a_week(store):
    old, people = edition(store, *crowd(4), at=NOW - 8 * DAY)
    complain(store, old, people)
    edition(store, at=NOW - DAY)
    with store.read() as tx:
        assert tx.feedback_figures.complaint_rates(NOW, share=0.001, at_least=2) == []
        rate = tx.feedback_figures.complaint_rate("breaking", NOW, share=0.001, at_least=2)
    assert rate is None


def test_where_the_newest_edition_is_older_than_a_week_it_is_the_one_that_counts(store):
    first, people = edition(store, *crowd(4), at=NOW - 60 * DAY)
    edition(store, at=NOW - 90 * DAY, newsletter="other")
    second, _ = edition(store, at=NOW - 30 * DAY)
    complain(store, first, people)
    with store.read() as tx:
        judge = tx.feedback_figures.complaint_rate
        assert judge("breaking", NOW, share=0.001, at_least=2) is None
    complain(store, second, people[:2])
    with store.read() as tx:
        judge = tx.feedback_figures.complaint_rate
        rate = judge("breaking", NOW, share=0.001, at_least=2)
        assert judge("nothing-sent", NOW, share=0.001, at_least=2) is None
    assert rate == ComplaintRate(newsletter="breaking", complaints=2, accepted=4, edition=second)


def test_letters_are_no_mail_of_a_newsletter(store):
    key, people = edition(store, *crowd(3), kind=EditionKind.LETTER)
    complain(store, key, people)
    with store.read() as tx:
        assert tx.feedback_figures.complaint_rates(NOW, share=0.001, at_least=2) == []
        assert tx.feedback_figures.by_newsletter() == {}


def block(tx, key, people, domain="gmail.example", at=NOW, **changes):
    answer = {"code": 550, "status": "5.7.26", "text": "unauthenticated", "domain": domain}
    for reader in people:
        tx.feedback.add(report(key, reader, BLOCKED, at=at, **answer | changes))


@pytest.mark.parametrize(("others", "rings"), [(0, True), (76, True), (77, False)])
def test_a_domain_refuses_us_from_a_share_of_its_own_mail_on(store, others, rings):
    gmail = crowd(4 + others, "gmail.example")
    key, people = edition(store, *gmail, *crowd(3))
    with store.write() as tx:
        block(tx, key, people[:3])
        refuse(tx, key, people[3], BLOCKED, domain="gmail.example", text="unauthenticated")
        judge = tx.feedback_figures.policy_refusals
        assert judge(NOW, share=0.05, at_least=5) == []
        found = judge(NOW, share=0.05, at_least=4)
        assert judge(NOW + DAY, share=0.05, at_least=4) == []
    assert bool(found) is rings
    if rings:
        answer = "550 5.7.26 unauthenticated"
        assert [(f.domain, f.refused, f.tried) for f in found] == [("gmail.example", 4, 4 + others)]
        assert found[0].answer in {answer, "unauthenticated"}


def test_of_a_domain_that_refuses_us_the_newest_edition_counts(store):
    first, people = edition(store, *crowd(3))
    second, _ = edition(store)
    with store.write() as tx:
        for key in (first, second):
            block(tx, key, people, domain="example.org", text=f"no. {key}")
        [found] = tx.feedback_figures.policy_refusals(NOW, share=0.05, at_least=3)
    assert found == PolicyRefusals(
        edition=second, domain="example.org", refused=3, tried=3, answer=f"550 5.7.26 no. {second}"
    )


def test_what_was_delivered_is_not_read_to_count_what_came_back(sqlite_store):
    """A million rows of an edition may say no more than that it was delivered."""
    key, people = edition(sqlite_store, *crowd(3))
    complain(sqlite_store, key, people)
    run = []
    with sqlite_store.read() as tx:
        connection, figures = tx._connection, tx.feedback_figures
        event.listen(connection, "before_cursor_execute", lambda *said: run.append(said[2:4]))
        figures.totals(key)
        figures.complaint_rates(NOW, share=0.001, at_least=2)
        figures.policy_refusals(NOW, share=0.05, at_least=1)
        figures.by_domain(NOW, most=3)
        plans = [
            str(row[3])
            for statement, parameters in list(run)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    reads = [plan for plan in plans if "feedback" in plan]
    assert len(reads) >= 6
    assert all("kind=?" in plan for plan in reads), reads
