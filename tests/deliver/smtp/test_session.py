"""A session on a real socket: dropped at every byte, slow, stuck, encrypted, out of turn."""

import contextlib
import select
import socket
import threading
import time

import pytest

from syndicate.config.sections.mail import MailSettings
from syndicate.deliver.sample_mail import send_envelope, send_message
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.deliver.smtp.transport import Envelope, MessageAnswered, ReadyForBody, SessionEnded
from syndicate.errors import DeliveryError, PermanentFailure, TemporaryFailure
from tests.deliver.mail_servers import ScriptedServer
from tests.deliver.smtp.dialogues import ADA, ALL, BODY, LARGE, drive, invited

pytestmark = pytest.mark.neighbours

BO = Envelope(sender="news@example.org", recipient="bo@example.org", message_id="<1.2.x@y>")


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


# dropped after every byte


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


def _readable(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0.01)[0])


# replies in pieces, and together


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
