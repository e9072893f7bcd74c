"""A session with the mailbox of reports: connect, TLS and login, by imap-tools.

Errors of imaplib, imap-tools, ssl and the socket become DoorUnavailable here.
"""

import imaplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from imap_tools import BaseMailBox, ImapToolsError, MailboxFolderSelectError, MailboxLoginError
from imap_tools.errors import UnexpectedCommandStatusError

from syndicate.config.sections.feedback import ImapSettings
from syndicate.deliver.server_connection import ServerTable, tls_context
from syndicate.errors import DoorUnavailable
from syndicate.feedback.doors.door import READ_BYTES
from syndicate.text import one_line, shorten

_CHECK_SECONDS = 0.2
"""How soon a session ends once the process is to stop."""
_PATIENCE = 4
"""How many times `timeout` one step may take altogether, where something comes all the time."""
_MAX_LITERAL = 2 * READ_BYTES
"""More than the server was asked for is more than we read."""
_MAX_REPLY = 300
"""Characters of a reply in an error."""
_TABLE = "bounces.imap"
_TROUBLE = (OSError, imaplib.IMAP4.error, ImapToolsError, ValueError, LookupError)
"""What the libraries raise; the last two for replies that aren't IMAP."""


class Misconfigured(ImapToolsError):  # noqa: N818 - as in the error tree
    """The server works, but not as it is configured; the text has the remedy."""


@contextmanager
def open_mailbox(
    settings: ImapSettings, root: Path, stop: threading.Event
) -> Iterator["ReportMailbox"]:
    """Connect and log in; log out after the block.

    The password is read now. Raise SecretUnreadable; raise DoorUnavailable for whatever goes
    wrong in the block, also when `stop` is set: the connection is cut off then.
    """
    password = settings.password(root)
    guard = ConnectionGuard(stop, _PATIENCE * settings.timeout.total_seconds())
    try:
        with guard:
            mailbox = ReportMailbox(settings, guard)
            try:
                mailbox.log_in(password)
                yield mailbox
            finally:
                with suppress(*_TROUBLE):
                    mailbox.logout()
                mailbox.close()
    except _TROUBLE as error:
        raise DoorUnavailable(_explanation(error, settings, guard)) from error


class ConnectionGuard:
    """Cuts a connection off when the process stops, or when the server makes no progress."""

    def __init__(self, stop: threading.Event, patience: float) -> None:
        self.timed_out = False
        self._stop = stop
        self._patience = patience
        self._socket: socket.socket | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="imap guard", daemon=True)
        self.extend()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def extend(self) -> None:
        """Give the server the whole time again: a step is done."""
        self._until = time.monotonic() + self._patience

    def watch(self, connection: socket.socket) -> None:
        """Guard this connection from now on, in place of the one before."""
        self._socket = connection

    def _watch(self) -> None:
        while not self._ended.wait(_CHECK_SECONDS):
            self.timed_out |= time.monotonic() > self._until
            if self._socket is not None and (self.timed_out or self._stop.is_set()):
                with suppress(OSError):  # not the method of SSLSocket, which forgets its TLS
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class ReportMailbox(BaseMailBox):
    """A mailbox whose connection is guarded."""

    client: "_GuardedClient"

    def __init__(self, settings: ImapSettings, guard: ConnectionGuard) -> None:
        self.settings = settings
        self.guard = guard
        super().__init__()

    def _get_mailbox_client(self) -> "_GuardedClient":
        settings = self.settings
        context = tls_context(verify=settings.verify) if settings.security != "none" else None
        client = _GuardedClient(settings, self.guard, context)
        if settings.security == "starttls":
            try:
                self._start_tls(client, context)
            except _TROUBLE:
                client.close_connection()
                raise
        return client

    def _start_tls(self, client: "_GuardedClient", context: ssl.SSLContext | None) -> None:
        if "STARTTLS" not in client.capabilities:
            raise Misconfigured(
                f'it does not offer STARTTLS; set {_TABLE}.security to "tls" (mostly port 993), '
                'or to "none" on a network that you trust'
            )
        client.starttls(context)
        self.guard.watch(client.sock)

    def close(self) -> None:
        """Close the connection, whether or not the server agrees."""
        self.client.close_connection()

    def log_in(self, password: str) -> None:
        """Log in; raise Misconfigured where the password can't be sent."""
        user, offered = self.settings.username, self.client.capabilities
        if self.client.state == "AUTH":  # a server that knows us by our address
            pass
        elif "AUTH=PLAIN" in offered:  # LOGIN has no way to send what isn't ASCII
            self._log_in_plainly(user, password)
        elif "LOGINDISABLED" in offered:
            raise Misconfigured(
                f'it takes no password without TLS; set {_TABLE}.security to "starttls" or "tls"'
            )
        elif f"{user}{password}".isascii() and f"{user}{password}".isprintable():
            self.login(user, password, initial_folder=None)
        else:
            raise Misconfigured(
                f"{_TABLE}.username or its password has characters that it can't take"
            )
        capability, listed = self.client.capability()  # some offer more after the login
        if capability == "OK" and listed and listed[-1]:
            self.client.capabilities = tuple(listed[-1].decode("ascii", "replace").upper().split())

    def _log_in_plainly(self, user: str, password: str) -> None:
        try:
            self.login_utf8(user, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:  # a refusal
            raise MailboxLoginError(("NO", [f"{error}".encode()]), "OK") from error


class _GuardedClient(imaplib.IMAP4):
    """imaplib with a guarded connection, and literals of a limited size."""

    def __init__(
        self, settings: ImapSettings, guard: ConnectionGuard, context: ssl.SSLContext | None
    ) -> None:
        self._guard = guard
        self._context = context if settings.security == "tls" else None
        assert settings.host is not None, "a mailbox is polled only where a host is set"
        timeout = settings.timeout.total_seconds()
        super().__init__(settings.host, settings.server_port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        connection = self._connected(timeout)
        if self._context is None:
            return connection
        try:
            connection = self._context.wrap_socket(
                connection, server_hostname=self.host, do_handshake_on_connect=False
            )
            self._guard.watch(connection)
            connection.do_handshake()
        except (OSError, ValueError):  # ValueError for a host that can't be in a certificate
            connection.close()
            raise
        return connection

    def _connected(self, timeout: float | None) -> socket.socket:
        """Connect as `socket.create_connection` does, guarded from the beginning."""
        failure: OSError = OSError("the name has no address")
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for family, kind, protocol, _, address in found:
            connection = socket.socket(family, kind, protocol)
            self._guard.extend()
            self._guard.watch(connection)
            try:
                connection.settimeout(timeout)
                connection.connect(address)
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure

    def read(self, size: int) -> bytes:
        """Read a literal; raise `abort` for one that is too large."""
        if size > _MAX_LITERAL:
            raise self.abort(f"it announced {size} bytes where {READ_BYTES} were asked for")
        return super().read(size)

    def close_connection(self) -> None:
        """Close the connection, whatever state it is in."""
        with suppress(*_TROUBLE):
            self.shutdown()


def _explanation(error: Exception, settings: ImapSettings, guard: ConnectionGuard) -> str:
    """Return what went wrong with which server, and what to do about it."""
    address = f"{settings.host}:{settings.server_port}"
    if guard.timed_out:
        error = TimeoutError()
    match error:
        case Misconfigured():
            return f"{address}: {error}"
        case MailboxLoginError():
            return (
                f"{address} refused the login of {settings.username!r}: {server_reply(error)}; "
                f"look at {_TABLE}.username, and at the password that {_TABLE}.password_env or "
                "password_file names"
            )
        case MailboxFolderSelectError():
            return (
                f"{address} has no folder {settings.folder!r}: {server_reply(error)}; look at "
                f"{_TABLE}.folder"
            )
        case UnexpectedCommandStatusError():
            return f"{address}: {server_reply(error)}"
    return f"{address}: {_connection_trouble(error, settings)}"


def _connection_trouble(error: Exception, settings: ImapSettings) -> str:
    server = ServerTable(name=_TABLE, timeout=settings.timeout, tls_port=993, starttls_ports="143")
    if explained := server.explain(error):
        return explained
    text = shorten(one_line(str(error)), _MAX_REPLY)
    return f"the connection broke: {text or type(error).__name__}; the next poll tries again"


def server_reply(error: UnexpectedCommandStatusError) -> str:
    """Return what the server answered."""
    answer = error.command_result[1]
    parts = answer if isinstance(answer, list) else [answer]
    texts = (part.decode("utf-8", "replace") for part in parts if isinstance(part, bytes))
    reply = shorten(one_line(" ".join(texts)), _MAX_REPLY).rstrip(".")
    return reply or str(error.command_result[0])
