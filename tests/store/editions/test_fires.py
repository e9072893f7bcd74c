"""Fires in the store: each slot is dealt with by one."""

from datetime import UTC, datetime, timedelta

from syndicate.model.schedule_slots import FireOutcome
from syndicate.store.editions.fires import Fire

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def fire(slot="12:00", outcome=FireOutcome.SKIPPED, *, due_at=NOW, reason="0 new"):
    return Fire(
        schedule="news", slot=slot, due_at=due_at, outcome=outcome, reason=reason, node="n", at=NOW
    )


def test_a_slot_is_recorded_once(store):
    with store.write() as tx:
        assert tx.fires.record(fire())
        assert not tx.fires.record(fire(outcome=FireOutcome.EDITION))
        assert [fire.outcome for fire in tx.fires.recent("news")] == [FireOutcome.SKIPPED]


def test_a_failed_slot_stays_open_until_it_succeeds(store):
    with store.write() as tx:
        assert tx.fires.record(fire(outcome=FireOutcome.FAILED, reason="digest.mjml:31"))
        assert tx.fires.last("news", NOW) is None
        assert tx.fires.record(fire(outcome=FireOutcome.FAILED, reason="digest.mjml:32"))
        assert tx.fires.record(fire(outcome=FireOutcome.EDITION, reason="edition 1, 2 articles"))
        assert tx.fires.last("news", NOW) == NOW
        assert str(tx.fires.recent("news")[0]) == "edition 1, 2 articles"


def test_a_missed_slot_that_is_recorded_already_stands(store):
    with store.write() as tx:
        tx.fires.record(fire(outcome=FireOutcome.FAILED, reason="why"))
        later = fire("13:00", due_at=NOW + timedelta(hours=1), reason="covered")
        assert not tx.fires.record_missed(fire(reason="covered"))
        assert tx.fires.record_missed(later)
        assert [str(fire) for fire in tx.fires.recent("news")] == [
            "skipped: covered",
            "failed: why",
        ]


def test_a_slot_that_is_still_to_come_is_not_the_last_one(store):
    later = NOW + timedelta(days=365)
    with store.write() as tx:
        tx.fires.record(fire())
        tx.fires.record(fire("2027", due_at=later))
        assert tx.fires.last("news", NOW) == NOW
        assert tx.fires.last("news", later) == later


def test_the_newest_slot_is_read_as_the_recent_ones_are(store):
    with store.write() as tx:
        tx.fires.record(fire())
        assert [tx.fires.newest("news", NOW)] == tx.fires.recent("news") == [fire()]


def since(tx, fingerprint, at, *, now=NOW):
    return tx.schedules.first_seen("news", fingerprint, at, newsletter="news", now=now)


def test_a_schedule_whose_timing_changed_begins_at_the_change(store):
    later = NOW + timedelta(hours=1)
    with store.write() as tx:
        assert since(tx, "every 600s", NOW) == NOW
        assert since(tx, "every 600s", later) == NOW
        assert since(tx, "every 60s", later, now=later) == later
        assert since(tx, "every 60s", later + timedelta(hours=1)) == later


def test_a_timing_first_seen_in_a_trial_of_the_future_begins_when_it_is_seen_for_real(store):
    later = NOW + timedelta(days=365)
    with store.write() as tx:
        assert since(tx, "every 600s", later) == later
        assert since(tx, "every 600s", NOW) == NOW
        assert since(tx, "every 600s", NOW - timedelta(days=7)) == NOW
