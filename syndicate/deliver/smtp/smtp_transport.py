"""Sends through a mail server: smtplib opens the session, our own dialogue runs in it.

Errors of smtplib, ssl and the socket become RelayUnavailable here.
"""

import contextlib
import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache, partial
from typing import Self

from syndicate.config import Config, RelaySettings, Security
from syndicate.deliver.smtp.dialogue import SessionTerms
from syndicate.deliver.smtp.reply_parser import MalformedReply, ReplyReader, legible
from syndicate.deliver.smtp.session import SmtpSession
from syndicate.deliver.smtp.transport import SmtpReply
from syndicate.errors import RelayUnavailable

_SIZE = re.compile(r"[0-9]{1,20}")
"""A SIZE with more digits counts as no limit (RFC 1870, 4)."""
_EXTENSIONS = ("pipelining", "smtputf8", "size")


class SmtpTransport:
    """A mail server as a Transport."""

    def __init__(
        self,
        settings: RelaySettings,
        read_password: Callable[[], str | None] = lambda: None,
        *,
        table: str = "mail",
    ) -> None:
        """Call `read_password` for each login; `table` is the server's table in config.toml."""
        self.settings = settings
        self._read_password = read_password
        self._table = table
        self._server = settings.address
        self._timeout = settings.timeout.total_seconds()

    @classmethod
    def all_of(cls, config: Config) -> tuple[Self, ...]:
        """Return the relays of a publication."""
        return tuple(
            cls(
                server,
                partial(server.password, config.root),
                table=f"mail.relays.{server.name}" if config.mail.relays else "mail",
            )
            for server in config.mail.servers
        )

    def open(self) -> SmtpSession:
        """Connect, start TLS and log in; raise RelayUnavailable with the remedy.

        Raise SecretUnreadable, before anything else, if the password can't be read.
        """
        password = self._read_password() or ""
        smtp = self._connected(lambda smtp: self._log_in(smtp, password))
        assert smtp.sock is not None
        return SmtpSession(smtp.sock, self._terms(smtp))

    def describe(self) -> str:
        """Connect without a login, and describe TLS; raise RelayUnavailable with the remedy."""
        with contextlib.closing(self._connected(lambda _: None)) as smtp:
            return _describe_tls(smtp.sock)

    def arrived(self, message_id: str) -> bool | None:  # noqa: ARG002 - see Transport
        """Return None: a mail server doesn't know."""
        return None

    def _connected(self, log_in: "Callable[[_BoundedClient], None]") -> "_BoundedClient":
        smtp = self._client()
        try:
            with self._errors_explained():
                self._connect(smtp)
                log_in(smtp)
                smtp.expect_nothing_more()
        except RelayUnavailable:
            smtp.close()
            raise
        return smtp

    def _key(self, name: str) -> str:
        return f"{self._table}.{name}"

    def _where(self) -> str:
        return f"look at {self._key('host')} and {self._key('port')} in config.toml"

    def _terms(self, smtp: smtplib.SMTP) -> SessionTerms:
        size = smtp.esmtp_features.get("size", "")
        return SessionTerms(
            server=self._server,
            extensions=frozenset(name for name in _EXTENSIONS if smtp.has_extn(name)),
            timeout=self._timeout,
            max_messages=self.settings.max_messages,
            max_size=int(size) if _SIZE.fullmatch(size) else 0,
        )

    def _client(self) -> "_BoundedClient":
        name = _ehlo_name()
        if self.settings.security is Security.TLS:
            context = self._tls_context()
            return _TlsClient(local_hostname=name, timeout=self._timeout, context=context)
        return _BoundedClient(local_hostname=name, timeout=self._timeout)

    def _connect(self, smtp: smtplib.SMTP) -> None:
        host = self.settings.host
        smtp._host = host  # type: ignore[attr-defined] # noqa: SLF001 - the name that TLS checks; smtplib's constructor sets it only if it connects
        code, reply = smtp.connect(host, self.settings.server_port)
        if code != 220:  # noqa: PLR2004 - RFC 5321, 4.3.2: the one positive greeting
            raise smtplib.SMTPConnectError(code, reply)
        smtp.ehlo_or_helo_if_needed()
        if self.settings.security is not Security.STARTTLS:
            return
        if not smtp.has_extn("starttls"):
            raise RelayUnavailable(
                f"{self._server} does not offer STARTTLS; in config.toml, set "
                f'{self._key("security")} to "tls" (mostly port 465), or to "none" on a network '
                "that you trust"
            )
        smtp.starttls(context=self._tls_context())
        smtp.ehlo_or_helo_if_needed()

    def _tls_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self.settings.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _log_in(self, smtp: smtplib.SMTP, password: str) -> None:
        user = self.settings.username
        if user is None:
            return
        if "PLAIN" in smtp.esmtp_features.get("auth", "").upper().split():
            # smtplib encodes passwords in ASCII
            plain = b64encode(f"\0{user}\0{password}".encode()).decode()
            code, reply = smtp.docmd("AUTH", f"PLAIN {plain}")
            if not SmtpReply(code, "").positive:
                raise smtplib.SMTPAuthenticationError(code, reply)
        else:
            smtp.login(user, password)

    @contextlib.contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except smtplib.SMTPResponseException as error:
            text = error.smtp_error
            reply = f"{error.smtp_code} {text if isinstance(text, str) else legible(text)}"
            raise RelayUnavailable(self._refusal(error, reply), error.smtp_code) from error
        except (OSError, UnicodeError, ValueError) as error:
            raise RelayUnavailable(f"{self._server}: {self._explanation(error)}") from error

    def _refusal(self, error: smtplib.SMTPResponseException, reply: str) -> str:
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return (
                f"{self._server} refused the login of {self.settings.username!r}: {reply}; look "
                f"at {self._key('username')} in config.toml, and at the password that "
                f"{self._key('password_env')} or password_file names"
            )
        return f"{self._server} refused the connection: {reply}; {self._where()}"

    def _explanation(self, error: Exception) -> str:
        """Return what went wrong while connecting, and what to do about it."""
        key = self._key
        match error:
            case ssl.SSLCertVerificationError():
                text = (
                    f"its certificate is not accepted: {error.verify_message}; in config.toml, "
                    f"{key('host')} must be a name that the certificate is for, and its issuer "
                    "known to this machine (SSL_CERT_FILE names further ones); "
                    f"{key('verify')} = false takes any certificate, on a network that you trust"
                )
            case ssl.SSLError():
                text = (
                    f"no TLS: {error.reason or error}; {key('security')} in config.toml is "
                    '"tls" for port 465, "starttls" for 587 and 25'
                )
            case smtplib.SMTPNotSupportedError():
                text = (
                    f"it offers no login here; in config.toml, try another {key('security')}, "
                    f"or drop {key('username')}"
                )
            case socket.gaierror():
                text = f"the name can't be looked up ({error.strerror}); {self._where()}"
            case ConnectionRefusedError():
                text = f"nothing listens there; is the server running? {self._where()}"
            case TimeoutError():
                text = (
                    f"no answer within {self._timeout:g} s; {self._where()}, at {key('security')} "
                    '(port 465 speaks "tls" alone), and at firewalls between'
                )
            case UnicodeError():
                text = f"{key('username')} or its password is not ASCII, and can't be sent there"
            case _:
                text = f"{error}; {self._where()}"
        return text


class _BoundedClient(smtplib.SMTP):
    """smtplib with our own reader: replies are bounded in size and in total time."""

    _reader: tuple[socket.socket, ReplyReader] | None = None

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply's code and lines."""
        assert self.sock is not None
        # a new socket, such as the encrypted one, gets a new reader: what was received
        # before encryption must not count as received after it
        if self._reader is None or self._reader[0] is not self.sock:
            self._reader = (self.sock, ReplyReader(self.sock))
        return self._reader[1].read(self.timeout)

    def expect_nothing_more(self) -> None:
        """Raise MalformedReply if the server sent more than its replies."""
        if self._reader is not None and self._reader[1].pending:
            raise MalformedReply("the server sent something unasked")


class _TlsClient(_BoundedClient, smtplib.SMTP_SSL):
    """A client for implicit TLS: encrypted from the first byte."""


def _describe_tls(connection: socket.socket | None) -> str:
    if not isinstance(connection, ssl.SSLSocket):
        return "no TLS"
    ends = (connection.getpeercert() or {}).get("notAfter")
    if not isinstance(ends, str):
        return f"{connection.version()}"
    day = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC).date()
    return f"{connection.version()}, and the certificate is valid until {day}"


@cache
def _ehlo_name() -> str:
    """Return our name for EHLO; cached, since the look-up may take seconds."""
    name = socket.getfqdn()
    return name if name.isascii() and "." in name else "[127.0.0.1]"
