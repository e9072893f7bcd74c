"""A mail server that does wrong what it is told to, and keeps a record of every body.

The record is the truth that a ledger is held against: what arrived whole, and what
was said to it.
"""

import contextlib
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

POLITE = {
    "greeting": b"220 mx.example\r\n",
    "mail": b"250 2.1.0 fine\r\n",
    "rcpt": b"250 2.1.5 fine\r\n",
    "data": b"354 go on\r\n",
    "body": b"250 2.0.0 taken\r\n",
    "rset": b"250 2.0.0 fine\r\n",
    "quit": b"221 bye\r\n",
}
STEPS = ("greeting", "ehlo", "mail", "rcpt", "data", "body", "rset")


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong once: at the `nth` time (from 0) that a step comes about."""

    step: str
    nth: int
    how: str

    def __repr__(self) -> str:
        return f"{self.step} #{self.nth}: {self.how}"


ANSWERS = {
    "421": b"421 4.3.2 closing\r\n",
    "450": b"450 4.2.1 not now\r\n",
    "451 4.7.1": b"451 4.7.1 greylisted\r\n",
    "454": b"454 4.7.0 throttled\r\n",
    "550": b"550 5.7.1 no\r\n",
    "530": b"530 5.7.0 log in first\r\n",
    "552": b"552 5.2.2 full\r\n",
    "354": b"354 what?\r\n",
    "250": b"250 2.0.0 yes\r\n",
    "garbage": b"\xff\x00\x1b[2J what?\r\n",
    "half a line": b"250-to be",
    "changes its code": b"250-a\r\n550 b\r\n",
    "long": b"250-" + b"x" * 100_000 + b"\r\n250 x\r\n",
}
ENDINGS = {
    "cut": "close instead of an answer",
    "reset": "a RST instead of an answer",
    "answer and cut": "close behind the answer",
    "answer and shut": "a FIN behind the answer, and nothing is read any more",
}
MANNERS = {"late": 0.03, "trickle": 0.0}
HOWS = (*ANSWERS, *ENDINGS, *MANNERS)
HONEST = tuple(how for how in HOWS if how not in {"354", "250"})


@dataclass(slots=True)
class Body:
    """One message that was asked for: how much came of it, and what was said to it."""

    reader: str
    whole: bool = False
    said: bytes = b""
    took: float = 0.0
    """Seconds from when it was asked for to the answer: a loaded machine may make a server slow."""

    @property
    def taken(self) -> bool:
        return self.said.startswith(b"2")

    @property
    def refused(self) -> bool:
        return self.said.startswith((b"4", b"5"))


@dataclass(slots=True)
class Record:
    """What a server saw."""

    bodies: list[Body] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    connections: int = 0

    def of(self, reader: str) -> list[Body]:
        return [body for body in self.bodies if body.reader == reader]


class HangupError(Exception):
    """This side ends the connection."""


class FaultyServer:
    """Polite, but for what is to go wrong: `wrongs`, or `say(step, connection)` for each answer."""

    def __init__(
        self,
        wrongs: Sequence[Fault] = (),
        *,
        extensions: Sequence[str] = ("PIPELINING",),
        say: Callable[[str, bytes], str | bytes | None] | None = None,
        receive_buffer: int = 0,
    ) -> None:
        self._wrongs = {(wrong.step, wrong.nth): wrong.how for wrong in wrongs}
        lines = ["mx.example", *extensions]
        ehlo = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}\r\n"
        self._polite = POLITE | {"ehlo": ehlo.encode()}
        self._say = say
        self.record = Record()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        if receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self.settle()

    def settle(self) -> None:
        """Wait until every connection is over, so that the record is whole."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), "a client left a connection open"

    def behave(self) -> None:
        """Do nothing wrong any more."""
        self._wrongs, self._say = {}, None

    # how

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                self.record.connections += 1
                thread = threading.Thread(target=self._serve, args=(accepted,), daemon=True)
                with self._lock:  # who waits for the threads finds started ones
                    self._open.append(accepted)
                    self._threads.append(thread)
                    thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with (
            contextlib.suppress(OSError, HangupError),
            connection,
            connection.makefile("rb") as lines,
        ):
            self._answer(connection, "greeting", b"")
            reader = ""
            while line := lines.readline():
                self.record.commands.append(line)
                began = time.monotonic()
                verb = line[:4].decode("ascii", "replace").lower()
                if verb == "rcpt":
                    reader = line.partition(b"<")[2].partition(b">")[0].decode()
                said = self._answer(connection, verb, line, reader=reader)
                if verb == "data" and said.startswith(b"354"):
                    self._body(connection, lines, self.record.of(reader)[-1], began)

    def _body(self, connection: socket.socket, lines, body: Body, began: float) -> None:
        content = b""
        while (line := lines.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                raise HangupError
            content += line
        body.whole = True
        if not content:  # a lone dot: nobody's message
            with self._lock:
                self.record.bodies.remove(body)
        try:
            self._answer(connection, "body", content, body)
        finally:
            body.took = time.monotonic() - began

    def _answer(
        self,
        connection: socket.socket,
        step: str,
        line: bytes,
        body: Body | None = None,
        reader: str = "",
    ) -> bytes:
        with self._lock:
            nth = self._counts[step]
            self._counts[step] += 1
        how: str | bytes | None = self._wrongs.get((step, nth))
        if how is None and self._say is not None:
            how = self._say(step, line)
        polite = self._polite.get(step, b"500 what?\r\n")
        said = how if isinstance(how, bytes) else ANSWERS.get(how or "", polite)
        _end(connection, how)
        if body is not None:
            body.said = said
        if step == "data" and said.startswith(b"354"):
            with self._lock:
                self.record.bodies.append(Body(reader))
        if how == "late":
            time.sleep(MANNERS["late"])
        for piece in [said[n : n + 1] for n in range(len(said))] if how == "trickle" else [said]:
            connection.sendall(piece)
        if how == "answer and cut":
            raise HangupError
        if how == "answer and shut":
            connection.shutdown(socket.SHUT_WR)
        return said


def _end(connection: socket.socket, how: str | bytes | None) -> None:
    """End it instead of an answer, where that is how."""
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if how in {"cut", "reset"}:
        raise HangupError


def repeated(record: Record) -> dict[str, int]:
    """Return who got a body again that had been taken, or may have been."""
    counts: defaultdict[str, int] = defaultdict(int)
    for body in record.bodies:
        if body.whole and not body.refused:
            counts[body.reader] += 1
    return {reader: count for reader, count in counts.items() if count > 1}
