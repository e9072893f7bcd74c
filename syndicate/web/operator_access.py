"""Who may see what is for the operator: the outbox, the figures, and why something fails.

The operator names networks (`web.monitors`), a token, or both. Where neither is named, this
machine alone may look, and only while the publication isn't public: a proxy on this machine
asks for strangers, and need not say so.
"""

import base64
import binascii
import hmac
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from syndicate.config import Config
from syndicate.errors import SecretUnreadable
from syndicate.web.server.client_address import client_address, parse_address
from syndicate.web.server.loopback import is_forwarded, is_local, is_loopback, request_host

_CHALLENGE = {"www-authenticate": 'Basic realm="Syndicate", charset="UTF-8"'}
"""Has a browser ask for the token, as a password; the name is ignored."""


class OperatorAccess:
    """Tells the operator and their machines from everybody else."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._has_token = config.web.has_monitor_token
        self._named = self._has_token or bool(config.web.monitors)
        self._is_public = not all(map(_is_local_url, (config.url, config.web_url)))

    @property
    def from_elsewhere(self) -> bool:
        """Whether somebody may look who isn't on this machine."""
        return self._named

    @property
    def from_here(self) -> bool:
        """Whether this machine may look just because it is this machine."""
        return not self._named and not self._is_public

    def allows(self, request: Request) -> bool:
        """Whether a request is the operator's."""
        if not self._named:
            return self.from_here and is_local(request)
        return self._comes_from_monitor(request) or self._has_right_token(request)

    def require(self, request: Request) -> None:
        """Raise as for a page that doesn't exist, or ask for the token where there is one."""
        if self.allows(request):
            return
        if self._has_token:
            raise HTTPException(401, headers=_CHALLENGE)
        raise HTTPException(404)

    def is_asked_by_name(self, request: Request) -> bool:
        """Whether the Host field has a name that nobody else can have lead to this machine.

        A page anywhere can have a browser in a named network ask for its own host, which
        suddenly resolves to us (DNS rebinding). It can't do so for an address, for a name
        without a dot, or for the publication's own.
        """
        host = request_host(request)
        ours = {urlsplit(url).hostname for url in (self._config.url, self._config.web_url)}
        return is_loopback(host) or _is_address(host) or "." not in host or host in ours

    def _comes_from_monitor(self, request: Request) -> bool:
        """Whether a network that is named asks: itself, or through a proxy that is named."""
        known = client_address(request, self._config.web.proxies, certain=True)
        if known is None or (is_forwarded(request) and not self._names_client(request)):
            return False
        return any(known in network for network in self._config.web.monitors)

    def _names_client(self, request: Request) -> bool:
        """Whether a proxy that is named asks, and says for whom where we look for that."""
        peer = client_address(request, ())
        known = any(peer in network for network in self._config.web.proxies if peer is not None)
        return known and bool(request.headers.get("x-forwarded-for", "").strip())

    def _has_right_token(self, request: Request) -> bool:
        """Whether the token comes with a request: as a bearer's, or as the password of anybody."""
        if not self._has_token:
            return False
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            given = _password(given)
        elif scheme.lower() != "bearer":
            return False
        try:
            token = self._config.web.monitor_token(self._config.root)
        except SecretUnreadable:  # reported by `check`, and when the process begins
            return False
        return token is not None and hmac.compare_digest(given.strip().encode(), token.encode())


def _password(credentials: str) -> str:
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[2]


def _is_local_url(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def _is_address(host: str) -> bool:
    return parse_address(host) is not None
