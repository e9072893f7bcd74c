"""Sessions through TLS."""

import contextlib
import socket
import threading
import time
from typing import Any

import pytest

from syndicate.config.sections.mail import MailSettings
from syndicate.deliver.sample_mail import send_envelope, send_message
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.deliver.smtp.transport import MessageAnswered
from tests.deliver.mail_servers import certificate, real_server
from tests.deliver.smtp.dialogues import ADA, BODY, LARGE, drive

pytestmark = pytest.mark.neighbours

PIECE = 512 * 1024


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
