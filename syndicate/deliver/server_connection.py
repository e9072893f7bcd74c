"""Connections to a mail server or a mailbox that config.toml names: TLS, and why one failed."""

import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta

_NOT_VALID_YET, _EXPIRED = 9, 10
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


def tls_context(*, verify: bool) -> ssl.SSLContext:
    """Return what TLS needs; without `verify` any certificate will do."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTable:
    """The table of config.toml that has a server's settings, for errors that name them."""

    name: str
    timeout: timedelta
    tls_port: int
    """The usual port of `security = "tls"`."""
    starttls_ports: str

    @property
    def where(self) -> str:
        """Where to look for a mistake."""
        return f"look at {self.name}.host and {self.name}.port in config.toml"

    def explain(self, error: Exception) -> str:
        """Return why no connection could be made, and what to do; empty for any other error."""
        match error:
            case ssl.SSLCertVerificationError():
                remedy = (
                    f"in config.toml, {self.name}.host must be a name that the certificate is for, "
                    "and its issuer known to this machine (SSL_CERT_FILE names further ones)"
                )
                if error.verify_code in {_NOT_VALID_YET, _EXPIRED}:
                    remedy = "have it renewed there, unless the clock of this machine is wrong"
                return (
                    f"its certificate is not accepted: {error.verify_message}; {remedy}; "
                    f"{self.name}.verify = false takes any certificate, on a network that you trust"
                )
            case ssl.SSLError():
                return (
                    f"no TLS: {error.reason or error}; {self.name}.security in config.toml is "
                    f'"tls" for port {self.tls_port}, "starttls" for {self.starttls_ports}'
                )
            case socket.gaierror():
                return f"the name can't be looked up ({error.strerror}); {self.where}"
            case ConnectionRefusedError():
                return f"nothing listens there; is the server running? {self.where}"
            case TimeoutError():
                return (
                    f"no answer within {self.timeout.total_seconds():g} s; {self.where}, at "
                    f'{self.name}.security (port {self.tls_port} speaks "tls" alone), and at '
                    "firewalls between"
                )
        return ""
