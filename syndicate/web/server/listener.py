"""The listening socket: bound here, or inherited from a service manager (socket activation)."""

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
_REASONS = {
    errno.EADDRINUSE: "port {port} is in use by another program; choose a free one with --port, "
    "or with port under [web] in config.toml",
    errno.EACCES: "no permission to use port {port}; choose one above 1023 with --port, "
    "and put a proxy in front of it",
    errno.EADDRNOTAVAIL: "{host} is not an address of this machine; choose one with --host, "
    "such as 127.0.0.1",
}
"""Why an address can't be bound, with the remedy."""
_FIRST_DESCRIPTOR = 3
"""The first descriptor that a service manager passes on: sd_listen_fds(3)."""
_SO_ATTACH_FILTER = 26
_DROP_SYN = (
    (0x30, 0, 0, 13),  # load the flags of the TCP header
    (0x54, 0, 0, 0x12),  # SYN and ACK of them
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # then drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # else let it pass
)
"""A filter in classic BPF (socket(7)) that drops new connections, and nothing else."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise SyndicateError, which names the remedy, on failure."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise SyndicateError(
            f"{host!r} is not an address of this machine; choose one with --host, such as 127.0.0.1"
        ) from error
    # "localhost" may be ::1 first, and the URLs we print have 127.0.0.1
    addresses.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, kind, protocol, _, address = addresses[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = _REASONS.get(error.errno or 0, "can't listen on {host}, port {port}: {error}")
        filled = reason.format(host=host, port=port, error=error.strerror)
        raise SyndicateError(filled) from error
    return listener


def activated_socket() -> socket.socket | None:
    """Return the listening socket that a service manager passed to this process, if any.

    It stays the manager's: clients that connect while nobody accepts wait for the next
    process. Its environment variables are removed (sd_listen_fds(3)). Raise SyndicateError
    when it isn't a listening TCP socket, or not the only one.
    """
    variables = {name: os.environ.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES")}
    if variables["PID"] != str(os.getpid()) or variables["FDS"] in {"", "0"}:
        return None
    try:
        listener = socket.socket(fileno=_FIRST_DESCRIPTOR)
        listens = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        listens = 0
    is_tcp = listens and listener.family in {socket.AF_INET, socket.AF_INET6}
    if variables["FDS"] != "1" or not is_tcp:
        raise SyndicateError(
            "LISTEN_FDS: expected one listening TCP socket, as of a socket unit with one "
            "ListenStream=ADDRESS:PORT"
        )
    os.set_inheritable(_FIRST_DESCRIPTOR, False)
    return listener


def drop_new_connections(listener: socket.socket) -> None:
    """Drop new connections from now on; handshakes under way are still finished.

    Closing a listener resets the connections in its backlog, so that has to be empty first.
    New clients only notice a delay of a second, after which their system sends SYN again.
    On systems other than Linux nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    code = b"".join(struct.pack("=HBBI", *step) for step in _DROP_SYN)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", len(_DROP_SYN), ctypes.addressof(buffer))
    try:
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    except OSError:
        return


def is_readable(connection: socket.socket) -> bool:
    """Return whether a socket has unread bytes, or a listener connections to accept."""
    if connection.fileno() < 0:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
