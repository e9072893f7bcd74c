"""Clients that send requests all the time, and count those that were dropped."""

import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

_PAUSE = 0.005
"""Seconds between two requests: without one the clients take the processor from the server."""
_TIMEOUT = 120
"""Seconds; a server that starts again takes half a minute on a loaded machine."""
_PATIENCE = 0.8
"""Seconds for which a server that stops surely waits for the next request of a client. One that
comes later, as on a loaded machine, may find the connection closed."""


class SteadyClients:
    """Sends requests to one server over connections of three kinds."""

    def __init__(self, port: int, path: str = "/") -> None:
        self._port = port
        self._path = path
        self._stopped = threading.Event()
        self.answers: Counter[int] = Counter()
        """Complete responses by status."""
        self.dropped: list[str] = []
        """The errors of requests that were accepted and not answered."""
        self.refused = 0
        """Connections that were refused before a byte was sent."""
        kinds = (self._persistent, self._persistent, self._single, self._single, self._slow)
        self._threads = [threading.Thread(target=kind, daemon=True) for kind in kinds]

    @contextmanager
    def asking(self) -> Iterator["SteadyClients"]:
        """Send in the background; on exit finish the requests under way."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            for thread in self._threads:
                thread.join(_TIMEOUT + 5)

    def _connect(self) -> http.client.HTTPConnection | None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        try:
            connection.connect()
        except OSError:
            self.refused += 1
            self._stopped.wait(0.01)
            return None
        return connection

    def _send(self, connection: http.client.HTTPConnection, last_at: float) -> bool:
        """Send a request, the last one came at `last_at`; return whether it stays connected."""
        sent_at = None
        try:
            connection.request("GET", self._path)
            sent_at = time.monotonic()
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._note_dropped(error, (sent_at or time.monotonic()) - last_at)
            return False
        self.answers[answer.status] += 1
        return not answer.will_close

    def _note_dropped(self, error: Exception, idle: float) -> None:
        """Note a request without an answer, unless its connection had been idle for so long."""
        if idle < _PATIENCE:
            self.dropped.append(repr(error))

    def _persistent(self) -> None:
        """Send many requests over one connection, as a proxy does."""
        while not self._stopped.is_set():
            last_at = time.monotonic()
            connection = self._connect()
            while connection is not None and not self._stopped.is_set():
                before, last_at = last_at, time.monotonic()
                if not self._send(connection, before):
                    break
                self._stopped.wait(_PAUSE)
            if connection is not None:
                connection.close()

    def _single(self) -> None:
        """Open a connection for each request, as feed readers do."""
        while not self._stopped.is_set():
            began = time.monotonic()
            connection = self._connect()
            if connection is not None:
                self._send(connection, began)
                connection.close()
            self._stopped.wait(_PAUSE)

    def _slow(self) -> None:
        """Send a request in pieces, the last one late."""
        for turn in count():
            if self._stopped.is_set():
                return
            began, sent_at = time.monotonic(), None
            connection = self._connect()
            if connection is None:
                continue
            raw = connection.sock
            assert isinstance(raw, socket.socket)
            try:
                raw.sendall(f"GET {self._path} HTTP/1.1\r\n".encode())
                sent_at = time.monotonic()
                self._stopped.wait(0.02 * (turn % 5))
                raw.sendall(b"host: localhost\r\nconnection: close\r\n\r\n")
                answer = http.client.HTTPResponse(raw)
                answer.begin()
                answer.read()
                self.answers[answer.status] += 1
            except (OSError, http.client.HTTPException) as error:
                self._note_dropped(error, (sent_at or time.monotonic()) - began)
            connection.close()
