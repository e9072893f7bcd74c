"""Servers that go wrong while a session is opened, or in it."""

import contextlib
import socket
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from syndicate.deliver.sample_mail import _wait_for, send_envelope, send_message
from syndicate.deliver.smtp.transport import MessageAnswered
from syndicate.errors import NoVerdict, PermanentFailure, RelayUnavailable, TemporaryFailure
from tests.deliver.mail_servers import CUT, ClosingReply, ScriptedServer, certificate
from tests.deliver.smtp.sessions import ADA, BODY, opened, smtp
from tests.until import until

pytestmark = pytest.mark.neighbours

PIPELINING = ("PIPELINING",)


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    context, file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


BAD_OPENINGS: dict[str, dict[str, Any]] = {
    "closes at once": {"greeting": CUT},
    "is busy": {"greeting": b"421 too busy\r\n"},
    "does not want us": {"greeting": b"554 go away\r\n"},
    "speaks HTTP": {"greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
    "speaks at length": {"greeting": b"220-" + b"x" * 10_000_000},
    "goes on for ever": {"greeting": b"220-x\r\n" * 1_000_000},
    "closes at EHLO": {"ehlo": CUT},
    "changes its code": {"ehlo": b"250-a\r\n220 b\r\n"},
}


@pytest.mark.parametrize("answers", BAD_OPENINGS.values(), ids=BAD_OPENINGS)
def test_a_server_that_opens_wrong_is_unavailable(answers):
    with ScriptedServer(**answers) as server, pytest.raises(RelayUnavailable) as caught:
        smtp(server.port).open()

    assert f"localhost:{server.port}" in str(caught.value)
    assert len(str(caught.value)) < 800


def test_a_server_that_is_silent_is_unavailable():
    with ScriptedServer() as server:
        server.answers["greeting"] = server.silent
        with pytest.raises(
            RelayUnavailable, match=f"localhost:{server.port}: no answer within 1 s"
        ):
            smtp(server.port, timeout="1s").open()


@pytest.mark.parametrize("way", ["speaks at length", "goes on for ever"])
def test_a_reply_has_to_be_small(way):
    with (
        ScriptedServer(**BAD_OPENINGS[way]) as server,
        pytest.raises(RelayUnavailable, match="longer than 64 KB"),
    ):
        smtp(server.port).open()


def test_a_reply_that_trickles_in_meets_one_deadline():
    given_up = threading.Event()

    def trickle():
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            while not given_up.wait(0.1):
                connection.sendall(b"2")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=trickle, daemon=True).start()
        with pytest.raises(RelayUnavailable, match="no answer within 1 s"):
            smtp(listener.getsockname()[1], host="127.0.0.1", timeout="1s").open()
        given_up.set()


def test_nothing_said_before_starttls_counts_after_it(trusted):
    """The response injection of CVE-2021-38371 and its kind."""
    injected = b"220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n"
    with ScriptedServer("STARTTLS", starttls=injected) as server, pytest.raises(RelayUnavailable):
        smtp(server.port, security="starttls", username="ada", secret="x").open()

    assert server.verbs()[:2] == ["EHLO", "STARTTLS"]
    assert "AUTH" not in server.verbs()


REFUSALS = [
    ("mail", b"450 4.3.2 not now\r\n", TemporaryFailure, 450),
    ("mail", b"550 5.7.1 not you\r\n", RelayUnavailable, 550),
    ("rcpt", b"450 4.2.1 full\r\n", TemporaryFailure, 450),
    ("rcpt", b"550-5.1.1 no\r\n550 5.1.1 such user\r\n", PermanentFailure, 550),
    ("rcpt", b"530 5.7.0 authentication required\r\n", RelayUnavailable, 530),
    ("data", b"451 later\r\n", TemporaryFailure, 451),
    ("data", b"554 no\r\n", PermanentFailure, 554),
]


@pytest.mark.parametrize("extensions", [(), PIPELINING], ids=["stepwise", "pipelined"])
@pytest.mark.parametrize(("step", "answer", "failure", "code"), REFUSALS)
def test_a_refusal_is_a_verdict_and_the_session_goes_on(extensions, step, answer, failure, code):
    with ScriptedServer(*extensions, **{step: answer}) as server, opened(server.port) as session:
        with pytest.raises(failure) as caught:
            send_envelope(session, ADA, 100)
        del server.answers[step]
        if step == "data":
            server.answers["data"] = b"354 now\r\n"
        reply = send_message(session, ADA, BODY)

    assert caught.value.code == code
    assert reply.code == 250
    assert server.connections == 1
    assert server.bodies[-1] == BODY


def test_a_lone_dot_ends_what_a_pipelining_server_asked_for_in_vain():
    no_user = b"550 5.1.1 no such user\r\n"
    with (
        ScriptedServer(*PIPELINING, rcpt=no_user, body=b"250 taken, nobody cares\r\n") as server,
        opened(server.port) as session,
        pytest.raises(PermanentFailure, match=r"^550 5\.1\.1 no such user$"),
    ):
        send_envelope(session, ADA, 100)

    assert server.bodies == [b""]


def test_the_recipients_verdict_stands_when_the_lone_dot_is_not_answered():
    with (
        ScriptedServer(*PIPELINING, rcpt=b"550 5.1.1 gone\r\n", body=CUT) as server,
        opened(server.port) as session,
    ):
        with pytest.raises(PermanentFailure):
            send_envelope(session, ADA, 100)

        until(lambda: session.poll(time.monotonic()) or session.exhausted)
        assert session.exhausted


@pytest.mark.parametrize("extensions", [(), PIPELINING], ids=["stepwise", "pipelined"])
@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    "answer", [CUT, ClosingReply(b"421 closing\r\n"), b"what?\r\n", b"299 odd\r\n" * 2]
)
def test_a_session_that_breaks_before_the_body_is_a_temporary_failure(extensions, step, answer):
    with ScriptedServer(*extensions, **{step: answer}) as server, opened(server.port) as session:
        with pytest.raises(TemporaryFailure):
            send_envelope(session, ADA, 100)

        assert session.exhausted


VERDICTS = [
    (b"250 ok\r\n", None),
    (b"451 4.7.0 later\r\n", TemporaryFailure),
    (b"421 closing\r\n", TemporaryFailure),
    (b"554 5.7.1 spam\r\n", PermanentFailure),
    (CUT, NoVerdict),
    (b"hm\r\n", NoVerdict),
    (b"354 more\r\n", NoVerdict),
]


@pytest.mark.parametrize(("answer", "failure"), VERDICTS)
def test_only_a_code_is_a_verdict_on_a_body(answer, failure):
    with ScriptedServer(body=answer) as server, opened(server.port) as session:
        if failure is None:
            assert send_message(session, ADA, BODY).code == 250
        else:
            with pytest.raises(failure):
                send_message(session, ADA, BODY)
        spent = session.exhausted

    assert server.bodies == [BODY]
    assert spent == (failure is NoVerdict or answer.startswith(b"421"))


def test_half_a_line_is_no_verdict_when_no_more_comes():
    with ScriptedServer(body=b"250-half") as server, opened(server.port) as session:
        send_envelope(session, ADA, len(BODY))
        session.send_body(BODY)
        session._terms = replace(session._terms, timeout=0.01)  # 0.2 s for the verdict
        with pytest.raises(NoVerdict):
            _wait_for(session, MessageAnswered)
        assert session.exhausted

    assert server.bodies == [BODY]


def test_a_body_cut_off_on_its_way_was_not_taken():
    with (
        ScriptedServer(only=1000) as server,
        opened(server.port) as session,
        pytest.raises(TemporaryFailure, match="within the message"),
    ):
        send_message(session, ADA, b"x" * 70 + b"\r\n" * 8_000_000)

    assert server.bodies == []


def test_an_answer_given_before_the_body_is_none_to_the_body():
    with (
        ScriptedServer(data=b"354 go\r\n250 taken in advance\r\n") as server,
        opened(server.port) as session,
        pytest.raises(TemporaryFailure, match="unasked"),
    ):
        send_message(session, ADA, BODY)


def test_a_session_ends_after_its_number_of_messages():
    with ScriptedServer() as server, opened(server.port, max_messages=2) as session:
        for _ in range(2):
            assert not session.exhausted
            send_message(session, ADA, BODY)
        assert session.exhausted

    assert server.verbs()[-1] == "QUIT"


def test_a_session_closed_while_a_body_is_awaited_takes_nothing():
    with ScriptedServer() as server:
        with opened(server.port) as session:
            send_envelope(session, ADA, 100)

        until(lambda: server.unfinished)

    assert server.unfinished == [b""]
    assert server.bodies == []


@pytest.mark.parametrize("address", ["a@x.org>\r\nRSET", "a b@x.org", "a\0@x.org", "<a@x.org"])
def test_no_command_can_be_slipped_in(address):
    with (
        ScriptedServer() as server,
        opened(server.port) as session,
        pytest.raises(PermanentFailure),
    ):
        send_envelope(session, replace(ADA, recipient=address), 100)

    assert server.verbs() == ["EHLO", "QUIT"]


def test_a_mail_server_can_not_say_what_arrived():
    assert smtp(25).arrived("<1.1.x@y>") is None
