"""The loop's corners: what must end, what must not be lost, and who must not be blamed."""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Self

import pytest
from sqlalchemy import create_engine, text

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop import reply_classifier
from syndicate.deliver.loop.domain_throttle import DomainThrottle
from syndicate.deliver.loop.ledger import BatchResult, ClaimRequest, Ledger, LedgerBatch
from syndicate.deliver.loop.relay_pool import RelayPool
from syndicate.deliver.loop.send_loop import SendLoop
from syndicate.deliver.loop.send_queue import SendQueue
from syndicate.deliver.loop.sessions import ActiveSession
from syndicate.deliver.loop.token_bucket import TokenBucket
from syndicate.deliver.message.dkim import BATCH_SIZE
from syndicate.deliver.message.prepared_editions import PreparedEditions
from syndicate.deliver.smtp.dialogue import SessionTerms
from syndicate.deliver.smtp.session import SmtpSession
from syndicate.deliver.smtp.transport import (
    Envelope,
    EnvelopeRefused,
    Event,
    MessageAnswered,
    ReadyForBody,
    SessionEnded,
    SmtpReply,
    TransportSession,
)
from syndicate.deliver.transports import configured_transports
from syndicate.deliver.worker import DeliveryReport, drain
from syndicate.errors import PermanentFailure, StoreError, StoreUnreachable, TemporaryFailure
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import Edition, EditionKind
from syndicate.model.relay_status import MailHold
from syndicate.store import Store
from tests.causes import TEST
from tests.deliver.editions import NOON, content, draft, freeze, links, readers, states, subscribe
from tests.deliver.mail_servers import RefusingServer, ScriptedServer
from tests.until import until

OK = b"250 2.0.0 ok\r\n"
ENOUGH = 60
"""Seconds after which a pass that should be over is one that hangs."""
NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def config(publication):
    def make(port: int, **mail: Any) -> Config:
        mail = {"from": "news@example.org", "host": "127.0.0.1", "port": port} | mail
        mail = {"transport": "smtp", "security": "none", "timeout": "3s"} | mail
        made: Config = publication(mail=mail)
        return made

    return make


def deliver(store: Store, config: Config) -> DeliveryReport:
    """Drain once; whatever hangs is stopped, and told."""
    stop = threading.Event()
    timer = threading.Timer(ENOUGH, stop.set)
    timer.start()
    try:
        way, signed = configured_transports(config), links(store, config)
        return drain(store, config, way, signed, at=NOON, stop=stop)
    finally:
        timer.cancel()
        assert not stop.is_set(), "it hung"


def spoil(store_url: str, *statements: str) -> None:
    """Make a database refuse something, as one that is broken does."""
    engine = create_engine(store_url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def sqlite_url(tmp_path):
    """The URL of `sqlite_store`."""
    return f"sqlite:///{tmp_path}/syndicate.db"


def ledger_of(store: Store) -> Ledger:
    return Ledger(store, name="here:1:1:x", at=NOON, sending_lease=timedelta(minutes=5))


def claim(store: Store, edition: int, *, excluded_domains: frozenset[str]) -> set[str]:
    """Return the addresses that are claimed."""
    request = ClaimRequest(edition=edition, limit=100, after=0, excluded_domains=excluded_domains)
    return {
        claim.email for claim in ledger_of(store).record(LedgerBatch(claim_request=request)).claims
    }


# what ends


def test_a_pass_ends_as_soon_as_nothing_is_left(store, config, monkeypatch):
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._POLL_INTERVAL", 60)
    subscribe(store, *readers(3))
    freeze(store)
    began = time.monotonic()
    with ScriptedServer() as server:
        assert deliver(store, config(server.port)).accepted == 3
    assert time.monotonic() - began < 50


def test_a_pass_ends_when_who_waits_for_a_limit_is_cancelled(sqlite_store, config):
    subscribe(sqlite_store, *readers(20))
    edition = freeze(sqlite_store)

    def cancel(_: str) -> bytes:
        with sqlite_store.write() as tx:
            tx.control.cancel(edition.key, cause=TEST, at=NOON)
        return OK

    with ScriptedServer(body=cancel) as server:
        limits = [{"domains": ["example.org"], "rate": "1/s"}]
        drained = deliver(sqlite_store, config(server.port, connections=1, limits=limits))

    assert drained.accepted == len(server.bodies)
    assert set(states(sqlite_store, edition.key)) == {DeliveryState.ACCEPTED, DeliveryState.SKIPPED}


# who is left out


def test_any_number_of_domains_may_be_held(store):
    subscribe(store, "ada@free.example", "bo@d1.example", "cy@d9999.example")
    edition = freeze(store)
    held = frozenset(f"d{number}.example" for number in range(40_000))

    claimed = claim(store, edition.key, excluded_domains=held)

    # of so many, some are left to the loop: it lets nothing through to them either
    assert {"ada@free.example"} <= claimed <= {"ada@free.example", "cy@d9999.example"}


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
        tx.subscribers.suppress("reader2@example.org", "left", at=NOON, cause=TEST)
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


def claim_and_add(send_queue: SendQueue, ledger: Ledger, request: ClaimRequest) -> BatchResult:
    result = ledger.record(LedgerBatch(claim_request=request))
    send_queue.add(request, result.claims, 0)
    return result


# a store that fails


def test_no_claim_is_kept_when_a_limit_can_not_be_asked_for(sqlite_store, sqlite_url, config):
    subscribe(sqlite_store, *readers(5))
    edition = freeze(sqlite_store)
    spoil(
        sqlite_url,
        "CREATE TRIGGER full BEFORE INSERT ON allowances BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    limits = [{"domains": ["example.org"], "rate": "5/s"}]
    with ScriptedServer() as server, pytest.raises(StoreError):
        deliver(sqlite_store, config(server.port, limits=limits))

    assert states(sqlite_store, edition.key) == {DeliveryState.QUEUED: 5}


def test_what_may_leave_does_when_the_next_edition_can_not_be_read(
    sqlite_store, sqlite_url, config
):
    subscribe(sqlite_store, *readers(20))
    first, second = freeze(sqlite_store), freeze(sqlite_store, draft(subject="Another"))
    damaged = (
        "SELECT key AS edition, 1 AS position, json('(' || key) AS address "
        f"FROM editions WHERE key = {second.key}"
    )
    spoil(
        sqlite_url,
        "ALTER TABLE edition_links RENAME TO lost",
        f"CREATE VIEW edition_links AS {damaged}",
    )

    with ScriptedServer("PIPELINING") as server, pytest.raises(StoreError):
        deliver(sqlite_store, config(server.port, connections=4))

    found = states(sqlite_store, first.key)
    assert set(found) <= {DeliveryState.ACCEPTED, DeliveryState.QUEUED}, (
        "what may leave has a verdict"
    )
    assert found[DeliveryState.ACCEPTED] == len(server.bodies)
    assert states(sqlite_store, second.key) == {DeliveryState.QUEUED: 20}


def test_what_may_leave_does_when_what_was_claimed_with_it_can_not_be_taken_in(
    sqlite_store, config, monkeypatch
):
    subscribe(sqlite_store, *readers(20))
    edition = freeze(sqlite_store)
    record, claim_and_add, leaving = Ledger.record, SendQueue.add, [0]

    def noted(ledger: Ledger, due: LedgerBatch) -> BatchResult:
        if due.intents:  # and something is wanted in the same round
            due.claim_request = ClaimRequest(
                edition=edition.key, limit=25, after=0, excluded_domains=NOBODY
            )
        result = record(ledger, due)
        leaving[0] = len(result.may_send)
        return result

    def fail(*told: Any) -> object:
        if leaving[0]:
            raise StoreUnreachable("gone")
        return claim_and_add(*told)

    monkeypatch.setattr(Ledger, "record", noted)
    monkeypatch.setattr(SendQueue, "add", fail)
    with ScriptedServer("PIPELINING") as server, pytest.raises(StoreUnreachable):
        deliver(sqlite_store, config(server.port, connections=4))

    found = states(sqlite_store, edition.key)
    assert set(found) <= {DeliveryState.ACCEPTED, DeliveryState.QUEUED}, (
        "what may leave has a verdict"
    )
    assert found[DeliveryState.ACCEPTED] == len(server.bodies)


def test_all_that_may_leave_does_when_who_is_next_can_not_be_asked_for(
    sqlite_store, config, monkeypatch
):
    subscribe(sqlite_store, *readers(20))
    edition = freeze(sqlite_store)
    send, record, rounds = SendLoop._send_bodies, Ledger.record, list[int]()

    def slowly(ledger: Ledger, due: LedgerBatch) -> BatchResult:
        time.sleep(0.02)  # so that several sessions are invited by the next round
        return record(ledger, due)

    def fail(*_: object, **__: object) -> None:
        raise StoreUnreachable("gone")

    def send_and_fail(engine: SendLoop, leaving: Sequence[ActiveSession], now: float) -> None:
        with monkeypatch.context() as failing:
            if len(leaving) > 1 and not rounds:
                rounds.append(len(leaving))
                failing.setattr(SendQueue, "pop", fail)
            send(engine, leaving, now)

    monkeypatch.setattr(Ledger, "record", slowly)
    monkeypatch.setattr(SendLoop, "_send_bodies", send_and_fail)
    with ScriptedServer("PIPELINING") as server, pytest.raises(StoreUnreachable):
        deliver(sqlite_store, config(server.port, connections=8))

    assert rounds
    found = states(sqlite_store, edition.key)
    assert set(found) <= {DeliveryState.ACCEPTED, DeliveryState.QUEUED}, (
        "what may leave has a verdict"
    )
    assert found[DeliveryState.ACCEPTED] == len(server.bodies) >= rounds[0]


def test_mail_goes_on_when_its_brake_fails(sqlite_store, sqlite_url, config):
    subscribe(sqlite_store, *readers(30))
    edition = freeze(sqlite_store)
    spoil(
        sqlite_url,
        "CREATE TRIGGER stuck BEFORE UPDATE ON editions BEGIN SELECT RAISE(ABORT, 'stuck'); END",
    )

    def refuse(line: str) -> bytes:
        return b"550 5.7.1 no\r\n" if "reader1" in line else OK

    with ScriptedServer("PIPELINING", rcpt=refuse) as server:
        drained = deliver(sqlite_store, config(server.port, pause_at=0.3, pause_after=5))

    assert (drained.accepted, drained.failed) == (19, 11)
    assert states(sqlite_store, edition.key) == {
        DeliveryState.ACCEPTED: 19,
        DeliveryState.FAILED: 11,
    }


def test_two_processes_that_find_out_the_same_addresses_never_wait_for_each_other(store, store_url):
    subscribe(store, *readers(200))
    together = threading.Barrier(2, timeout=60)
    done: list[int] = []

    def find_out(edition: Edition, step: int) -> None:
        mine = Store.open(store_url)
        ledger = ledger_of(mine)
        request = ClaimRequest(edition=edition.key, limit=200, after=0, excluded_domains=NOBODY)
        claims = ledger.record(LedgerBatch(claim_request=request)).claims
        ledger.record(LedgerBatch(intents=claims))
        unknown = PermanentFailure("550 5.1.1 no such reader", 550)
        verdicts = [
            reply_classifier.classify(unknown, claim, edition, NOON) for claim in claims[::step]
        ]
        together.wait()
        with mine.write() as tx:  # a deadlock is an error here
            done.append(len(ledger.settle(tx, verdicts, NOON)))
        mine.close()

    editions = freeze(store), freeze(store, draft(subject="Another"))
    threads = [
        threading.Thread(target=find_out, args=each) for each in zip(editions, (1, -1), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [200, 200]


def test_what_is_left_of_a_day_is_given_back_to_that_day(sqlite_store, monkeypatch):
    evening = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)
    morning = evening + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: evening)
    bucket = TokenBucket.for_day(sqlite_store, "relay:main", lambda _: 100)
    assert bucket.take(0)
    with sqlite_store.write() as tx:
        tx.quotas.take_daily("relay:main", 100, 100, at=morning)
    monkeypatch.setattr(clock, "now", lambda: morning)

    bucket.release()

    with sqlite_store.read() as tx:
        taken = [tx.quotas.taken_today("relay:main", at=day) for day in (evening, morning)]
    assert taken == [1, 100]


# who is blamed


@pytest.mark.parametrize("what", ["relay:127.0.0.1", "domain:example.org"])
def test_a_hold_said_anew_outlives_what_was_on_its_way(sqlite_store, config, what):
    """Its last hold is over, so that the next one taken would forget it."""
    subscribe(sqlite_store, *readers(5))
    freeze(sqlite_store)
    with sqlite_store.write() as tx:
        tx.holds.extend(what, reason="too much", at=datetime.now(UTC) - timedelta(minutes=10))
    refusal = b"454 4.7.0 slower\r\n" if what.startswith("relay") else b"451 4.7.1 slower\r\n"
    rcpt = RefusingServer(refusal, until_held=lambda: until(lambda: holds(sqlite_store)))
    with ScriptedServer(rcpt=rcpt) as server:
        deliver(sqlite_store, config(server.port, connections=3))

    assert rcpt.others.is_set()
    [hold] = holds(sqlite_store)
    assert (hold.what, hold.strikes) == (what, 2)


def holds(store: Store) -> list[MailHold]:
    with store.read() as tx:
        return tx.holds.current(datetime.now(UTC))


def test_a_relay_gets_nothing_more_once_it_asked_for_less(sqlite_store, config, monkeypatch):
    """Also where it took so long that a look is due, which knows nothing of its hold yet."""
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._POLL_INTERVAL", 0.05)
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._REFRESH_INTERVAL", 0.2)
    subscribe(sqlite_store, *readers(500))
    edition = freeze(sqlite_store)
    way = config(25, connections=1)
    drained = drain(
        sqlite_store, way, [AtOnce(way)], links(sqlite_store, way), at=NOON, stop=threading.Event()
    )

    assert (drained.accepted, drained.deferred) == (9, 1)
    assert states(sqlite_store, edition.key)[DeliveryState.QUEUED] == 490


class AtOnce:
    """A way out without a socket, which answers within the call; the tenth it puts off."""

    def __init__(self, config: Config) -> None:
        self.settings = config.mail.servers[0]
        self.offers = 0
        self._events: list[Event] = []
        self.exhausted, self.answered, self.body_sent, self.wants_write = False, 0, True, False

    def open(self) -> TransportSession:
        return self

    def arrived(self, message_id: str) -> bool | None:  # noqa: ARG002 - a relay's question
        return None

    def fileno(self) -> int:
        return -1

    def send_envelope(self, envelope: Envelope, size: int) -> None:  # noqa: ARG002 - as a session has it
        self.offers += 1
        if self.offers == 10:
            time.sleep(0.3)
            event: Event = EnvelopeRefused(TemporaryFailure("454 4.7.0 slower", 454))
        else:
            event = ReadyForBody()
        self._add(event)

    def send_body(self, *message: bytes, dot_free: bool = False) -> None:  # noqa: ARG002 - as above
        self._add(MessageAnswered(SmtpReply(250, "ok")))

    def poll(self, now: float, *, readable: bool = True) -> list[Event]:  # noqa: ARG002 - as above
        events, self._events, self.wants_write = self._events, [], False
        return events

    def close(self) -> None:
        pass

    def _add(self, event: Event) -> None:
        self._events.append(event)
        self.wants_write = True


def test_who_is_eased_and_held_in_one_round_is_held(store):
    ledger = ledger_of(store)
    ledger.record(LedgerBatch(holds={"domain:b.example": "slower"}, recovered=["domain:b.example"]))
    with store.read() as tx:
        assert [hold.what for hold in tx.holds.current(datetime.now(UTC))] == ["domain:b.example"]


def test_sessions_for_which_there_is_nothing_are_not_opened_again_and_again(sqlite_store, config):
    """One message in three seconds is for one session; the server waits 0.1 s for the others."""
    subscribe(sqlite_store, *readers(2))
    freeze(sqlite_store)

    with Impatient() as server:
        drained = deliver(sqlite_store, config(server.port, connections=3, rate="20/m"))

    assert (drained.accepted, drained.unavailable) == (2, ())
    assert server.connections < 10


def test_no_session_is_opened_with_a_relay_whose_rate_is_used_up(sqlite_store, config):
    relays = RelayPool(configured_transports(config(25, connections=4, rate="1/m")), sqlite_store)
    assert len(list(relays.to_connect(4, relays.relays, 0))) == 4
    assert relays.relays[0].take_token(0)
    assert not relays.relays[0].take_token(0)
    assert list(relays.to_connect(4, relays.relays, 0)) == []


class Impatient:
    """A mail server that closes a session in which nothing is said for 0.1 seconds.

    But not while a message may come, soon or late, as the client is on a loaded machine.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self._taken_at = -inf

    @property
    def _nothing_can_come(self) -> bool:
        return time.monotonic() - self._taken_at < 2

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 mx\r\n")
            while self._speaks(connection) and (line := lines.readline()):
                connection.sendall(b"354 go on\r\n" if line == b"DATA\r\n" else OK)
                if line == b"DATA\r\n":
                    while lines.readline() != b".\r\n":
                        pass
                    self._taken_at = time.monotonic()
                    connection.sendall(OK)
            connection.sendall(b"421 4.4.2 timeout exceeded\r\n")

    def _speaks(self, connection: socket.socket) -> bool:
        """Wait until the client says something, or for as long as it may be silent."""
        while not select.select([connection], [], [], 0.1)[0]:
            if self._nothing_can_come:
                return False
        return True


def test_a_refusal_counts_though_the_connection_breaks_while_we_write():
    """The server refuses a body at its beginning, and closes with the rest of it unread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs = listener.accept()[0]
    terms = SessionTerms(
        server="mx:25", extensions=frozenset({"pipelining"}), timeout=3, max_messages=9
    )
    session = SmtpSession(ours, terms)
    ada = Envelope(sender="news@example.org", recipient="ada@example.org", message_id="<1.1@y>")
    body = b"Subject: x\r\n\r\n" + (b"z" * 78 + b"\r\n") * 200_000
    session.send_envelope(ada, len(body))
    session.poll(0)
    theirs.sendall(b"250 a\r\n250 b\r\n354 c\r\n")
    select.select([ours], [], [], 30)
    assert session.poll(0) == [ReadyForBody()]
    session.send_body(body)
    assert session.poll(0) == []
    assert session.wants_write

    theirs.sendall(b"552 5.3.4 too big\r\n")
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    broken = select.poll()
    broken.register(ours, 0)  # that it broke is told in any case
    assert broken.poll(30_000)

    answered, ended = session.poll(0)
    assert isinstance(answered, MessageAnswered)
    assert answered.reply == SmtpReply(552, "5.3.4 too big")
    assert isinstance(answered.error, PermanentFailure)
    assert isinstance(ended, SessionEnded)
    session.close()
