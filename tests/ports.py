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
    could take a port of that range, once in a few thousand times.
    """
    while True:
        port = random.randrange(_MIN, min(_MAX, _ephemeral_range_start()))
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _ephemeral_range_start() -> int:
    try:
        start = int(_RANGE.read_text().split()[0])
    except OSError:
        return _MAX
    return start if start > _MIN + 1000 else _MAX
