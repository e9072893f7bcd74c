"""Wakes the send loop from other threads: a socket pair that its selector waits for."""

import contextlib
import socket
import threading


class Wakeup:
    """Becomes readable when any thread calls `notify` (a self-pipe)."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._lock = threading.Lock()
        self._closed = False

    def fileno(self) -> int:
        """Return the descriptor for a selector."""
        return self._reader.fileno()

    def notify(self) -> bool:
        """Make it readable; return False once it is closed."""
        with self._lock:
            if not self._closed:
                with contextlib.suppress(BlockingIOError):  # full: it is readable already
                    self._writer.send(b".")
            return not self._closed

    def clear(self) -> None:
        """Make it unreadable until the next `notify`."""
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(4096)

    def close(self) -> None:
        """Close both sockets; `notify` may still be called."""
        with self._lock:
            self._closed = True
            self._reader.close()
            self._writer.close()
