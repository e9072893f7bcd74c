"""A session on a real socket: dropped at every byte, slow, stuck, encrypted, out of turn."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from syndicate.config import MailSettings
from syndicate.deliver.sample_mail import send_envelope, send_message
from syndicate.deliver.smtp.dialogue import SessionTerms
from syndicate.deliver.smtp.session import SmtpSession
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.deliver.smtp.transport import Envelope, MessageAnswered, ReadyForBody, SessionEnded
from syndicate.errors import DeliveryError, PermanentFailure, TemporaryFailure
from tests.deliver.mail_servers import ScriptedServer, certificate, real_server

ADA = Envelope(sender="news@example.org", recipient="ada@example.org", message_id="<1.1.x@y>")
BO = Envelope(sender="news@example.org", recipient="bo@example.org", message_id="<1.2.x@y>")
BODY = b"Subject: x\r\n\r\nend\r\n"
LARGE = b"Subject: x\r\n\r\n" + b"y" * 78 + b"\r\n" + (b"z" * 900 + b"\r\n") * 5_800
"""More than any buffer on its way takes at once; few lines, as a server in Python reads them."""
ALL = frozenset({"pipelining", "size"})
PIECE = 512 * 1024
Pair = tuple[SmtpSession, socket.socket]


@pytest.fixture
def pair() -> Iterator[Callable[..., Pair]]:
    """A factory of sessions that were opened, each with the server's end of its connection."""
    with contextlib.ExitStack() as stack:

        def make(extensions: frozenset[str] = ALL, timeout: float = 1.0) -> Pair:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            ours = socket.create_connection(listener.getsockname())
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            theirs = stack.enter_context(listener.accept()[0])
            theirs.settimeout(30)
            terms = SessionTerms(
                server="mx:25", extensions=extensions, timeout=timeout, max_messages=9
            )
            session = SmtpSession(ours, terms)
            stack.callback(session.close)
            return session, theirs

        yield make


def drive(session: SmtpSession, kind: type, seconds: float = 30.0) -> list[Any]:
    """Let a session go on until an event of a kind; return all that came.

    Its own clock stands still: what takes long here is a loaded machine.
    """
    events: list[Any] = []
    now = time.monotonic()
    while time.monotonic() < now + seconds:
        events += session.poll(now)
        if any(isinstance(event, kind) for event in events):
            return events
        time.sleep(0.001)
    raise AssertionError(f"no {kind.__name__} in {events}")


def readable(session: SmtpSession) -> None:
    """Wait until what was said to a session has come."""
    assert select.select([session], [], [], 30)[0]


def invited(session: SmtpSession, theirs: socket.socket) -> None:
    """Bring a session to where a body is awaited."""
    session.send_envelope(ADA, len(BODY))
    session.poll(time.monotonic())
    theirs.sendall(b"250 a\r\n250 b\r\n354 c\r\n")
    assert drive(session, ReadyForBody) == [ReadyForBody()]
    theirs.recv(4096)


# dropped after every byte

DIALOGUE = [
    b"220 mx\r\n",
    b"250-mx\r\n250 SIZE 1000000\r\n",
    b"250 2.1.0 a\r\n",
    b"250-2.1.5 b\r\n250 2.1.5 b\r\n",
    b"354 go\r\n",
    b"250 2.0.0 taken\r\n",
]
BEFORE_BODY = len(b"".join(DIALOGUE[:5]))
SAID = len(b"".join(DIALOGUE))


class Dropping:
    """Says its dialogue, but for what comes after so many bytes, said or heard: then it is gone."""

    def __init__(self, *, says: int = 10_000, hears: int = 10_000) -> None:
        self.says, self.hears = says, hears
        self.whole = False
        self.port = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        heard = b""
        turns = [b"", b"EHLO", b"MAIL", b"RCPT", b"DATA", b"\r\n.\r\n"]
        with connection, contextlib.suppress(OSError):
            for turn, answer in zip(turns, DIALOGUE, strict=True):
                while turn and not (turn.lower() in heard.lower() and heard.endswith(b"\r\n")):
                    received = connection.recv(min(4096, self.hears))
                    if not received:
                        return
                    heard += received
                    self.hears -= len(received)
                    if self.hears <= 0:
                        return
                self.whole = turn == turns[-1]
                heard = b""
                connection.sendall(answer[: self.says])
                self.says -= len(answer)
                if self.says <= 0:
                    return
            connection.recv(4096)


def deliver(port: int) -> str:
    """Hand over one message; return what became of it."""
    relay = SmtpTransport(MailSettings(host="127.0.0.1", port=port, security="none").servers[0])
    try:
        with contextlib.closing(relay.open()) as session:
            send_message(session, ADA, BODY)
    except DeliveryError as error:
        return type(error).__name__
    return "accepted"


def test_a_server_that_is_gone_after_any_byte_that_it_says_leaves_no_doubt_but_after_the_body():
    for says in range(1, SAID + 1):
        server = Dropping(says=says)
        became = deliver(server.port)
        server.close()
        opening = len(b"".join(DIALOGUE[:2]))
        if says < opening:
            assert became == "RelayUnavailable", says
        elif says < BEFORE_BODY:
            assert became == "TemporaryFailure", says
            assert not server.whole
        elif says < SAID:
            # the answer is understood with its line's end, and not before
            assert became == "NoVerdict", says
        else:
            assert became == "accepted", says


def test_a_server_that_is_gone_after_any_byte_that_it_hears_has_taken_nothing():
    commands = b"EHLO [127.0.0.1]\r\nMAIL FROM:<news@example.org> SIZE=18\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n"
    outcomes = []
    for hears in range(1, len(commands) + len(BODY) + 40):
        server = Dropping(hears=hears)
        became = deliver(server.port)
        server.close()
        outcomes.append(became)
        if not server.whole:
            assert became in {"RelayUnavailable", "TemporaryFailure", "NoVerdict"}
            assert became != "NoVerdict" or hears > len(commands) - 40, "no body was asked for"

    order = ["RelayUnavailable", "TemporaryFailure", "NoVerdict", "accepted"]
    assert sorted(outcomes, key=order.index) == outcomes
    assert set(outcomes) == set(order)


# replies in pieces, and together


def _readable(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0.01)[0])


@pytest.mark.parametrize("extensions", [ALL, frozenset()], ids=["pipelined", "stepwise"])
def test_replies_that_trickle_in_are_understood(pair, extensions):
    session, theirs = pair(extensions)
    session.send_envelope(ADA, 10)
    session.poll(time.monotonic())
    theirs.recv(4096)
    found: list[object] = []
    for reply in (b"250-a\r\n250 a\r\n", b"250 b\r\n", b"354 c\r\n"):
        for n in range(len(reply)):
            theirs.sendall(reply[n : n + 1])
            time.sleep(0.001)
            found = [*found, *session.poll(time.monotonic())]
        if reply[:1] == b"2" and not extensions:
            while not _readable(theirs):
                session.poll(time.monotonic())
            theirs.recv(4096)
    assert found == [ReadyForBody()] or drive(session, ReadyForBody)


def test_a_verdict_and_the_next_invitation_in_one_packet(pair):
    session, theirs = pair()
    invited(session, theirs)
    session.send_body(BODY)
    session.send_envelope(BO, len(BODY))
    session.poll(time.monotonic())
    heard = theirs.recv(4096)
    theirs.sendall(b"250 taken\r\n250 a\r\n250 b\r\n354 c\r\n")
    events = drive(session, ReadyForBody)

    assert heard.startswith(BODY + b".\r\nMAIL FROM:<news@example.org> SIZE=19\r\nRCPT TO:<bo@")
    assert [type(event) for event in events] == [MessageAnswered, ReadyForBody]


def test_a_verdict_and_a_421_in_one_packet(pair):
    session, theirs = pair()
    invited(session, theirs)
    session.send_body(BODY)
    session.send_envelope(BO, len(BODY))
    session.poll(time.monotonic())
    theirs.sendall(b"250 taken\r\n421 enough\r\n")
    answered, ended = drive(session, SessionEnded)

    assert isinstance(answered, MessageAnswered)
    assert answered.error is None
    assert isinstance(ended, SessionEnded)
    assert ended.error.code == 421
    assert session.exhausted


def test_what_nobody_asked_for_ends_an_idle_session(pair):
    session, theirs = pair()
    theirs.sendall(b"250 hello\r\n")
    [ended] = drive(session, SessionEnded)

    assert "unasked" in str(ended.error)


def test_a_yes_while_a_large_body_is_on_its_way_is_none(pair):
    session, theirs = pair()
    invited(session, theirs)
    session.send_body(LARGE)
    session.poll(time.monotonic())
    assert session.wants_write
    theirs.sendall(b"250 taken already\r\n")
    events = drive(session, SessionEnded)

    assert [type(event) for event in events] == [SessionEnded]
    assert not session.body_sent


@pytest.mark.parametrize(
    ("reply", "kind"), [(b"552 full\r\n", PermanentFailure), (b"452 later\r\n", TemporaryFailure)]
)
def test_a_no_while_a_large_body_is_on_its_way_is_its_verdict(pair, reply, kind):
    session, theirs = pair()
    invited(session, theirs)
    session.send_body(LARGE)
    session.poll(time.monotonic())
    theirs.sendall(reply)
    answered, ended = drive(session, SessionEnded)

    assert isinstance(answered, MessageAnswered)
    assert type(answered.error) is kind
    assert isinstance(ended, SessionEnded)
    assert not session.body_sent


def test_answers_before_the_question_left_do_not_make_a_body_whole(pair):
    """The dot has left when the dot has left, whatever else had to leave before it."""
    session, theirs = pair()
    invited(session, theirs)
    session.send_body(LARGE)
    session.poll(time.monotonic())
    session.send_envelope(BO, len(LARGE))
    read = 0
    while not session.body_sent:
        read += len(theirs.recv(1 << 20))
        session.poll(time.monotonic())
    assert read <= len(LARGE) + 3
    while session.wants_write:
        theirs.recv(1 << 20)
        session.poll(time.monotonic())
    theirs.sendall(b"250 taken\r\n250 a\r\n250 b\r\n354 c\r\n")
    drive(session, ReadyForBody)
    session._unwritten.append(memoryview(b"NOOP\r\n" * 10))  # as if commands were stuck
    session.send_body(BODY)
    assert session._body_left == 60 + len(BODY) + 3


# slow and silent


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr("syndicate.deliver.smtp.session._BODY_TIMEOUTS", 3)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("said", [b"", b"250 a\r\n", b"250 a\r\n250 b\r\n354"])
def test_silence_before_the_body_ends_it_in_time(pair, said):
    session, theirs = pair(timeout=10)
    session.send_envelope(ADA, 10)
    theirs.sendall(said)
    if said:
        readable(session)
    assert session.poll(100) == session.poll(109.9) == []
    [ended] = session.poll(110.1)

    assert type(ended.error) is TemporaryFailure


@pytest.mark.usefixtures("hasty")
def test_silence_after_the_body_ends_it_later(pair):
    session, theirs = pair(timeout=10)
    invited(session, theirs)
    session.send_body(BODY)
    now = time.monotonic()
    assert session.poll(now) == session.poll(now + 29.9) == []
    [ended] = session.poll(now + 30.1)

    assert session.body_sent
    assert "did not answer in time" in str(ended.error)


@pytest.mark.usefixtures("hasty")
def test_a_body_that_is_read_byte_by_byte_meets_its_deadline(pair):
    session, theirs = pair(timeout=10)
    invited(session, theirs)
    session.send_body(LARGE)
    now = time.monotonic()
    for second in range(31):
        assert session.poll(now + second) == []
        theirs.recv(20_000)
    [ended] = session.poll(now + 31)

    assert not session.body_sent
    assert "within the message" in str(ended.error)


@pytest.mark.parametrize("at_body", [False, True])
def test_an_end_of_file_from_the_server_is_the_end(pair, at_body):
    session, theirs = pair()
    if at_body:
        invited(session, theirs)
        session.send_body(BODY)
    else:
        session.send_envelope(ADA, 10)
    session.poll(time.monotonic())
    theirs.shutdown(socket.SHUT_WR)
    [ended] = drive(session, SessionEnded)

    assert "closed the connection" in str(ended.error)
    assert session.body_sent


@pytest.mark.parametrize(
    "flood", [b"250-x\r\n" * 2_000_000, b"250-" + b"x" * 10_000_000, b"250 x\r\n" * 1_500_000]
)
def test_ten_megabytes_of_answer_are_not_kept(pair, flood):
    session, theirs = pair()
    session.send_envelope(ADA, 10)
    session.poll(time.monotonic())
    flooding = threading.Thread(target=lambda: _send(theirs, flood), daemon=True)
    flooding.start()
    events = drive(session, SessionEnded)
    session.close()
    flooding.join(30)

    assert len(str(events[-1].error)) < 800


def _send(connection: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(data)


# encrypted


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    context, file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_large_body_leaves_encrypted(trusted, security):
    kind = {"starttls": trusted} if security == "starttls" else {"tls": trusted}
    with real_server(**kind) as (port, boxes):
        mail = MailSettings(host="localhost", port=port, security=security)
        with contextlib.closing(SmtpTransport(mail.servers[0]).open()) as session:
            for _ in range(2):
                send_message(session, ADA, LARGE)

    assert boxes.bodies == [LARGE, LARGE]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("name", ["localhost", "elsewhere.example"])
def test_verify_false_takes_any_certificate(tmp_path, security, name):
    context, _ = certificate(tmp_path, name)
    starttls, tls = (context, None) if security == "starttls" else (None, context)
    with real_server(starttls=starttls, tls=tls) as (port, boxes):
        mail = MailSettings(host="127.0.0.1", port=port, security=security, verify=False)
        with contextlib.closing(SmtpTransport(mail.servers[0]).open()) as session:
            send_message(session, ADA, BODY)

    assert boxes.bodies == [BODY]
    assert boxes.encrypted == [True] or security == "tls"


def test_a_slow_reader_of_an_encrypted_body_is_waited_for_while_it_reads(trusted):
    """Each piece that leaves is a sign of life: the time-out isn't one for the whole body."""
    taken = bytearray()
    turn, read = threading.Semaphore(0), threading.Semaphore(0)

    def serve() -> None:
        connection, _ = listener.accept()
        with contextlib.suppress(OSError), trusted.wrap_socket(connection, server_side=True) as tls:
            tls.sendall(b"220 mx\r\n")
            tls.recv(4096)
            tls.sendall(b"250 mx\r\n")
            for answer in (b"250 a\r\n", b"250 b\r\n", b"354 c\r\n"):
                tls.recv(4096)
                tls.sendall(answer)
            while not taken.endswith(b"\r\n.\r\n"):
                turn.acquire(timeout=30)
                before = len(taken)
                while len(taken) < before + PIECE and not taken.endswith(b"\r\n.\r\n"):
                    taken.extend(tls.recv(16_384))
                read.release()
            tls.sendall(b"250 taken\r\n")
            tls.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        threading.Thread(target=serve, daemon=True).start()
        port = listener.getsockname()[1]
        server = MailSettings(host="localhost", port=port, security="tls", timeout="30s").servers[0]
        with contextlib.closing(SmtpTransport(server).open()) as session:
            send_envelope(session, ADA, len(LARGE))
            session.send_body(LARGE)
            session._connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            events: list[Any] = []
            began = now = time.monotonic()
            while not (session.body_sent or events):
                turn.release()
                while not read.acquire(timeout=0.001):
                    events += session.poll(now)
                now += 20  # whoever reads takes so long for each piece
                events += session.poll(now)
            turn.release()
            [answered] = events or drive(session, MessageAnswered)

    assert now - began > 5 * 30, "slow enough to be told from a time-out"
    assert isinstance(answered, MessageAnswered), answered
    assert answered.reply.code == 250
    assert bytes(taken[:-3]) == LARGE


# what a server says that it can


@pytest.mark.parametrize(
    "size", ["SIZE 1" + "0" * 5000, "SIZE -1", "SIZE x", "SIZE", "SIZE 0", "SIZE \u00b2"]
)
def test_a_size_that_is_none_limits_nothing(size):
    with ScriptedServer(size) as server:
        mail = MailSettings(host="127.0.0.1", port=server.port, security="none")
        with contextlib.closing(SmtpTransport(mail.servers[0]).open()) as session:
            assert send_message(session, ADA, BODY).code == 250


def test_a_message_that_is_too_large_is_refused_without_a_word():
    with ScriptedServer("SIZE 1000") as server:
        mail = MailSettings(host="127.0.0.1", port=server.port, security="none")
        with contextlib.closing(SmtpTransport(mail.servers[0]).open()) as session:
            with pytest.raises(PermanentFailure, match="1,000"):
                send_envelope(session, ADA, 1001)
            send_message(session, ADA, BODY)

    assert server.verbs() == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


def test_what_a_server_says_can_not_steer_a_terminal(pair):
    session, theirs = pair()
    session.send_envelope(ADA, 10)
    session.poll(time.monotonic())
    theirs.sendall("550 a\x1b[2J\x00b\x9b31mc\r\n".encode() * 3)
    declined, *_ = drive(session, object)

    assert "550 a [2J b 31mc;" in str(declined.error)
