"""Calls to many servers in parallel, so that no server delays another.

Calls to one server are made one after another. If it can't be reached, its remaining calls
fail as well; if it is slow, they are left for later. A server is a scheme, a host and a
port, so that one subscriber doesn't affect those at other ports of its host.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from ipaddress import ip_address
from threading import Event
from typing import TypeVar

import httpx

from syndicate.errors import CallFailed, NotReached
from syndicate.publish.push.ssrf_guard import numeric_addresses, unmapped
from syndicate.store import OutgoingCall

MAX_SERVERS = 8
"""Servers called at the same time."""
SERVER_TIMEOUT = 20
"""Seconds after which the remaining calls to a server are left for later."""

_Reply = TypeVar("_Reply")


class FanOut:
    """Rounds of calls until `stop`; a server that is slow or unreachable is called only once."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._unreachable: dict[str, NotReached] = {}
        self._slow: set[str] = set()

    def make_all(
        self, calls: Iterable[OutgoingCall], make: Callable[[OutgoingCall], _Reply]
    ) -> Iterator[tuple[OutgoingCall, _Reply | CallFailed | None]]:
        """Make one round; yield each call as soon as its server is done.

        With it comes what `make` returned, or its error; None where the call was not made.
        """
        servers: dict[str, list[OutgoingCall]] = {}
        for call in calls:
            servers.setdefault(_server(call.endpoint), []).append(call)
        with ThreadPoolExecutor(MAX_SERVERS, thread_name_prefix="push") as pool:
            rounds = [
                pool.submit(self._call_server, server, server_calls, make)
                for server, server_calls in servers.items()
            ]
            for finished in as_completed(rounds):
                yield from finished.result()

    def _call_server(
        self, server: str, calls: list[OutgoingCall], make: Callable[[OutgoingCall], _Reply]
    ) -> list[tuple[OutgoingCall, _Reply | CallFailed | None]]:
        deadline = time.monotonic() + SERVER_TIMEOUT
        outcomes: list[tuple[OutgoingCall, _Reply | CallFailed | None]] = []
        for call in calls:
            if time.monotonic() > deadline:
                self._slow.add(server)
            outcome: _Reply | CallFailed | None = self._unreachable.get(server)
            if not (outcome or server in self._slow or self._stop.is_set()):
                try:
                    outcome = make(call)
                except CallFailed as error:
                    outcome = error
                    if isinstance(error, NotReached):
                        self._unreachable[server] = error
            outcomes.append((call, outcome))
        return outcomes


def host_of(url: str) -> str:
    """Return the normalised host of a URL: the same however it is written; empty for no URL."""
    try:
        address = httpx.URL(url)
        host = address.raw_host.decode("ascii").lower().rstrip(".")
        for text in numeric_addresses(host, address.port or 0):
            return str(unmapped(ip_address(text)))
    except (httpx.InvalidURL, ValueError):
        return ""
    return host


def _server(url: str) -> str:
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return url
    return f"{address.scheme}://{address.netloc.decode('ascii')}"
