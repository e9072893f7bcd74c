"""The way out to a mail server: smtplib opens the session, our own transactions run in it.

The one door for what smtplib, ssl and the socket raise.
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
from syndicate.deliver.smtp.conversation import SessionTerms
from syndicate.deliver.smtp.relay import SmtpReply
from syndicate.deliver.smtp.replies import MalformedReply, ReplyReader, legible
from syndicate.deliver.smtp.session import SmtpSession
from syndicate.errors import RelayUnavailable

_SIZE = re.compile(r"[0-9]{1,20}")
"""RFC 1870, 4: a longer number is no limit that anybody reaches."""
_EXTENSIONS = ("pipelining", "smtputf8", "size")


class SmtpTransport:
    """A mail server that takes our messages."""

    def __init__(
        self,
        settings: RelaySettings,
        secret: Callable[[], str | None] = lambda: None,
        *,
        table: str = "mail",
    ) -> None:
        """Take where the server is, and what reads the password each time it logs in."""
        self.settings = settings
        self._read_secret = secret
        self._table = table
        self._server = settings.address
        self._timeout = settings.timeout.total_seconds()

    @classmethod
    def all_of(cls, config: Config) -> tuple[Self, ...]:
        """Return the relays of a publication."""
        return tuple(
            cls(
                each,
                partial(each.password, config.root),
                table=f"mail.relays.{each.name}" if config.mail.relays else "mail",
            )
            for each in config.mail.servers
        )

    def open(self) -> SmtpSession:
        """Connect, protect the connection, log in; raise RelayUnavailable with the remedy.

        SecretUnreadable, before anything else, where the password can't be read.
        """
        secret = self._read_secret() or ""
        smtp = self._opened(lambda smtp: self._log_in(smtp, secret))
        assert smtp.sock is not None
        return SmtpSession(smtp.sock, self._terms(smtp))

    def describe(self) -> str:
        """Connect without logging in; return what protects the connection.

        Raise RelayUnavailable with the remedy.
        """
        smtp = self._opened(lambda _: None)
        try:
            return _protection(smtp.sock)
        finally:
            smtp.close()

    def arrived(self, message_id: str) -> bool | None:  # noqa: ARG002 - a relay's question
        """Return None: a mail server can't be asked."""
        return None

    def __str__(self) -> str:
        return self._server

    # how

    def _opened(self, log_in: "Callable[[_BoundedClient], None]") -> "_BoundedClient":
        smtp = self._dialogue()
        try:
            with self._explained():
                self._connect(smtp)
                log_in(smtp)
                smtp.nothing_else()
        except RelayUnavailable:
            smtp.close()
            raise
        return smtp

    def _key(self, name: str) -> str:
        """Name a key of this server, as mistakes in the config are told."""
        return f"{self._table}.{name}"

    def _where(self) -> str:
        """Say where it is configured that and how this server is reached."""
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

    def _dialogue(self) -> "_BoundedClient":
        name = _our_name()
        if self.settings.security is Security.TLS:
            return _TlsClient(local_hostname=name, timeout=self._timeout, context=self._tls())
        return _PlainClient(local_hostname=name, timeout=self._timeout)

    def _connect(self, smtp: smtplib.SMTP) -> None:
        host = self.settings.host
        smtp._host = host  # type: ignore[attr-defined] # noqa: SLF001 - the name that TLS checks; smtplib sets it only when connecting at once
        code, said = smtp.connect(host, self.settings.server_port)
        if code != 220:  # noqa: PLR2004 - RFC 5321, 4.3.2: the one greeting that welcomes
            raise smtplib.SMTPConnectError(code, said)
        smtp.ehlo_or_helo_if_needed()
        if self.settings.security is not Security.STARTTLS:
            return
        if not smtp.has_extn("starttls"):
            raise RelayUnavailable(
                f"{self._server} does not offer STARTTLS; in config.toml, set "
                f'{self._key("security")} to "tls" (mostly port 465), or to "none" on a network '
                "that you trust"
            )
        smtp.starttls(context=self._tls())
        smtp.ehlo_or_helo_if_needed()

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self.settings.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _log_in(self, smtp: smtplib.SMTP, secret: str) -> None:
        user = self.settings.username
        if user is None:
            return
        if "PLAIN" in smtp.esmtp_features.get("auth", "").upper().split():
            # smtplib's own can't say a password beyond ASCII
            plain = b64encode(f"\0{user}\0{secret}".encode()).decode()
            code, said = smtp.docmd("AUTH", f"PLAIN {plain}")
            if not SmtpReply(code, "").positive:
                raise smtplib.SMTPAuthenticationError(code, said)
        else:
            smtp.login(user, secret)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error
            words = said if isinstance(said, str) else legible(said)
            answer = f"{error.smtp_code} {words}"
            raise RelayUnavailable(self._refusal(error, answer), error.smtp_code) from error
        except (OSError, UnicodeError, ValueError) as error:
            raise RelayUnavailable(f"{self._server}: {self._trouble(error)}") from error

    def _refusal(self, error: smtplib.SMTPResponseException, answer: str) -> str:
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return (
                f"{self._server} refused the login of {self.settings.username!r}: {answer}; look "
                f"at {self._key('username')} in config.toml, and at the password that "
                f"{self._key('password_env')} or password_file names"
            )
        return f"{self._server} does not take us on: {answer}; {self._where()}"

    def _trouble(self, error: Exception) -> str:
        """Say what went wrong while connecting, and what to do about it."""
        key = self._key
        match error:
            case ssl.SSLCertVerificationError():
                said = (
                    f"its certificate is not accepted: {error.verify_message}; in config.toml, "
                    f"{key('host')} must be a name that the certificate is for, and its issuer "
                    "known to this machine (SSL_CERT_FILE names further ones); "
                    f"{key('verify')} = false takes any certificate, on a network that you trust"
                )
            case ssl.SSLError():
                said = (
                    f"no TLS: {error.reason or error}; {key('security')} in config.toml is "
                    '"tls" for port 465, "starttls" for 587 and 25'
                )
            case smtplib.SMTPNotSupportedError():
                said = (
                    f"it offers no login here; in config.toml, try another {key('security')}, "
                    f"or drop {key('username')}"
                )
            case socket.gaierror():
                said = f"the name can't be looked up ({error.strerror}); {self._where()}"
            case ConnectionRefusedError():
                said = f"nothing listens there; is the server running? {self._where()}"
            case TimeoutError():
                said = (
                    f"no answer within {self._timeout:g} s; {self._where()}, at {key('security')} "
                    '(port 465 speaks "tls" alone), and at firewalls between'
                )
            case UnicodeError():
                said = f"{key('username')} or its password can't be sent there: beyond ASCII"
            case _:
                said = f"{error}; {self._where()}"
        return said


class _BoundedClient(smtplib.SMTP):
    """smtplib, reading with our own reader: bounded in size, and in time as a whole."""

    _reader: tuple[socket.socket, ReplyReader] | None = None

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply."""
        assert self.sock is not None
        # another socket, such as the encrypted one, has another reader: what was
        # said before encryption is never taken for what was said after it
        if self._reader is None or self._reader[0] is not self.sock:
            self._reader = (self.sock, ReplyReader(self.sock))
        return self._reader[1].read(self.timeout)

    def nothing_else(self) -> None:
        """Raise Garbled for what was said that nobody asked for."""
        if self._reader is not None and self._reader[1].pending:
            raise MalformedReply("the server spoke out of turn")


class _PlainClient(_BoundedClient):
    """Unencrypted, at least to begin with."""


class _TlsClient(_BoundedClient, smtplib.SMTP_SSL):
    """Encrypted from the first byte."""


def _protection(connection: socket.socket | None) -> str:
    """Describe TLS and certificate of a connection."""
    if not isinstance(connection, ssl.SSLSocket):
        return "no TLS"
    ends = (connection.getpeercert() or {}).get("notAfter")
    if not isinstance(ends, str):
        return f"{connection.version()}"
    day = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC).date()
    return f"{connection.version()}, and the certificate is valid until {day}"


@cache
def _our_name() -> str:
    """Return what EHLO calls us; looked up once, since that may take seconds."""
    name = socket.getfqdn()
    return name if name.isascii() and "." in name else "[127.0.0.1]"
