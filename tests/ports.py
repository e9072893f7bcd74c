"""Free ports for servers that start later."""

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_MIN = 10_000
_MAX = 32_000


def free_port() -> int:
    """Return a port on which nothing listens, outside the system's range for connections.

    The server may be a process that has yet to start. Meanwhile a connection of a parallel test
    could take a port of that range, once in a few thousand times. No test gets a port that another
    one got before: neither in this process, nor in others while this one runs.
    """
    while True:
        port = random.randrange(_MIN, min(_MAX, _ephemeral_range_start()))
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        if _reserve(port):
            return port


def _reserve(port: int) -> bool:
    """Bind a name of no file, which the system keeps until this process ends; False if taken."""
    reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        reservation.bind(f"\0syndicate-tests-{port}")
    except OSError:
        reservation.close()
        return False
    reservation.detach()
    return True


def _ephemeral_range_start() -> int:
    try:
        start = int(_RANGE.read_text().split()[0])
    except OSError:
        return _MAX
    return start if start > _MIN + 1000 else _MAX
