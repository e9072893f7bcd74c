"""Paces: what each process last said of each relay."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syndicate.store.ledger.mail_flow import SendRate

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PACE = SendRate(
    owner="host:1:2:abc",
    relay="first",
    at=NOW,
    sessions=10,
    accepted=812,
    deferred=3,
    failed=1,
    per_second=402.5,
    note="",
)


def note(store, *paces):
    with store.write() as tx:
        for pace in paces:
            tx.heartbeats.save_rate(pace)


def recent(store, since=NOW):
    with store.read() as tx:
        return tx.heartbeats.recent_rates(since)


def test_the_last_word_of_each_process_about_each_relay_is_known(store):
    other = replace(PACE, relay="second", note="454 throttled until 12:04")
    theirs = replace(PACE, owner="host:7:8:def", accepted=40)
    newest = replace(PACE, at=NOW + SECOND, accepted=1214, per_second=0.25)
    note(store, PACE, other, theirs, newest)
    assert recent(store) == [newest, theirs, other]


def test_old_words_are_not_recent_and_forgotten_after_a_day(store):
    note(store, PACE)
    assert recent(store, NOW + SECOND) == []
    later = NOW + timedelta(days=1) + SECOND
    newer = replace(PACE, owner="host:7:8:def", at=later)
    note(store, newer)
    assert recent(store, NOW) == [newer]
