"""The address that the server answers on: taken hold of, handed over, and given up again."""

import ctypes
import errno
import os
import select
import socket
import struct
import sys

from syndicate.errors import SyndicateError

BACKLOG = 2048
"""Connections that wait to be accepted; the system may allow fewer (`net.core.somaxconn`)."""
_HANDED_OVER = 3
"""The first descriptor that a service manager hands over: sd_listen_fds(3)."""
_SO_ATTACH_FILTER = 26
_ONLY_SYN = (
    (0x30, 0, 0, 13),  # load the flags of the TCP header
    (0x54, 0, 0, 0x12),  # SYN and ACK of them
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # then drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # else let it pass
)
"""A filter in classic BPF (socket(7)) that keeps out who begins to connect, and nobody else."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise SyndicateError, naming the remedy, when there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise SyndicateError(
            f"{host!r} is no address of this machine; choose one with --host, such as 127.0.0.1"
        ) from error
    # "localhost" may be ::1 first, and the addresses we print say 127.0.0.1.
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refusal(error, host, port) from error
    return listener


def activated_socket() -> socket.socket | None:
    """Return the listening socket that a service manager started this process with, if it did.

    It stays the manager's: who connects while nobody accepts waits for the next process.
    The environment is told no more about it (sd_listen_fds(3)). Raise SyndicateError when
    it is no listening TCP socket, or not the only one.
    """
    told = {name: os.environ.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES")}
    if told["PID"] != str(os.getpid()) or told["FDS"] in {"", "0"}:
        return None
    try:
        listener = socket.socket(fileno=_HANDED_OVER)
        listens = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        listens = 0
    if (
        told["FDS"] != "1"
        or not listens
        or listener.family
        not in {
            socket.AF_INET,
            socket.AF_INET6,
        }
    ):
        raise SyndicateError(
            "LISTEN_FDS: expected one listening TCP socket, as of a socket unit with one "
            "ListenStream=ADDRESS:PORT"
        )
    os.set_inheritable(_HANDED_OVER, False)
    return listener


def drop_new_connections(listener: socket.socket) -> None:
    """Keep out who begins to connect from now on; handshakes under way are still finished.

    A listener that is closed resets whoever it did not accept yet, so before that its queue
    has to run dry. Newcomers notice nothing but a second's delay: their system asks again.
    Where this can't be done, as on anything but Linux, nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    code = b"".join(struct.pack("=HBBI", *step) for step in _ONLY_SYN)
    held = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", len(_ONLY_SYN), ctypes.addressof(held))
    try:
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    except OSError:
        return


def is_readable(one: socket.socket) -> bool:
    """Whether something lies in a socket that nobody read, or somebody nobody accepted."""
    if one.fileno() < 0:
        return False
    asked = select.poll()
    asked.register(one.fileno(), select.POLLIN)
    return bool(asked.poll(0))


def _refusal(error: OSError, host: str, port: int) -> SyndicateError:
    if error.errno == errno.EADDRINUSE:
        return SyndicateError(
            f"port {port} is in use by another program; choose a free one with --port, "
            "or with port under [web] in config.toml"
        )
    if error.errno == errno.EACCES:
        return SyndicateError(
            f"port {port} is not ours to use; choose one above 1023 with --port, "
            "and have a proxy stand before it"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return SyndicateError(
            f"{host} is no address of this machine; choose one with --host, such as 127.0.0.1"
        )
    return SyndicateError(f"can't listen on {host}, port {port}: {error.strerror}")
