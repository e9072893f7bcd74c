"""The HTTP client for calls to other servers.

It follows no redirects and ignores proxies of the environment. Its timeout is for the whole
call, so that a server can't prolong it by sending single bytes.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from syndicate import __version__
from syndicate.errors import CallFailed, NotReached
from syndicate.publish.push import ssrf_guard

MAX_BODY = 64 * 1024
"""Bytes of a reply that are read; the rest is ignored."""
_PORT_LIMIT = 2**16
"""Systems silently turn numbers from here on into other ports."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The reply of a server."""

    status: int
    headers: Mapping[str, str]
    """By name, whatever its case; repeated ones are joined (RFC 9110, 5.3)."""
    body: bytes
    """At most `MAX_BODY` bytes, undecoded."""

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class HttpClient:
    """Calls other servers; safe for several threads."""

    def __init__(
        self,
        *,
        allowed: ssrf_guard.Allowed = (),
        timeout: float = 10,
        resolver: ssrf_guard.Resolver = ssrf_guard.resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Call public addresses, and those in `allowed` networks; None allows all.

        `timeout` is for a whole call, in seconds. `tls` verifies certificates.
        """
        self._allowed = allowed
        self._timeout = timeout
        self._resolver = resolver
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._agent = f"Syndicate/{__version__}"

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> HttpReply:
        """Send a GET; raise CallFailed without a reply, NotReached without a connection."""
        return self._call("GET", url, headers or {}, None)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpReply:
        """Send a POST; raise CallFailed or NotReached, as `get` does."""
        return self._call("POST", url, headers, body)

    def check(self, url: str) -> None:
        """Raise CallFailed for a URL that is never called, however its host resolves."""
        address = _parse(url)
        host, port = address.raw_host.decode("ascii"), address.port or 0
        for text in ssrf_guard.numeric_addresses(host, port):
            ssrf_guard.check_address(ip_address(text), host, self._allowed)

    def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> HttpReply:
        address = _parse(url)
        length = {} if body is None else {"Content-Length": str(len(body))}
        encoded = self._encode_headers(address, {**headers, **length})
        backend = _GuardedBackend(self._allowed, time.monotonic() + self._timeout, self._resolver)
        target = httpcore.URL(
            scheme=address.raw_scheme,
            host=address.raw_host,
            port=address.port,
            target=address.raw_path,
        )
        try:
            with (
                httpcore.ConnectionPool(self._tls, network_backend=backend) as pool,
                pool.stream(method, target, headers=encoded, content=body) as response,
            ):
                received = bytearray()
                for chunk in response.iter_stream():
                    received += chunk
                    if len(received) >= MAX_BODY:
                        break
                headers = httpx.Headers(response.headers, "latin-1")
                return HttpReply(response.status, headers, bytes(received[:MAX_BODY]))
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise backend.failure(f"no reply within {self._timeout:g} s") from error
        except (CallFailed, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            text = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise backend.failure(text or "the connection broke") from error

    def _encode_headers(
        self, address: httpx.URL, headers: Mapping[str, str]
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers of a call, with those that every call has."""
        common = {
            "Host": address.netloc.decode("ascii"),
            "User-Agent": self._agent,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        try:
            return httpx.Headers({**common, **headers}, "latin-1").raw
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            raise CallFailed(f"a header has {character!r}, which can't be sent") from error


@dataclass(slots=True)
class _GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to permitted addresses, until the deadline of one call."""

    allowed: ssrf_guard.Allowed
    deadline: float
    resolver: ssrf_guard.Resolver
    connected: bool = False

    def failure(self, reason: str) -> CallFailed:
        return CallFailed(reason) if self.connected else NotReached(reason)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline applies
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that accepts; each has its share of the time."""
        resolved = ssrf_guard.resolve_allowed(
            host.strip("[]"),
            port,
            allowed=self.allowed,
            within=_remaining(self.deadline),
            resolver=self.resolver,
        )
        for left, address in zip(range(len(resolved), 0, -1), resolved, strict=True):
            try:
                opened = socket.create_connection(
                    (str(address), port), _remaining(self.deadline) / left
                )
            except OSError:
                if left == 1:
                    raise
                continue
            try:
                ssrf_guard.check_connection(opened, host, self.allowed)
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except BaseException:
                opened.close()
                raise
            self.connected = True
            return _TimedStream(opened, self.deadline)
        raise CallFailed(f"{host} can't be reached")


@dataclass(slots=True)
class _TimedStream(httpcore.NetworkStream):
    connection: socket.socket
    deadline: float

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        self.connection.settimeout(_remaining(self.deadline))
        return self.connection.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send bytes; raise TimeoutError, or WriteError, after which a reply may still arrive."""
        rest = memoryview(buffer)
        while rest:
            self.connection.settimeout(_remaining(self.deadline))
            try:
                rest = rest[self.connection.send(rest) :]
            except TimeoutError:
                raise
            except OSError as error:
                raise httpcore.WriteError(error) from error

    def close(self) -> None:
        self.connection.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        self.connection.settimeout(_remaining(self.deadline))
        try:
            secured = ssl_context.wrap_socket(self.connection, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return _TimedStream(secured, self.deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002
        return None


def _parse(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise CallFailed(f"{url!r} is not a URL: {error}") from error
    if address.scheme not in {"http", "https"} or not address.raw_host:
        raise CallFailed(f"{url!r} is not an http or https URL")
    if address.port is not None and not 0 < address.port < _PORT_LIMIT:
        raise CallFailed(f"{url!r} has port {address.port}, which is not a port number")
    if address.userinfo:
        raise CallFailed("a URL with a user name or password is not called")
    return address


def _remaining(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
