"""Holds: who wants no mail for a while is left alone, by every process, for longer each time."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.store import Store
from syndicate.store.ledger.mail_flow import MailHold

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
RELAY = "relay:first"


def put(store, what=RELAY, *, at=NOW, reason="421 too busy"):
    with store.write() as tx:
        return tx.holds.extend(what, reason=reason, at=at)


def current(store, at=NOW):
    with store.read() as tx:
        return tx.holds.current(at)


def test_who_asks_for_it_is_left_alone_for_a_minute(store):
    hold = put(store)
    assert hold == MailHold(
        what=RELAY, until=NOW + MINUTE, strikes=1, reason="421 too busy", since=NOW
    )
    assert current(store) == [hold]
    assert current(store, NOW + MINUTE - SECOND) == [hold]
    assert current(store, NOW + MINUTE) == []


def test_an_acceptance_lifts_no_hold_that_came_later(store):
    hold = put(store)
    with store.write() as tx:
        tx.holds.lift(RELAY, over_by=hold.until - SECOND)
        assert tx.holds.current(NOW) == [hold]
        tx.holds.lift(RELAY, over_by=hold.until)
        assert tx.holds.current(NOW) == []


def test_each_time_in_a_row_it_is_for_longer(store):
    at, lengths = NOW, []
    for _ in range(8):
        hold = put(store, at=at)
        lengths.append((hold.until - at) // MINUTE)
        at = hold.until
    assert lengths == [1, 2, 4, 8, 16, 30, 30, 30]
    assert hold.strikes == 8
    assert hold.since == NOW, "since the first time"


def test_what_is_said_while_it_is_on_changes_nothing(store):
    hold = put(store)
    assert put(store, at=NOW + 30 * SECOND, reason="again") == hold
    assert current(store, NOW + 30 * SECOND) == [hold]


def test_who_takes_mail_again_begins_anew(store):
    put(store)
    put(store, at=NOW + MINUTE)
    with store.write() as tx:
        tx.holds.lift(RELAY)
        tx.holds.lift("domain:never-held.example")
    assert current(store, NOW + MINUTE) == []
    assert put(store, at=NOW + 2 * MINUTE).strikes == 1


def test_what_was_said_yesterday_does_not_count(store):
    put(store)
    put(store, "domain:gmail.com", at=NOW + 23 * 60 * MINUTE)
    later = NOW + timedelta(days=1, minutes=2)
    assert put(store, at=later).strikes == 1
    assert put(store, "domain:gmail.com", at=later).strikes == 2


def test_each_is_held_by_itself(store):
    relay, domain = put(store), put(store, "domain:gmail.com")
    assert current(store) == [domain, relay]


@pytest.mark.parametrize("begun", [False, True], ids=["for the first time", "again"])
def test_many_who_hear_it_at_once_count_it_once(store, store_url, begun):
    at = NOW
    if begun:
        at = put(store).until
    together = threading.Barrier(4)
    heard: list[MailHold] = []

    def hear() -> None:
        mine = Store.open(store_url)
        together.wait()
        heard.append(put(mine, at=at))
        mine.close()

    threads = [threading.Thread(target=hear) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {hold.strikes for hold in heard} == {2 if begun else 1}
    assert len(heard) == 4
