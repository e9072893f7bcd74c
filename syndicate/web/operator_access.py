"""Access control for what only the operator may see: the outbox, the metrics, failure details.

The operator configures networks (`web.monitors`), a token, or both. Without either, only this
machine has access, and only while the publication isn't public: a proxy on this machine
forwards requests from anywhere, and need not say so.
"""

import base64
import hmac
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from syndicate.config import Config
from syndicate.config.loopback import is_loopback
from syndicate.errors import SecretUnreadable
from syndicate.web.server import client_address

_CHALLENGE = {"www-authenticate": 'Basic realm="Syndicate", charset="UTF-8"'}
"""Makes a browser ask for the token as a password; the user name is ignored."""


class OperatorAccess:
    """Decides whether a request is the operator's."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._has_token = bool(config.web.monitor_token_env or config.web.monitor_token_file)
        self.is_remote_allowed = self._has_token or bool(config.web.monitors)
        """Whether other machines may have access."""
        hosts = (urlsplit(url).hostname or "" for url in (config.url, config.web_url))
        self.is_local_allowed = not self.is_remote_allowed and all(map(is_loopback, hosts))
        """Whether this machine has access without a token."""

    def allows(self, request: Request) -> bool:
        """Return whether a request is the operator's."""
        if not self.is_remote_allowed:
            return self.is_local_allowed and client_address.is_local(request)
        return self._comes_from_monitor(request) or self._has_right_token(request)

    def require(self, request: Request) -> None:
        """Raise HTTPException: 401 when there is a token, else the 404 of a missing page."""
        if self.allows(request):
            return
        if self._has_token:
            raise HTTPException(401, headers=_CHALLENGE)
        raise HTTPException(404)

    def is_host_trusted(self, request: Request) -> bool:
        """Return whether the Host field can't be the work of DNS rebinding.

        A page anywhere can have a browser in a monitor's network request the page's own host,
        which then resolves to us. It can't do that for an IP address, for a name without a
        dot, or for the publication's own hosts.
        """
        host = client_address.request_host(request)
        own_hosts = {urlsplit(url).hostname for url in (self._config.url, self._config.web_url)}
        return (
            is_loopback(host)
            or client_address.parse_address(host) is not None
            or "." not in host
            or host in own_hosts
        )

    def _comes_from_monitor(self, request: Request) -> bool:
        """Return whether a monitor sent a request, directly or through a configured proxy."""
        web = self._config.web
        peer = client_address.client_address(request, ())
        is_proxy = any(peer in network for network in web.proxies if peer is not None)
        names_client = is_proxy and bool(request.headers.get("x-forwarded-for", "").strip())
        client = client_address.client_address(request, web.proxies, certain=True)
        if client is None or (client_address.is_forwarded(request) and not names_client):
            return False
        return any(client in network for network in web.monitors)

    def _has_right_token(self, request: Request) -> bool:
        """Return whether a request has the token, as a bearer token or as a password."""
        if not self._has_token:
            return False
        scheme, _, password = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                password = base64.b64decode(password, validate=True).decode().partition(":")[2]
            except ValueError:
                return False
        elif scheme.lower() != "bearer":
            return False
        try:
            token = self._config.web.monitor_token(self._config.root)
        except SecretUnreadable:  # reported by `check` and at start-up
            return False
        return token is not None and hmac.compare_digest(password.strip().encode(), token.encode())
