"""Mail servers on the loopback: one that does as told, wrong or right, and real ones."""

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.ports import free_port

CUT = b""
"""Instead of an answer: close the connection."""


class ClosingReply(bytes):
    """An answer after which the server closes the connection."""

    __slots__ = ()


Answer = bytes | Callable[[str], bytes]


class ScriptedServer:
    """A mail server that gives the answers it was given.

    `greeting, ehlo, mail, rcpt, data, body, rset` are each an answer or a
    function of the command's line (of the message, for `body`). `only` many
    bytes of a body are read before the connection is cut.
    """

    def __init__(self, *extensions: str, only: int | None = None, **answers: Answer) -> None:
        lines = ["mx.example", *extensions]
        ehlo = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}\r\n"
        self.answers: dict[str, Answer] = {
            "greeting": b"220 mx.example\r\n",
            "ehlo": ehlo.encode(),
            "data": b"354 go on\r\n",
            "quit": b"221 bye\r\n",
            **answers,
        }
        self.only = only
        self.commands: list[str] = []
        self.bodies: list[bytes] = []
        self.unfinished: list[bytes] = []
        self.connections = 0
        self.over = threading.Event()
        """Set when it closes: what keeps a client waiting waits for this."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._beginning = threading.Lock()
        """Held while a thread begins and is noted: a client may be answered in between."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._settle(0.5)  # whoever has said goodbye is heard to the end
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._settle(20)

    def _settle(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        with self._beginning:
            begun = list(self._threads)
        for each in begun:
            each.join(max(0, until - time.monotonic()))

    def silent(self, _: str) -> bytes:
        """Say nothing until it closes: an answer like others."""
        self.over.wait()
        return CUT

    def verbs(self) -> list[str]:
        return [command.partition(" ")[0].upper() for command in self.commands]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                self.connections += 1
                self._open.append(accepted)
                thread = threading.Thread(target=self._serve, args=(accepted,), daemon=True)
                with self._beginning:
                    thread.start()
                    self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            self._say(connection, "greeting", "")
            while line := lines.readline():
                command = line.decode("utf-8", "replace").strip()
                self.commands.append(command)
                verb = command.partition(" ")[0].lower()
                said = self._say(connection, verb, command)
                if verb == "data" and said.startswith(b"354"):
                    self._say(connection, "body", self._body(lines))

    def _body(self, lines) -> str:
        if self.only is not None:
            lines.read(self.only)
            raise ConnectionAbortedError
        body = b""
        while (line := lines.readline()) != b".\r\n":
            if not line:
                self.unfinished.append(body)
                raise ConnectionAbortedError
            body += line[1:] if line.startswith(b".") else line
        self.bodies.append(body)
        return body.decode("utf-8", "replace")

    def _say(self, connection: socket.socket, verb: str, line: str) -> bytes:
        answer = self.answers.get(verb, b"250 fine\r\n")
        said = answer(line) if callable(answer) else answer
        if said == CUT:
            raise ConnectionAbortedError
        connection.sendall(said)
        if isinstance(said, ClosingReply):
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):  # what was sent ahead: closing on it would reset
                pass
            raise ConnectionAbortedError
        return said


class RefusingServer:
    """Answers to RCPT: `reader0` is refused, while others are on their way."""

    def __init__(self, refusal: bytes, *, until_held: Callable[[], object]) -> None:
        self._refusal = refusal
        self._until_held = until_held
        """Waits until it is known that this was said."""
        self.others = threading.Event()
        """Set when another one is on its way."""

    def __call__(self, line: str) -> bytes:
        if "reader0" in line:
            self.others.wait(60)
            return self._refusal
        self.others.set()
        self._until_held()
        return b"250 2.0.0 ok\r\n"


class Mailboxes:
    """What a real server took."""

    def __init__(self) -> None:
        self.envelopes: list[tuple[str, list[str]]] = []
        self.bodies: list[bytes] = []
        self.encrypted: list[bool] = []
        self.users: list[bytes] = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.bodies.append(envelope.content)
        self.encrypted.append(session.ssl is not None or server._tls_protocol is not None)
        return "250 2.0.0 taken"


@contextlib.contextmanager
def real_server(
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    login=None,
    port: int | None = None,
) -> Iterator[tuple[int, Mailboxes]]:
    """Run aiosmtpd; `login` is the (user, password) that it wants."""
    boxes = Mailboxes()

    def authenticate(server, session, envelope, mechanism, data):
        given = (data.login.decode(), data.password.decode())
        boxes.users.append(data.login)
        return AuthResult(success=given == login, handled=False)

    controller = Controller(
        boxes,
        hostname="127.0.0.1",
        port=port or free_port(),
        enable_SMTPUTF8=True,
        tls_context=starttls,
        require_starttls=starttls is not None,
        authenticator=authenticate if login else None,
        auth_required=login is not None and starttls is not None,
        auth_require_tls=False,
        ready_timeout=60,
    )
    if tls is not None:
        controller.ssl_context = tls
    controller.start()
    try:
        yield controller.port, boxes
    finally:
        controller.stop()


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for `name`; a server's context with it, and its file to trust."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-subj /CN={name} "
        f"-addext subjectAltName=DNS:{name} -keyout key.pem -out certificate.pem".split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    return context, made
