"""Servers of others, as they may be met: each does with a connection what a test says."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket], None]


@contextmanager
def stranger(behaviour: Behaviour, host: str = "127.0.0.1") -> Iterator[int]:
    """A server on loopback; yields its port."""
    with socket.create_server((host, 0)) as listener:
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                behaviour(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        ended.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def read_request(connection: socket.socket) -> bytes:
    """Read the head of a request, and the body that it announces."""
    data = b""
    while b"\r\n\r\n" not in data and (more := connection.recv(65536)):
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            left = int(line.partition(b":")[2]) - len(body)
            while left > 0 and (more := connection.recv(left)):
                body += more
                left -= len(more)
    return head + b"\r\n\r\n" + body


def says(answer: bytes, heard: list[bytes] | None = None) -> Behaviour:
    """Read a request, and send this answer."""

    def behave(connection: socket.socket) -> None:
        request = read_request(connection)
        if heard is not None:
            heard.append(request)
        connection.sendall(answer)

    return behave
