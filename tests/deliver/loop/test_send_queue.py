"""Who is claimed for the sessions, and in which order."""

from datetime import timedelta
from typing import Any

import pytest

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop.ledger import Ledger
from syndicate.deliver.loop.send_queue import SendQueue
from syndicate.deliver.loop.throttling import DomainThrottle
from syndicate.deliver.message.dkim import BATCH_SIZE
from syndicate.deliver.message.outgoing_message import PreparedEditions
from syndicate.model.editions import EditionKind
from syndicate.store import Store
from tests.causes import by_test
from tests.deliver.editions import NOON, content, draft, freeze, links, readers, subscribe
from tests.deliver.loop.queues import claim, claim_and_add, deliver, ledger_of
from tests.deliver.mail_servers import ScriptedServer


@pytest.fixture
def config(publication):
    def make(port: int, **mail: Any) -> Config:
        mail = {"from": "news@example.org", "host": "127.0.0.1", "port": port} | mail
        mail = {"transport": "smtp", "security": "none"} | mail
        made: Config = publication(mail=mail)
        return made

    return make


@pytest.mark.sql
def test_any_number_of_domains_may_be_held(store):
    subscribe(store, "ada@free.example", "bo@d1.example", "cy@d9999.example")
    edition = freeze(store)
    held = frozenset(f"d{number}.example" for number in range(40_000))

    claimed = claim(store, edition.key, excluded_domains=held)

    # of so many, some are left to the loop: it lets nothing through to them either
    assert {"ada@free.example"} <= claimed <= {"ada@free.example", "cy@d9999.example"}


@pytest.mark.sql
def test_only_who_is_at_a_held_domain_itself_is_left_out(store):
    held = ["bo@a_b.example", '"c@d"@a_b.example', "D@A_B.example"]
    others = ["ada@axb.example", "ed@mail.a_b.example", "flo@x-a_b.example"]
    subscribe(store, *held, *others)
    edition = freeze(store)

    assert claim(store, edition.key, excluded_domains=frozenset({"a_b.example"})) == set(others)


def test_who_left_does_not_send_the_search_back_to_its_start(sqlite_store, config):
    subscribe(sqlite_store, *readers(60))
    edition = freeze(sqlite_store)
    with sqlite_store.write() as tx:
        tx.subscribers.suppress("reader2@example.org", "left", cause=by_test(NOON))
    send_queue, ledger = queue_and_ledger(sqlite_store, config(25))
    first = send_queue.claim_request(20, 0)
    assert first is not None

    claims = claim_and_add(send_queue, ledger, first).claims

    assert len(claims) == first.limit - 1
    following = send_queue.claim_request(20, 0)
    assert following is not None
    assert (following.edition, following.after) == (edition.key, claims[-1].subscriber)
    send_queue.close()


@pytest.mark.parametrize("refused", [True, False], ids=["refused by a relay", "taken by all"])
def test_who_comes_next_is_claimed_for_a_relay_that_refuses_the_first(
    sqlite_store, config, refused
):
    subscribe(sqlite_store, *readers(60))
    first, second = freeze(sqlite_store), freeze(sqlite_store, draft(subject="Another"))
    send_queue, ledger = queue_and_ledger(sqlite_store, config(25))
    request = send_queue.claim_request(2, 0)
    assert request is not None
    assert request.edition == first.key
    claim_and_add(send_queue, ledger, request)

    view = ledger.view(send_queue.claimed_editions)
    send_queue.update(view, 0, blocked=[], refused=[first.key] if refused else [])

    request = send_queue.claim_request(2, 0)
    assert (request and request.edition) == (second.key if refused else None)
    send_queue.close()


@pytest.mark.neighbours
def test_letters_that_have_to_wait_hold_up_nobody(sqlite_store, config):
    """Each is a claim of its own that gives nothing, and there are many of them."""
    subscribe(sqlite_store, *(f"r{number}@held.example" for number in range(70)), "ada@b.example")
    now = clock.now()
    with sqlite_store.write() as tx:
        for to in range(1, 72):
            later = now + timedelta(days=1)
            tx.editions.add_letter(content(), to=to, created_at=NOON, expires_at=later)
        tx.holds.extend("domain:held.example", reason="451 4.7.1 too much", at=now)
    with ScriptedServer() as server:
        assert deliver(sqlite_store, config(server.port)).accepted == 1


def test_a_letter_is_asked_for_once(sqlite_store, config):
    subscribe(sqlite_store, *readers(1))
    freeze(sqlite_store, draft(EditionKind.LETTER))
    send_queue, ledger = queue_and_ledger(sqlite_store, config(25))
    request = send_queue.claim_request(20, 0)
    assert request is not None

    assert len(claim_and_add(send_queue, ledger, request).claims) == 1
    assert send_queue.claim_request(20, 0) is None
    send_queue.close()


def test_as_many_are_claimed_as_leave_within_two_seconds(sqlite_store, config):
    subscribe(sqlite_store, *readers(400))
    freeze(sqlite_store)
    send_queue, ledger = queue_and_ledger(sqlite_store, config(25))

    def limit(now: float) -> int:
        send_queue.update(ledger.view(send_queue.claimed_editions), now, blocked=[], refused=[])
        request = send_queue.claim_request(400, now)
        assert request is not None
        claim_and_add(send_queue, ledger, request)
        return request.limit

    limits = [limit(1)]
    for now, count in ((2, 20), (2.5, 25), (2.6, 25), (4.6, 10)):
        assert all(send_queue.pop(now, refused=()) for _ in range(count))
        limits.append(limit(now))

    assert limits == [25, 40, 100, 250, 25]
    send_queue.close()


def test_copies_are_written_before_their_turn_and_leave_in_it(sqlite_store, config):
    subscribe(sqlite_store, *readers(20))
    freeze(sqlite_store)
    send_queue, ledger = queue_and_ledger(sqlite_store, config(25))
    send_queue.prepare(3)  # of none, none
    request = send_queue.claim_request(20, 0)
    assert request is not None
    claims = claim_and_add(send_queue, ledger, request).claims

    send_queue.prepare(3)  # as many as are signed together, though
    [queue] = send_queue._queues.values()
    assert [copy.rendered for copy in queue] == [True] * BATCH_SIZE + [False] * (20 - BATCH_SIZE)
    send_queue.prepare(BATCH_SIZE)  # they are there
    assert sum(copy.rendered for copy in queue) == BATCH_SIZE
    send_queue.prepare(BATCH_SIZE + 1)
    assert sum(copy.rendered for copy in queue) == 2 * BATCH_SIZE
    messages = [send_queue.pop(0, refused=()) for _ in claims]
    assert [copy.claim for copy in messages if copy] == claims
    send_queue.close()


def queue_and_ledger(store: Store, config: Config) -> tuple[SendQueue, Ledger]:
    """Return a queue that has a view of the ledger, and the ledger."""
    ledger, throttle = ledger_of(store), DomainThrottle(store, config.mail.limits)
    prepared = PreparedEditions(store, config)
    send_queue = SendQueue(ledger, prepared, links(store, config), throttle, only=())
    send_queue.update(ledger.view([]), 0, blocked=[], refused=[])
    return send_queue, ledger
