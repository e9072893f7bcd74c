"""Claims of several processes at once, and the indexes that they walk."""

import threading

import pytest
from sqlalchemy import event

from syndicate.model.deliveries import Claim, DeliveryTotals
from syndicate.store import Store
from syndicate.store.ledger import transitions
from tests.store.editions.test_control import pause
from tests.store.ledger.test_claims import intend, keys, numbers, settle
from tests.store.ledger.test_deliveries import NOW, claim, edition, readers

# several processes


def together(count, work):
    """Let threads, each with a store of its own, do the same at once; raise what they raise."""
    failed: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run(number):
        try:
            barrier.wait()
            work(number)
        except BaseException as error:  # noqa: BLE001 - a thread's end: raised below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_processes_that_drain_an_edition_together_serve_each_reader_once(store, store_url):
    with store.write() as tx:
        readers(tx, 120)
        key = edition(tx)
    served: list[int] = []

    def drain(number):
        mine, owner = Store.open(store_url), f"process {number}"
        waiting: list[Claim] = []
        while True:
            with mine.write() as tx:
                settle(tx, waiting)
                waiting = claim(tx, key, owner, limit=7)
                may_leave = intend(tx, waiting, owner)
            assert may_leave == keys(waiting)
            served.extend(numbers(waiting))
            if not waiting:
                break
        mine.close()

    together(3, drain)
    with store.read() as tx:
        assert tx.deliveries.totals(key) == DeliveryTotals(accepted=120)
    assert len(served) == len(set(served)) == 120


def test_of_two_who_hold_the_same_claims_one_may_send(store, store_url):
    """As when a process was thought dead: its rows are claimed anew, under the same name."""
    with store.write() as tx:
        readers(tx, 30)
        claims = claim(tx, edition(tx))
    may_leave: list[frozenset[tuple[int, int]]] = []

    def send(number):
        mine = Store.open(store_url)
        with mine.write() as tx:
            may_leave.append(intend(tx, claims[::-1] if number else claims))
        mine.close()

    together(2, send)
    assert sorted(map(len, may_leave)) == [0, 30]


def test_who_stops_an_edition_waits_for_the_intents_under_way(store, store_url):
    with store.write() as tx:
        readers(tx, 3)
        key = edition(tx)
        claims = claim(tx, key)
    begun = threading.Event()
    decisions = []

    def stop():
        mine = Store.open(store_url)
        begun.set()
        with mine.write() as tx:
            decisions.append(pause(tx, key))
        mine.close()

    thread = threading.Thread(target=stop)
    with store.write() as tx:
        assert intend(tx, claims[:2]) == keys(claims[:2])
        thread.start()
        begun.wait()
        thread.join(0.3)
        assert decisions == []
    thread.join()
    assert decisions[0].left.in_flight == 2
    with store.write() as tx:
        assert intend(tx, claims) == frozenset()
        assert settle(tx, claims) == keys(claims), "what is in flight gets its verdict"


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_rows_that_somebody_else_holds_are_passed_over(store):
    with store.write() as tx:
        readers(tx, 4)
        key = edition(tx)
    with store.write() as tx, store.write() as other:
        assert len(claim(tx, key, limit=3)) == 3
        assert len(claim(other, key, "you")) == 1
        assert claim(other, key, "you") == []


# a large ledger


@pytest.mark.parametrize("counted", [False, True], ids=["as it is", "after ANALYZE"])
def test_no_claim_walks_through_what_is_done_or_not_due(sqlite_store, counted):
    """However long a ledger is, a claim looks at what it takes."""
    plans: list[list[str]] = []

    def explain(_connection, cursor, said, values, _context, _many):
        if said.startswith("SELECT") and "deliveries" in said:
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {said}", values)
            plans.append([row[3] for row in plan if "deliveries" in row[3]])

    with sqlite_store.write() as tx:
        readers(tx, 300)
        key = edition(tx)
        if counted:
            tx._connection.exec_driver_sql("ANALYZE")
        event.listen(sqlite_store._engine, "before_cursor_execute", explain)
        claim(tx, key)
        tx.deliveries.open_editions(NOW)
    by_state = "deliveries USING {} ix_deliveries_state_edition_subscriber (state=? AND edition=?"
    by_time = "deliveries USING {} ix_deliveries_put_off (edition=? AND next_attempt_at<?)"
    new, put_off, open_ones = ([s.replace("COVERING INDEX", "INDEX") for s in p] for p in plans)
    assert new == [f"SEARCH {by_state.format('INDEX')} AND subscriber>?)"]
    assert put_off == [f"SEARCH {by_time.format('INDEX')}"]
    assert open_ones == [f"SEARCH {by_state.format('INDEX')})", f"SEARCH {by_time.format('INDEX')}"]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_postgresql_looks_rows_up_by_their_key_before_it_has_counted_them(store):
    """A ledger is new when it is worked through, and nobody has run ANALYZE yet."""
    with store.write() as tx:
        connection = tx._connection
        connection.exec_driver_sql(
            "INSERT INTO deliveries (edition, subscriber, state, attempt, code, reply, at) "
            "SELECT 1, n, 'queued', 0, 0, '', 0 FROM generate_series(1, 200000) AS n"
        )
        compiled = transitions.CLAIM._compile(connection.dialect)
        rows = {"row_edition": [1] * 250, "row_subscriber": [*range(250)], "row_attempt": [0] * 250}
        values = {**rows, "owner_name": "me", "lease_end": 0, "now": 0}
        plan = connection.exec_driver_sql(f"EXPLAIN {compiled.sql}", {**values, **compiled.named})
        steps = "\n".join(row[0] for row in plan)
    assert "using pk_deliveries" in steps
