"""Clients that ask without a pause, and tell a request that was dropped from one never made."""

import http.client
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


class Steady:
    """Asks one server over connections of three kinds until nobody listens there any more."""

    def __init__(self, port: int, path: str = "/") -> None:
        self._port = port
        self._path = path
        self._over = threading.Event()
        self.answers: Counter[int] = Counter()
        """Whole answers by status."""
        self.dropped: list[str] = []
        """What became of requests that were accepted and not answered."""
        self.refused = 0
        """Connections that were refused before a byte was sent."""
        kinds = (self._kept, self._kept, self._new, self._new, self._raw)
        self._threads = [threading.Thread(target=kind, daemon=True) for kind in kinds]

    @contextmanager
    def asking(self) -> Iterator["Steady"]:
        """Ask in the background; at the end each finishes what it began."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join(25)

    def _connected(self) -> http.client.HTTPConnection | None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.connect()
        except OSError:
            self.refused += 1
            self._over.wait(0.01)
            return None
        return connection

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        """Ask once; return whether the connection stays open."""
        try:
            connection.request("GET", self._path)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.dropped.append(repr(error))
            return False
        self.answers[answer.status] += 1
        return not answer.will_close

    def _kept(self) -> None:
        """Ask again and again over one connection, as feed readers behind a proxy do."""
        while not self._over.is_set():
            connection = self._connected()
            while connection is not None and not self._over.is_set():
                if not self._ask(connection):
                    break
                self._over.wait(0.003)
            if connection is not None:
                connection.close()

    def _new(self) -> None:
        """Connect anew each time, as feed readers do."""
        while not self._over.is_set():
            connection = self._connected()
            if connection is not None:
                self._ask(connection)
                connection.close()

    def _raw(self) -> None:
        """Send a request in pieces, the last of them late."""
        for turn in count():
            if self._over.is_set():
                return
            connection = self._connected()
            if connection is None:
                continue
            raw = connection.sock
            assert isinstance(raw, socket.socket)
            try:
                raw.sendall(f"GET {self._path} HTTP/1.1\r\n".encode())
                self._over.wait(0.02 * (turn % 5))
                raw.sendall(b"host: localhost\r\nconnection: close\r\n\r\n")
                answer = http.client.HTTPResponse(raw)
                answer.begin()
                answer.read()
                self.answers[answer.status] += 1
            except (OSError, http.client.HTTPException) as error:
                self.dropped.append(repr(error))
            connection.close()
