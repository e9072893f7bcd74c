"""Sends through a mail server: smtplib opens the session, our own dialogue runs in it.

Errors of smtplib, ssl and the socket become RelayUnavailable here.
"""

import contextlib
import re
import smtplib
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from syndicate.config import RelaySettings
from syndicate.deliver.server_connection import ServerTable, tls_context
from syndicate.deliver.smtp.dialogue import MalformedReply, ReplyParser, SessionTerms, legible
from syndicate.deliver.smtp.session import SmtpSession
from syndicate.deliver.smtp.transport import SmtpReply
from syndicate.errors import RelayUnavailable

_SIZE = re.compile(r"[0-9]{1,20}")
"""A SIZE with more digits counts as no limit (RFC 1870, 4)."""
_EXTENSIONS = ("pipelining", "smtputf8", "size", "dsn")
_RECEIVE_SIZE = 4096


@dataclass
class SmtpTransport:
    """A mail server as a Transport."""

    settings: RelaySettings
    read_password: Callable[[], str | None] = lambda: None
    """Called for each login."""
    table: str = "mail"
    """The server's table in config.toml."""

    def open(self) -> SmtpSession:
        """Connect, start TLS and log in; raise RelayUnavailable with the remedy.

        Raise SecretUnreadable, before anything else, if the password can't be read.
        """
        smtp = self._connect(self.read_password() or "")
        assert smtp.sock is not None
        size = smtp.esmtp_features.get("size", "")
        terms = SessionTerms(
            server=self.settings.address,
            extensions=frozenset(name for name in _EXTENSIONS if smtp.has_extn(name)),
            timeout=self.settings.timeout.total_seconds(),
            max_messages=self.settings.max_messages,
            max_size=int(size) if _SIZE.fullmatch(size) else 0,
            verp=self.settings.verp,
        )
        return SmtpSession(smtp.sock, terms, _validity(smtp.sock))

    def describe(self) -> str:
        """Connect without a login, and describe TLS; raise RelayUnavailable with the remedy."""
        with contextlib.closing(self._connect(password=None)) as smtp:
            if not isinstance(smtp.sock, ssl.SSLSocket):
                return "no TLS"
            validity = _validity(smtp.sock)
            if validity is None:
                return f"{smtp.sock.version()}"
            return f"{smtp.sock.version()}, and the certificate is valid until {validity[1].date()}"

    def arrived(self, message_id: str) -> bool | None:  # noqa: ARG002 - see Transport
        """Return None: a mail server doesn't know."""
        return None

    def _connect(self, password: str | None) -> "_BoundedClient":
        """Connect, and start TLS; log in, unless there is no password."""
        name, timeout = _ehlo_name(), self.settings.timeout.total_seconds()
        smtp = _BoundedClient(local_hostname=name, timeout=timeout)
        if self.settings.security == "tls":
            smtp = _TlsClient(
                local_hostname=name,
                timeout=timeout,
                context=tls_context(verify=self.settings.verify),
            )
        with contextlib.ExitStack() as on_error:
            on_error.callback(smtp.close)
            try:
                self._greet(smtp)
                if password is not None and self.settings.username is not None:
                    _log_in(smtp, self.settings.username, password)
                smtp.expect_nothing_more()
            except smtplib.SMTPResponseException as error:
                raise RelayUnavailable(self._refusal(error), error.smtp_code) from error
            except (OSError, UnicodeError, ValueError) as error:
                text = f"{self.settings.address}: {self._explanation(error)}"
                raise RelayUnavailable(text) from error
            on_error.pop_all()
        return smtp

    def _greet(self, smtp: smtplib.SMTP) -> None:
        host = self.settings.host
        smtp._host = host  # type: ignore[attr-defined] # noqa: SLF001 - the name that TLS checks; smtplib's constructor sets it only if it connects
        code, reply = smtp.connect(host, self.settings.server_port)
        if code != 220:  # noqa: PLR2004 - RFC 5321, 4.3.2: the one positive greeting
            raise smtplib.SMTPConnectError(code, reply)
        smtp.ehlo_or_helo_if_needed()
        if self.settings.security != "starttls":
            return
        if not smtp.has_extn("starttls"):
            raise RelayUnavailable(
                f"{self.settings.address} does not offer STARTTLS; in config.toml, set "
                f'{self.table}.security to "tls" (mostly port 465), or to "none" on a network '
                "that you trust"
            )
        smtp.starttls(context=tls_context(verify=self.settings.verify))
        smtp.ehlo_or_helo_if_needed()

    @property
    def _server_table(self) -> ServerTable:
        timeout = self.settings.timeout
        return ServerTable(
            name=self.table, timeout=timeout, tls_port=465, starttls_ports="587 and 25"
        )

    def _refusal(self, error: smtplib.SMTPResponseException) -> str:
        text = error.smtp_error
        reply = f"{error.smtp_code} {text if isinstance(text, str) else legible(text)}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return (
                f"{self.settings.address} refused the login of {self.settings.username!r}: "
                f"{reply}; look at {self.table}.username in config.toml, and at the password that "
                f"{self.table}.password_env or password_file names"
            )
        return (
            f"{self.settings.address} refused the connection: {reply}; {self._server_table.where}"
        )

    def _explanation(self, error: Exception) -> str:
        """Return what went wrong while connecting, and what to do about it."""
        match error:
            case smtplib.SMTPNotSupportedError():
                return (
                    f"it offers no login here; in config.toml, try another {self.table}.security, "
                    f"or drop {self.table}.username"
                )
            case UnicodeError():
                return (
                    f"{self.table}.username or its password is not ASCII, and can't be sent there"
                )
        server = self._server_table
        return server.explain(error) or f"{error}; {server.where}"


def _validity(connection: socket.socket) -> tuple[datetime, datetime] | None:
    """Return the first and the last moment of the server's certificate; None without TLS."""
    if not isinstance(connection, ssl.SSLSocket):
        return None
    if known := connection.getpeercert():  # it was verified
        starts, ends = known.get("notBefore"), known.get("notAfter")
        if isinstance(starts, str) and isinstance(ends, str):
            moments = (ssl.cert_time_to_seconds(text) for text in (starts, ends))
            first, last = (datetime.fromtimestamp(moment, UTC) for moment in moments)
            return first, last
    encoded = connection.getpeercert(binary_form=True)
    if encoded is None:
        return None
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415 - start-up

    try:
        certificate = load_der_x509_certificate(encoded)
    except ValueError:  # not a certificate that anybody would accept
        return None
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    if "PLAIN" not in smtp.esmtp_features.get("auth", "").upper().split():
        smtp.login(user, password)
        return
    # smtplib encodes passwords in ASCII
    plain = b64encode(f"\0{user}\0{password}".encode()).decode()
    code, reply = smtp.docmd("AUTH", f"PLAIN {plain}")
    if not SmtpReply(code, "").positive:
        raise smtplib.SMTPAuthenticationError(code, reply)


class _BoundedClient(smtplib.SMTP):
    """smtplib with our own parser: replies are bounded in size and in total time."""

    _parser: ReplyParser
    _parsed: socket.socket | None = None
    """The socket that the parser's bytes came from."""

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply's code and lines."""
        assert self.sock is not None
        # a new socket, such as the encrypted one, gets a new parser: what was received
        # before encryption must not count as received after it
        if self._parsed is not self.sock:
            self._parser, self._parsed = ReplyParser(), self.sock
        deadline = time.monotonic() + self.timeout
        while (complete := self._parser.next()) is None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            self.sock.settimeout(remaining)
            received = self.sock.recv(_RECEIVE_SIZE)
            if not received:
                raise ConnectionResetError("the server closed the connection")
            self._parser.feed(received)
        lines, reply = complete
        return reply.code, b"\n".join(text for _, text in lines)

    def expect_nothing_more(self) -> None:
        """Raise MalformedReply if the server sent more than its replies."""
        if self._parser.pending:
            raise MalformedReply("the server sent something unasked")


class _TlsClient(_BoundedClient, smtplib.SMTP_SSL):
    """A client for implicit TLS: encrypted from the first byte."""


@cache
def _ehlo_name() -> str:
    """Return our name for EHLO; cached, since the look-up may take seconds."""
    name = socket.getfqdn()
    return name if name.isascii() and "." in name else "[127.0.0.1]"
