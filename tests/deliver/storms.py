"""What can happen to a store while mail is handed over: a wire that is cut, a disk that is full."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from typing import Self
from urllib.parse import parse_qs, urlsplit


class Wire:
    """The way to a PostgreSQL server, which can be cut; the server itself goes on.

    `address` is the server's, by a socket in the file system; `database` is what `url`
    leads to.
    """

    def __init__(self, address: str, database: str) -> None:
        [folder] = parse_qs(urlsplit(address).query)["host"]
        self._server = f"{folder}/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=20)
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://postgres:secret@127.0.0.1:{port}/{database}?sslmode=disable"
        self._ends: list[socket.socket] = []
        self._up = True
        self._loses: Callable[[], None] | None = None
        self.lost = threading.Event()
        """Set when the answer to a commit was lost."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut(self) -> None:
        """End every connection, and let none come about."""
        self._up = False
        self._end_all()

    def mend(self) -> None:
        """Let connections come about again."""
        self._up = True

    def lose_the_answer_to_the_next_commit(self, then: Callable[[], None] = lambda: None) -> None:
        """Cut the connection when the server has committed and hasn't been heard yet."""
        self._loses = then

    # how

    def _end_all(self) -> None:
        ends, self._ends = self._ends, []
        for each in ends:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self._up:
                    near.close()
                    continue
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._server)
                self._ends += (near, far)
                threading.Thread(target=self._there, args=(near, far), daemon=True).start()
                threading.Thread(target=self._back, args=(far, near), daemon=True).start()

    def _there(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while said := near.recv(65536):
                if self._loses is not None and b"COMMIT" in said:
                    self._lose(near, far, said)
                    break
                far.sendall(said)
        _shut(far)

    def _lose(self, near: socket.socket, far: socket.socket, said: bytes) -> None:
        """Have a commit done, and end the connection in place of its answer."""
        then, self._loses = self._loses, None
        answered = threading.Event()
        self._deaf = far, answered
        far.sendall(said)
        assert answered.wait(10), "the server never answered"
        _shut(near)
        if then is not None:
            then()
        self.lost.set()

    _deaf: tuple[socket.socket | None, threading.Event] = (None, threading.Event())

    def _back(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError), far, near:
            while answer := far.recv(65536):
                deaf, answered = self._deaf
                if far is deaf:
                    answered.set()
                    break
                near.sendall(answer)
            _shut(near)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
