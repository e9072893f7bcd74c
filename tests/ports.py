"""Ports for servers to come."""

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LEAST = 10_000
_MOST = 32_000


def free_port() -> int:
    """Return a port on which nothing listens, and which no connection is given by chance.

    Whoever is to listen on it may be a process that has yet to start. One of those that the
    system hands out would be taken meanwhile, once in a few thousand times, by one of the
    connections that other tests make beside this one.
    """
    while True:
        port = random.randrange(_LEAST, min(_MOST, _handed_out_from()))
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _handed_out_from() -> int:
    try:
        least = int(_RANGE.read_text().split()[0])
    except OSError:
        return _MOST
    return least if least > _LEAST + 1000 else _MOST
