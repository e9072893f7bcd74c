"""What is in the way of mail, and how far it is, as the store tells any process."""

import itertools
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.config import Rate
from syndicate.deliver.worker import configured_transports
from syndicate.model.deliveries import DeliveryState, DeliveryTotals
from syndicate.schedule import progress_report
from syndicate.schedule.mail_status import BlockerKind, MailStatus, find_stall
from syndicate.schedule.progress_report import ProgressReporter, ProgressWatcher
from syndicate.store.ledger.deliveries import Deliveries
from syndicate.store.ledger.mail_flow import SendRate
from tests.causes import by_test
from tests.deliver.editions import drain_ledger, freeze, readers, rows, subscribe
from tests.deliver.mail_servers import ScriptedServer
from tests.ports import free_port
from tests.until import TIMEOUT, until

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LIMIT = {"domains": ["gmail.com", "googlemail.com"], "rate": "20/s"}
RELAYS = [
    {"name": "main", "host": "a.example", "rate": "50/s"},
    {"name": "new", "host": "b.example", "warm_up": [40], "warm_up_from": "2026-11-25"},
]


@pytest.fixture
def config(publication):
    def make(**mail):
        return publication(mail={"transport": "smtp", "from": "news@example.org"} | mail)

    return make


def pace(relay, at=NOW, *, owner="host/1:7:1:a", **changes):
    numbers = {"sessions": 4, "accepted": 90, "deferred": 9, "failed": 1, "per_second": 30.0}
    return SendRate(owner=owner, relay=relay, at=at, **(numbers | {"note": ""} | changes))


def read(store, config, at=NOW):
    with store.read() as tx:
        return MailStatus.read(tx, config, at)


def test_processes_that_are_at_work_with_a_relay_are_added_up(store, config):
    with store.write() as tx:
        tx.heartbeats.save_rate(pace("main"))
        tx.heartbeats.save_rate(pace("main", owner="host/1:8:1:b", accepted=10, per_second=2.5))
        tx.heartbeats.save_rate(pace("main", NOW - 5 * SECOND, owner="host/1:9:1:c"))
    main, new = read(store, config(relays=RELAYS)).relays
    assert (main.sessions, main.per_second, main.accepted, main.deferred) == (8, 32.5, 100, 18)
    assert (new.sessions, new.per_second, new.accepted, new.blocker) == (0, 0, 0, None)


def test_of_two_passes_of_one_process_the_last_word_counts(store, config):
    with store.write() as tx:
        tx.heartbeats.save_rate(pace("main", NOW - SECOND, owner="host/1:7:1:a"))
        tx.heartbeats.save_rate(pace("main", owner="host/1:7:1:b", sessions=1))
    assert read(store, config(relays=RELAYS)).relays[0].sessions == 1


def test_who_asked_for_less_is_named_with_all_their_domains_until_they_take_mail(store, config):
    with store.write() as tx:
        tx.holds.extend("domain:gmail.com", reason="421 4.7.28 too fast", at=NOW)
        tx.holds.extend("domain:example.org", reason="450 4.7.1 not now", at=NOW)
        tx.holds.extend("relay:main", reason="454 throttled", at=NOW)
    given = config(relays=RELAYS, limits=[LIMIT])
    found = {one.relay or one.domains: one for one in read(store, given, NOW + SECOND).blockers}
    assert found.keys() == {"main", ("gmail.com", "googlemail.com"), ("example.org",)}
    assert {one.kind for one in found.values()} == {BlockerKind.HOLD}
    assert {one.until for one in found.values()} == {NOW + MINUTE}
    assert found["main"].reason == "454 throttled"
    assert not read(store, given, NOW + MINUTE).blockers


def test_a_rate_is_in_the_way_only_while_it_is_used_up(store, config):
    given = config(relays=RELAYS, limits=[LIMIT])
    with store.write() as tx:
        tx.quotas.take("relay:main", Rate.parse("50/s"), 20, at=NOW)
        tx.quotas.take("domain:gmail.com", Rate.parse("20/s"), 20, at=NOW)
    [one] = read(store, given).blockers
    assert (one.kind, one.domains, one.reason) == (
        BlockerKind.RATE,
        tuple(LIMIT["domains"]),
        "20/s",
    )
    with store.write() as tx:
        tx.quotas.take("relay:main", Rate.parse("50/s"), 50, at=NOW)
    assert [one.relay for one in read(store, given).blockers] == ["main", ""]
    assert not read(store, given, NOW + SECOND).blockers


def test_a_relay_that_had_its_number_waits_for_midnight(store, config):
    given = config(relays=RELAYS)
    with store.write() as tx:
        assert tx.quotas.take_daily("relay:new", 40, 30, at=NOW) == 30
    _, new = read(store, given).relays
    assert (new.quota_used, new.quota, new.blocker) == (30, 40, None)
    with store.write() as tx:
        tx.quotas.take_daily("relay:new", 40, 30, at=NOW)
    [one] = read(store, given).blockers
    assert (one.kind, one.relay, one.reason) == (BlockerKind.WARM_UP, "new", "40")
    assert one.until == datetime(2026, 11, 26, tzinfo=UTC)
    assert not read(store, given, one.until).blockers


@pytest.mark.neighbours
def test_a_relay_that_can_not_be_reached_is_in_the_way_until_it_is(store, config):
    subscribe(store, *readers(3))
    freeze(store)
    port = free_port()
    given = config(host="127.0.0.1", port=port, security="none")
    drain_ledger(store, given, configured_transports(given))
    [one] = read(store, given, clock.now()).blockers
    assert (one.kind, one.relay) == (BlockerKind.OUT, "127.0.0.1")
    assert "nothing listens there" in one.reason
    with store.write() as tx:
        tx.heartbeats.save_rate(pace("127.0.0.1", clock.now()))
    assert not read(store, given, clock.now()).blockers


def test_mail_has_stalled_unless_all_of_it_waits_for_a_domain_that_takes_none(store, config):
    given, at = config(), NOW + 10 * MINUTE
    with store.write() as tx:
        tx.holds.extend("domain:gmail.com", reason="421 too fast", at=at)
    for address, stalled in (("ada@gmail.com", False), ("bo@example.org", True)):
        subscribe(store, address)
        freeze(store)
        with store.read() as tx:
            assert bool(find_stall(tx, given, at)) is stalled


def test_where_nothing_else_is_in_the_way_somebody_has_to_deliver(store, config):
    given = config(relays=RELAYS)
    subscribe(store)
    edition = freeze(store)
    queued, deferred = (
        [(edition, DeliveryTotals(queued=1))],
        [(edition, DeliveryTotals(deferred=1))],
    )
    [one] = read(store, given).edition_blockers(queued)
    assert one.kind is BlockerKind.NOBODY
    assert not read(store, given).edition_blockers(deferred)
    with store.write() as tx:
        tx.heartbeats.save_rate(pace("main", NOW - MINUTE))
    assert not read(store, given).edition_blockers(queued)
    assert read(store, given, NOW + MINUTE).edition_blockers(queued)


# how far it is


def accepted(seen):
    """Return how many messages of each edition each look has seen accepted."""
    return [one.totals.accepted for view in seen for one in view.editions]


@pytest.mark.neighbours
def test_a_delivery_is_seen_from_outside_with_its_speed_and_its_end(store, config):
    subscribe(store, *readers(24))
    edition = freeze(store)

    bodies, session_seen = itertools.count(1), threading.Event()

    def body(_):
        time.sleep(0.05)
        number = next(bodies)
        if number in {5, 10}:
            until(lambda: number - 1 in accepted(seen))
        if number == 20:
            session_seen.wait(TIMEOUT)
        return b"250 2.0.0 ok\r\n"

    with ScriptedServer(body=body) as server:
        given = config(host="127.0.0.1", port=server.port, security="none", connections=1)
        drain = threading.Thread(
            target=drain_ledger, args=(store, given, configured_transports(given))
        )
        watcher, seen = ProgressWatcher(store, given), []
        drain.start()
        while drain.is_alive():
            seen.append(watcher.poll(clock.now()))
            if any(relay.sessions for relay in seen[-1].mail_status.relays):
                session_seen.set()
            time.sleep(0.2)
        drain.join()

        def over():
            seen.append(watcher.poll(clock.now()))  # it may have counted a moment ago
            return seen[-1].editions[0].left is None

        until(over)
    assert accepted(seen) == sorted(accepted(seen))
    assert {4, 9, 24} <= set(accepted(seen)), "it was seen to grow"
    # on a loaded machine it may be slow, and never faster than the server
    assert any(0.1 < one.per_second < 30 for view in seen for one in view.editions)
    assert max(way.sessions for view in seen for way in view.mail_status.relays) == 1
    assert max(way.per_second for view in seen for way in view.mail_status.relays) > 0.1
    [last] = seen[-1].editions
    assert (last.edition.key, last.totals, last.left) == (
        edition.key,
        DeliveryTotals(accepted=24),
        None,
    )


def test_only_what_is_under_way_is_looked_at(store, config):
    subscribe(store, *readers(2))
    over, going = freeze(store), freeze(store)
    given = config()
    with store.write() as tx:
        tx.control.cancel(over.key, cause=by_test(NOW))
        while tx.control.sweep(NOW):
            pass
    assert [one.edition.key for one in ProgressWatcher(store, given).poll(NOW).editions] == [
        going.key
    ]
    [named] = ProgressWatcher(store, given, only=over.key).poll(NOW).editions
    assert named.totals == DeliveryTotals(skipped=2)
    assert {row.state for row in rows(store, going.key).values()} == {DeliveryState.QUEUED}


def test_counting_takes_no_more_than_its_share_of_the_time(store, config, monkeypatch):
    subscribe(store, *readers(2))
    freeze(store)
    watcher = ProgressWatcher(store, config())
    counted = []
    totals = Deliveries.totals

    now = 0.0

    def slowly(self, edition):
        nonlocal now
        counted.append(now)
        now += 0.1
        return totals(self, edition)

    monkeypatch.setattr(Deliveries, "totals", slowly)
    monkeypatch.setattr(progress_report, "time", SimpleNamespace(monotonic=lambda: now))
    for tenth in range(30):
        now = max(now, tenth / 10)
        watcher.poll(clock.now())
    assert len(counted) == 3
    assert min(after - before for before, after in pairwise(counted)) > 1


@pytest.mark.neighbours
def test_progress_is_logged_only_while_this_process_delivers(store, config):
    subscribe(store, *readers(20))
    freeze(store)
    reporters: list[ProgressReporter] = []
    bodies = itertools.count(1)

    def is_told():
        reporters[0].log_progress()
        return any(event["event"] == "sending" for event in logs)

    def body(_):
        time.sleep(0.03)
        if next(bodies) < 19:
            reporters[0].log_progress()
        else:
            until(is_told)  # who counts slowly, on a loaded machine, counts seldom
        return b"250 2.0.0 ok\r\n"

    with ScriptedServer(body=body) as server, capture_logs() as logs:
        given = config(host="127.0.0.1", port=server.port, security="none", connections=1)
        reporters.append(ProgressReporter(store, given))
        reporters[0].log_progress()
        assert not logs
        with reporters[0].enabled():
            drain_ledger(store, given, configured_transports(given))
        told = [event for event in logs if event["event"] == "sending"]
        reporters[0].log_progress()
    assert told
    assert {(event["edition"], event["of"]) for event in told} == {(1, 20)}
    assert len({event["accepted"] for event in told}) == len(told), "nothing is told twice"
    assert all(event["per_second"] > 0 for event in told)
    assert [event for event in logs if event["event"] == "sending"] == told
