"""Calls: what we ask of other servers over HTTP, and for how long we let them hold us.

Redirects are not followed, proxies of the environment are ignored, and the time that
a call may take is of the whole call: a server that sends a byte now and then gains nothing.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from syndicate import __version__
from syndicate.errors import CallFailed, NotReached
from syndicate.publish.push.ssrf_guard import (
    Network,
    Resolver,
    judge,
    judge_connection,
    literal,
    reachable,
    resolve,
)

LIMIT = 64 * 1024
"""Bytes of an answer that are read; what comes after is not waited for."""
_PORTS = 2**16
"""The first number that is no port; systems take it for another one, and don't say so."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    """As it was sent, at most `LIMIT` bytes."""


class HttpClient:
    """Calls other servers; several threads may share one."""

    def __init__(
        self,
        *,
        allowed: Sequence[Network] | None = (),
        timeout: float = 10,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Call public addresses, and those in networks that are `allowed`; None allows all.

        `timeout` is of a whole call, in seconds. Certificates are checked against `tls`.
        """
        self._allowed = allowed
        self._timeout = timeout
        self._resolver = resolver
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._agent = f"Syndicate/{__version__}"

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> HttpReply:
        """Ask for what is at an address; raise CallFailed where no answer came.

        Of that, NotReached says that there was no connection either.
        """
        return self._call("GET", url, headers or {}, None)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpReply:
        """Send a body to an address; raise CallFailed, or NotReached, as `get` does."""
        return self._call("POST", url, headers, body)

    def check(self, url: str) -> None:
        """Raise CallFailed where an address is never called, whatever its name leads to."""
        address = _parsed(url)
        host, port = address.raw_host.decode("ascii"), address.port or 0
        for text in literal(host, port):
            judge(ip_address(text), host, self._allowed)

    def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> HttpReply:
        address = _parsed(url)
        sent = {
            "Host": address.netloc.decode("ascii"),
            "User-Agent": self._agent,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **headers,
        }
        if body is not None:
            sent["Content-Length"] = str(len(body))
        encoded = _encoded(sent)
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
                return HttpReply(response.status, _decoded(response.headers), _body(response))
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise backend.failed(f"no answer within {self._timeout:g} s") from error
        except (CallFailed, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise backend.failed(_said(error)) from error


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to addresses that may be called, until the deadline of one call."""

    def __init__(
        self, allowed: Sequence[Network] | None, deadline: float, resolver: Resolver
    ) -> None:
        self._allowed = allowed
        self._deadline = deadline
        self._resolver = resolver
        self._connected = False

    def failed(self, reason: str) -> CallFailed:
        """Put a failure of the call into words."""
        return CallFailed(reason) if self._connected else NotReached(reason)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is all the time there is
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that answers; each has its share of the time."""
        found = reachable(
            host.strip("[]"),
            port,
            allowed=self._allowed,
            within=_left(self._deadline),
            resolver=self._resolver,
        )
        for left, address in zip(range(len(found), 0, -1), found, strict=True):
            try:
                opened = socket.create_connection(
                    (str(address), port), _left(self._deadline) / left
                )
            except OSError:
                if left == 1:
                    raise
                continue
            try:
                judge_connection(opened, host, self._allowed)
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except BaseException:
                opened.close()
                raise
            self._connected = True
            return _TimedStream(opened, self._deadline)
        raise CallFailed(f"{host} can't be reached")


class _TimedStream(httpcore.NetworkStream):
    """A connection that ends with the time of its call."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Wait for bytes; raise TimeoutError."""
        self._connection.settimeout(_left(self._deadline))
        return self._connection.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send bytes; raise TimeoutError, or WriteError: then an answer may be there already."""
        rest = memoryview(buffer)
        while rest:
            self._connection.settimeout(_left(self._deadline))
            try:
                rest = rest[self._connection.send(rest) :]
            except TimeoutError:
                raise
            except OSError as error:
                raise httpcore.WriteError(error) from error

    def close(self) -> None:
        """Give the connection up."""
        self._connection.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Speak TLS from here on, with the server of that name and no other."""
        self._connection.settimeout(_left(self._deadline))
        try:
            secured = ssl_context.wrap_socket(self._connection, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002
        """Know nothing of itself, as httpcore allows."""
        return None


def _parsed(url: str) -> httpx.URL:
    """Read an address; raise CallFailed where it is none that can be called."""
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise CallFailed(f"{url!r} is no address: {error}") from error
    if address.scheme not in {"http", "https"} or not address.raw_host:
        raise CallFailed(f"{url!r} is no address of http or https")
    if address.port is not None and not 0 < address.port < _PORTS:
        raise CallFailed(f"{url!r} names port {address.port}, and there is none of that number")
    if address.userinfo:
        raise CallFailed("an address with a name or password in it is not called")
    return address


def _said(error: Exception) -> str:
    """Return what the system says of a failure, without its number."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text or "the connection broke"


def _left(deadline: float) -> float:
    """Return the seconds until then; raise TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    try:
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
    except UnicodeEncodeError as error:
        raise CallFailed(
            f"a header has {error.object[error.start]!r}, which can't be sent"
        ) from error


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Return headers by name; one that comes twice is joined, as RFC 9110 (5.3) has it."""
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _body(response: httpcore.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) >= LIMIT:
            break
    return bytes(body[:LIMIT])
