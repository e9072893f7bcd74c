"""Servers that misbehave: each is given up in time, with a sentence that says what to do."""

import threading
import time

import pytest

from syndicate.errors import DoorUnavailable
from tests.feedback.doors.imap_servers import CUT, Answer, ScriptedMailbox
from tests.feedback.doors.polled_mailbox import read
from tests.feedback.doors.taken import Taken
from tests.ports import free_port

pytestmark = [pytest.mark.neighbours, pytest.mark.usefixtures("password")]


def literal(uid, text):
    return b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (uid, len(text), text)


def fetched(*bodies, sizes=None):
    """Answer both fetches: the sizes, then the beginnings."""
    known = sizes or {1: 5}

    def answer(command):
        if "RFC822.SIZE" in command:
            lines = (b"* 1 FETCH (UID %d RFC822.SIZE %d)\r\n" % item for item in known.items())
            return b"".join(lines) + b"TAG OK done\r\n"
        return b"".join(bodies) + b"TAG OK done\r\n"

    return answer


NIL = b"* 2 FETCH (UID 2 BODY[]<0> NIL)\r\n"
"""What Dovecot sends of a message that another session has just removed."""
ONE = {"search": b"* SEARCH 1\r\nTAG OK done\r\n", "fetch": fetched(literal(1, b"hello"))}


def test_a_server_that_says_nothing_is_given_up_after_the_timeout():
    with ScriptedMailbox(**ONE) as server:
        usual = dict(server.answers)
        for command in ("greeting", "capability", "login", "select", "search", "fetch", "move"):
            server.answers = usual | {command: server.silent}
            with pytest.raises(DoorUnavailable, match=r"no answer within 0\.2 s; look at"):
                read(server, timeout=0.2)


def test_a_server_that_sends_a_little_all_the_time_is_given_up(monkeypatch):
    monkeypatch.setattr("syndicate.feedback.doors.imap_session._PATIENCE", 1)
    with ScriptedMailbox() as server:

        def drip(_):
            end = time.monotonic() + 30
            while time.monotonic() < end and not server.over.wait(0.1):
                server._open[-1].sendall(b"* OK wait\r\n")
            return CUT

        server.answers["search"] = drip
        began = time.monotonic()
        with pytest.raises(DoorUnavailable, match="no answer within 1 s"):
            read(server, timeout=1)
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("command", ["greeting", "login", "search", "fetch", "move"])
def test_a_connection_that_breaks_is_reported_and_what_was_taken_is_taken_again(command):
    taken = Taken()
    with ScriptedMailbox(**ONE) as server:
        usual = dict(server.answers)
        server.answers[command] = CUT
        with pytest.raises(DoorUnavailable, match=r"the connection broke: .*the next poll tries"):
            read(server, take=taken)
        assert taken == ([b"hello"] if command == "move" else [])
        server.answers[command] = (usual | ONE).get(command, b"TAG OK done\r\n")
        read(server, take=taken)
        assert taken[-1] == b"hello"


@pytest.mark.parametrize("command", ["greeting", "search", "fetch"])
def test_a_stop_ends_a_session_that_hangs_at_once_and_without_an_error(command):
    stop = threading.Event()
    with ScriptedMailbox(**ONE) as server:
        entered = threading.Event()

        def hang(line):
            entered.set()
            return server.silent(line)

        server.answers[command] = hang
        thread = threading.Thread(target=read, args=[server], kwargs={"stop": stop})
        thread.start()
        assert entered.wait(20)
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def test_a_message_that_disappears_between_search_and_fetch_is_left_out():
    sizes = {1: 5, 2: 5, 3: 5}
    answers = ONE | {
        "search": b"* SEARCH 1 2 3\r\nTAG OK done\r\n",
        "fetch": fetched(NIL, literal(3, b"three"), sizes=sizes),
    }
    with ScriptedMailbox(**answers) as server:
        assert read(server) == [b"three"]
        assert [line for line in server.commands if "MOVE" in line] == ['UID MOVE 3 "Processed"']


def test_a_server_that_refuses_to_fetch_what_has_disappeared_is_asked_again_later():
    finds = iter([b"* SEARCH 1 2\r\nTAG OK done\r\n", b"* SEARCH 2\r\nTAG OK done\r\n"])
    answers: dict[str, Answer] = {
        "search": lambda _: next(finds),
        "fetch": b"TAG NO [EXPUNGEISSUED] gone\r\n",
    }
    with ScriptedMailbox(**answers) as server:
        assert read(server) == []


def test_a_fetch_that_is_refused_is_reported():
    refusal = ONE | {"fetch": b"TAG NO [UNAVAILABLE] try later\r\n"}
    refused = pytest.raises(DoorUnavailable, match=r"\[UNAVAILABLE\] try later")
    with ScriptedMailbox(**refusal) as server, refused:
        read(server)


def test_a_message_that_another_process_has_moved_is_no_failure():
    finds = iter([b"* SEARCH 1\r\nTAG OK done\r\n", b"* SEARCH\r\nTAG OK done\r\n"])
    answers = ONE | {"search": lambda _: next(finds), "move": b"TAG NO no such message\r\n"}
    with ScriptedMailbox(**answers) as server:
        assert read(server) == [b"hello"]


def test_a_mailbox_that_is_full_is_reported():
    refusal = ONE | {"move": b"TAG NO [OVERQUOTA] mailbox is full\r\n"}
    refused = pytest.raises(DoorUnavailable, match=r"\[OVERQUOTA\] mailbox is full")
    with ScriptedMailbox(**refusal) as server, refused:
        read(server)


def test_messages_renumbered_with_a_new_uidvalidity_are_found_again():
    with ScriptedMailbox(**ONE | {"move": CUT}) as server:
        taken = Taken()
        with pytest.raises(DoorUnavailable):
            read(server, take=taken)
        server.answers |= {
            "select": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 2]\r\nTAG OK done\r\n",
            "search": b"* SEARCH 77\r\nTAG OK done\r\n",
            "fetch": fetched(literal(77, b"hello"), sizes={77: 5}),
            "move": b"TAG OK done\r\n",
        }
        read(server, take=taken)
        assert taken == [b"hello", b"hello"]
        assert server.commands[-2] == 'UID MOVE 77 "Processed"'


def test_a_literal_that_is_larger_than_was_asked_for_is_not_read():
    huge = b"* 1 FETCH (UID 1 BODY[]<0> {104857600}\r\n"
    answers = ONE | {"fetch": fetched(huge, sizes={1: 104857600})}
    refused = pytest.raises(DoorUnavailable, match="announced 104857600 bytes")
    with ScriptedMailbox(**answers) as server, refused:
        read(server)


@pytest.mark.parametrize(
    "body",
    [
        b'* 1 FETCH (UID 1 BODY[]<0> "hello")\r\n',
        b"* 1 FETCH (BODY[]<0> {5}\r\nhello UID 1)\r\n",
        b"* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n" + literal(1, b"hello") + b"* 2 EXISTS\r\n",
    ],
)
def test_a_message_is_found_in_whatever_form_the_server_sends_it(body):
    with ScriptedMailbox(**ONE | {"fetch": fetched(body)}) as server:
        assert read(server) == [b"hello"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"greeting": b"* BYE too many connections\r\n"}, "too many connections"),
        ({"greeting": b"220 mx.example ESMTP\r\n"}, "the connection broke: unexpected response"),
        ({"search": b"* SEARCH one\r\nTAG OK done\r\n"}, "the connection broke: invalid literal"),
        (
            {"capability": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n"},
            "without TLS; set",
        ),
        ({"login": b"TAG NO [UNAVAILABLE] later\r\n"}, r"refused the login of 'bounce': \[UNAV"),
        ({"select": b"TAG NO no\r\n"}, "has no folder 'INBOX': no"),
    ],
)
def test_what_the_server_answers_is_reported_with_what_to_do(answers, said):
    with ScriptedMailbox(**answers) as server, pytest.raises(DoorUnavailable, match=said) as error:
        read(server)
    assert "\n" not in str(error.value)


def test_a_server_without_starttls_is_not_sent_a_password():
    with ScriptedMailbox() as server:
        with pytest.raises(DoorUnavailable, match=r'does not offer STARTTLS; set .* to "tls"'):
            read(server, security="starttls")
        assert not [command for command in server.commands if "LOGIN" in command]


def test_a_server_that_is_not_there_or_speaks_no_tls_says_where_to_look():
    class Nowhere:
        port = free_port()

    with pytest.raises(
        DoorUnavailable, match=r"nothing listens there; .*look at bounces.imap.host"
    ):
        read(Nowhere)
    with pytest.raises(DoorUnavailable, match="the name can't be looked up"):
        read(Nowhere, host="mail.invalid")
    with ScriptedMailbox() as server, pytest.raises(DoorUnavailable, match='"tls" for port 993'):
        read(server, security="tls")
