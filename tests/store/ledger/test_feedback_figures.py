"""Figures of what came back: nothing counts twice."""

from sqlalchemy import event

from syndicate.model.feedback import FeedbackGroup, FeedbackKind, FeedbackTotals
from syndicate.model.subscribers import SuppressionKind
from tests.causes import by_test
from tests.feedback_records import report
from tests.store.ledger.bounced_mail import (
    BLOCKED,
    DAY,
    HARD,
    MINUTE,
    NOW,
    SOFT,
    complain,
    crowd,
    edition,
    refuse,
)


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
    assert [(group.at_hand_over, group.count) for group in groups] == [(True, 1), (True, 1)]


def test_refusals_are_counted_by_relay(store):
    key, people = edition(store, *crowd(4))
    with store.write() as tx:
        for reader, relay in zip(people[:3], ("a.example", "b.example", "a.example"), strict=True):
            refuse(tx, key, reader, BLOCKED, host=relay, code=550, text="no")
        tx.feedback.add(report(key, people[3], BLOCKED, at=NOW, code=550, text="no"))
        figures = tx.feedback_figures
        groups = {(g.relay, g.at_hand_over): g.count for g in figures.groups(key)}
        assert groups == {("a.example", True): 2, ("b.example", True): 1, ("", False): 1}
        assert figures.by_relay(NOW) == {("a.example", BLOCKED): 2, ("b.example", BLOCKED): 1}
        assert figures.by_relay(NOW + 7 * DAY) == {}


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
        relay="",
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


def test_what_was_delivered_is_not_read_to_count_what_came_back(sqlite_store):
    """A million rows of an edition may say no more than that it was delivered."""
    key, people = edition(sqlite_store, *crowd(3))
    complain(sqlite_store, key, people)
    run = []
    with sqlite_store.read() as tx:
        connection, figures = tx._connection, tx.feedback_figures
        event.listen(connection, "before_cursor_execute", lambda *said: run.append(said[2:4]))
        figures.totals(key)
        tx.reputation.complaint_rates(NOW, share=0.001, at_least=2)
        tx.reputation.policy_refusals(NOW, share=0.05, at_least=1)
        figures.by_domain(NOW, most=3)
        plans = [
            str(row[3])
            for statement, parameters in list(run)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    reads = [plan for plan in plans if "feedback" in plan]
    assert len(reads) >= 6
    assert all("kind=?" in plan for plan in reads), reads


def test_suppressed_readers_are_counted_by_newsletter_and_kind(store):
    edition(store, *crowd(3))
    with store.write() as tx:
        for number, kind in enumerate((SuppressionKind.HARD_BOUNCE, SuppressionKind.COMPLAINT)):
            address = f"r{number}@example.org"
            tx.subscribers.suppress(address, "gone", kind=kind, cause=by_test(NOW))
        tx.subscribers.suppress("elsewhere@example.org", "known to nobody", cause=by_test(NOW))
        found = tx.feedback_figures.suppressed_readers()
    assert found == {"breaking": {SuppressionKind.HARD_BOUNCE: 1, SuppressionKind.COMPLAINT: 1}}
