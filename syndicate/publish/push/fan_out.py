"""Rounds: calls to many servers side by side, in which none holds up another.

Calls to one server are made one after another. Where nobody is there, the others aren't
tried; where they take long, the rest is left for later. A server is a scheme, a host and
a port: whoever names one must not decide about subscribers elsewhere at its host.
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
from syndicate.publish.push.ssrf_guard import literal, plain

AT_ONCE = 8
"""Servers that are called side by side."""
PATIENCE = 20
"""Seconds after which the calls to a server that are still to be made are left for later."""

Outcome = HttpReply | CallFailed | None
"""What was answered, or why nothing was; None where no call was made."""


class _Endpoint(Protocol):
    """Whatever is called at an address."""

    @property
    def callback(self) -> str: ...


_Job = TypeVar("_Job", bound=_Endpoint)


class FanOut:
    """Rounds of calls, in which servers that can't be reached, or are slow, are called once."""

    def __init__(self, stop: Event) -> None:
        """Make calls until `stop` is set."""
        self._stop = stop
        self._nobody: dict[str, NotReached] = {}
        self._slow: set[str] = set()

    def make(
        self, jobs: Iterable[_Job], call: Callable[[_Job], HttpReply]
    ) -> Iterator[tuple[_Job, Outcome]]:
        """Make one round; yield each job with what came of it, as soon as its server is done."""
        servers: dict[str, list[_Job]] = {}
        for job in jobs:
            servers.setdefault(_server(job.callback), []).append(job)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="push") as pool:
            waiting = {
                pool.submit(self._one_server, server, each, call)
                for server, each in servers.items()
            }
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for each in done:
                    yield from each.result()

    def _one_server(
        self, server: str, jobs: list[_Job], call: Callable[[_Job], HttpReply]
    ) -> list[tuple[_Job, Outcome]]:
        ends = time.monotonic() + PATIENCE
        outcomes: list[tuple[_Job, Outcome]] = []
        for job in jobs:
            if time.monotonic() > ends:
                self._slow.add(server)
            if server in self._nobody:
                outcomes.append((job, self._nobody[server]))
            elif server in self._slow or self._stop.is_set():
                outcomes.append((job, None))
            else:
                outcomes.append((job, self._one(server, job, call)))
        return outcomes

    def _one(self, server: str, job: _Job, call: Callable[[_Job], HttpReply]) -> Outcome:
        try:
            return call(job)
        except NotReached as error:
            self._nobody[server] = error
            return error
        except CallFailed as error:
            return error


def host_of(url: str) -> str:
    """Return the host of an address, as calls are counted by it: one, however it is written."""
    try:
        address = httpx.URL(url)
        host = address.raw_host.decode("ascii").lower().rstrip(".")
        for text in literal(host, address.port or 0):
            return str(plain(ip_address(text)))
    except (httpx.InvalidURL, ValueError):
        return ""
    return host


def _server(url: str) -> str:
    """Return what of an address names the server, as it is written there."""
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return url
    return f"{address.scheme}://{address.netloc.decode('ascii')}"
