"""Calls to many servers in parallel, so that no server delays another.

Calls to one server are made one after another. If it can't be reached, its remaining calls
fail as well; if it is slow, they are left for later. A server is a scheme, a host and a
port, so that one subscriber doesn't affect those at other ports of its host.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from ipaddress import ip_address
from threading import Event
from typing import Protocol, TypeVar

import httpx

from syndicate.errors import CallFailed, NotReached
from syndicate.publish.push.http_client import HttpReply
from syndicate.publish.push.ssrf_guard import numeric_addresses, unmapped

MAX_SERVERS = 8
"""Servers called at the same time."""
SERVER_TIMEOUT = 20
"""Seconds after which the remaining calls to a server are left for later."""

Outcome = HttpReply | CallFailed | None
"""The reply, or why there was none; None where no call was made."""


class _Endpoint(Protocol):
    @property
    def callback(self) -> str: ...


_Job = TypeVar("_Job", bound=_Endpoint)


class FanOut:
    """Rounds of calls until `stop`; a server that is slow or unreachable is called only once."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._unreachable: dict[str, NotReached] = {}
        self._slow: set[str] = set()

    def call_all(
        self, jobs: Iterable[_Job], call: Callable[[_Job], HttpReply]
    ) -> Iterator[tuple[_Job, Outcome]]:
        """Make one round; yield each job with its outcome, as soon as its server is done."""
        servers: dict[str, list[_Job]] = {}
        for job in jobs:
            servers.setdefault(_server(job.callback), []).append(job)
        with ThreadPoolExecutor(MAX_SERVERS, thread_name_prefix="push") as pool:
            waiting = {
                pool.submit(self._call_server, server, server_jobs, call)
                for server, server_jobs in servers.items()
            }
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()

    def _call_server(
        self, server: str, jobs: list[_Job], call: Callable[[_Job], HttpReply]
    ) -> list[tuple[_Job, Outcome]]:
        deadline = time.monotonic() + SERVER_TIMEOUT
        outcomes: list[tuple[_Job, Outcome]] = []
        for job in jobs:
            if time.monotonic() > deadline:
                self._slow.add(server)
            if server in self._unreachable:
                outcomes.append((job, self._unreachable[server]))
            elif server in self._slow or self._stop.is_set():
                outcomes.append((job, None))
            else:
                outcomes.append((job, self._call(server, job, call)))
        return outcomes

    def _call(self, server: str, job: _Job, call: Callable[[_Job], HttpReply]) -> Outcome:
        try:
            return call(job)
        except NotReached as error:
            self._unreachable[server] = error
            return error
        except CallFailed as error:
            return error


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
