"""What wakes the loop up from other threads: something that becomes readable."""

import contextlib
import socket
import threading


class Wakeup:
    """Rung by any thread, heard by who waits for it to become readable."""

    def __init__(self) -> None:
        self._hears, self._rings = socket.socketpair()
        self._hears.setblocking(False)
        self._rings.setblocking(False)
        self._closing = threading.Lock()
        self._closed = False

    def fileno(self) -> int:
        """Return what becomes readable when it was rung."""
        return self._hears.fileno()

    def ring(self) -> bool:
        """Ring it; False when nobody listens any more."""
        with self._closing:
            if not self._closed:
                with contextlib.suppress(BlockingIOError):  # it rings already
                    self._rings.send(b".")
            return not self._closed

    def hush(self) -> None:
        """Have it be still until it is rung again."""
        with contextlib.suppress(BlockingIOError):
            self._hears.recv(4096)

    def close(self) -> None:
        """Listen no more."""
        with self._closing:
            self._closed = True
            self._hears.close()
            self._rings.close()
