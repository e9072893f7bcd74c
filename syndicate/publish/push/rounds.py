"""Rounds: calls to many hosts side by side, in which no host holds up another.

Calls to one host are made one after another. Where one of them finds nobody, the others
aren't tried; where they take long, the rest is left for the next round.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Event
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from syndicate.errors import CallFailed
from syndicate.publish.push.calls import Reply

_Job = TypeVar("_Job")

AT_ONCE = 8
"""Hosts that are called side by side."""
PATIENCE = 20
"""Seconds after which the calls to a host that are still to be made wait for the next round."""

Outcome = Reply | CallFailed | None
"""What was answered, or why nothing was; None where no call was made."""


class Round(Generic[_Job]):
    """One round of calls."""

    def __init__(
        self, call: Callable[[_Job], Reply], address: Callable[[_Job], str], stop: Event
    ) -> None:
        """Make calls with `call`, each to the host of an `address`, until `stop` is set."""
        self._call = call
        self._address = address
        self._stop = stop

    def make(self, jobs: Iterable[_Job]) -> Iterator[tuple[_Job, Outcome]]:
        """Make the calls; yield each job with what came of it, as soon as its host is done."""
        hosts: dict[str, list[_Job]] = {}
        for job in jobs:
            hosts.setdefault(host_of(self._address(job)), []).append(job)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="push") as pool:
            waiting = {pool.submit(self._one_host, each) for each in hosts.values()}
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for each in done:
                    yield from each.result()

    def _one_host(self, jobs: list[_Job]) -> list[tuple[_Job, Outcome]]:
        ends = time.monotonic() + PATIENCE
        nobody: CallFailed | None = None
        outcomes: list[tuple[_Job, Outcome]] = []
        for job in jobs:
            if nobody is not None:
                outcomes.append((job, nobody))
            elif self._stop.is_set() or time.monotonic() > ends:
                outcomes.append((job, None))
            else:
                try:
                    outcomes.append((job, self._call(job)))
                except CallFailed as error:
                    nobody = error
                    outcomes.append((job, error))
        return outcomes


def host_of(url: str) -> str:
    """Return the host of an address in small letters, as calls are counted by it."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
