"""The loop's corners: what must end, what must not be lost, and who must not be blamed."""

import contextlib
import select
import socket
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Self

import pytest

from syndicate.config import Config
from syndicate.deliver.loop.ledger import LedgerBatch
from syndicate.deliver.loop.relay_pool import RelayPool
from syndicate.deliver.loop.throttling import TokenBucket
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
from syndicate.deliver.worker import configured_transports, drain
from syndicate.errors import PermanentFailure, TemporaryFailure
from syndicate.model.deliveries import DeliveryState
from syndicate.store import Store
from syndicate.store.ledger.mail_flow import MailHold
from tests.causes import by_test
from tests.deliver.editions import NOON, freeze, links, readers, states, subscribe
from tests.deliver.loop.queues import OK, deliver, ledger_of
from tests.deliver.mail_servers import RefusingServer, ScriptedServer
from tests.until import until


@pytest.fixture
def config(publication):
    def make(port: int, **mail: Any) -> Config:
        mail = {"from": "news@example.org", "host": "127.0.0.1", "port": port} | mail
        mail = {"transport": "smtp", "security": "none"} | mail
        made: Config = publication(mail=mail)
        return made

    return make


# what ends


@pytest.mark.neighbours
def test_a_pass_ends_as_soon_as_nothing_is_left(store, config, monkeypatch):
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._POLL_INTERVAL", 60)
    subscribe(store, *readers(3))
    freeze(store)
    began = time.monotonic()
    with ScriptedServer() as server:
        assert deliver(store, config(server.port)).accepted == 3
    assert time.monotonic() - began < 50


@pytest.mark.neighbours
def test_a_pass_ends_when_who_waits_for_a_limit_is_cancelled(sqlite_store, config):
    subscribe(sqlite_store, *readers(20))
    edition = freeze(sqlite_store)

    def cancel(_: str) -> bytes:
        with sqlite_store.write() as tx:
            tx.control.cancel(edition.key, cause=by_test(NOON))
        return OK

    with ScriptedServer(body=cancel) as server:
        limits = [{"domains": ["example.org"], "rate": "1/s"}]
        drained = deliver(sqlite_store, config(server.port, connections=1, limits=limits))

    assert drained.accepted == len(server.bodies)
    assert set(states(sqlite_store, edition.key)) == {DeliveryState.ACCEPTED, DeliveryState.SKIPPED}


# who is blamed


@pytest.mark.neighbours
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


@pytest.mark.neighbours
def test_sessions_for_which_there_is_nothing_are_not_opened_again_and_again(sqlite_store, config):
    """One message in three seconds is for one session; the server hardly waits for the others."""
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


def test_a_token_is_put_back_where_another_limit_has_none(sqlite_store, config):
    [relay] = RelayPool(configured_transports(config(25, rate="1/m")), sqlite_store).relays
    relay.buckets.append(TokenBucket(sqlite_store, "relay:full", lambda _: 0))
    assert not relay.take_token(0)

    relay.buckets.pop()
    assert relay.take_token(0)


class Impatient:
    """A mail server that closes a session in which nothing is said for 0.03 seconds.

    But only within a second of a message: the next may come two seconds later, and here that is
    two seconds earlier or later on a loaded machine.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self._taken_at = -inf

    @property
    def _nothing_can_come(self) -> bool:
        return time.monotonic() - self._taken_at < 1

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
        while not select.select([connection], [], [], 0.03)[0]:
            if self._nothing_can_come:
                return False
        return True


@pytest.mark.neighbours
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
