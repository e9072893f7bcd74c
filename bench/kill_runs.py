"""Starts a sender, kills it and starts it again, and compares its records with what arrived."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bench.fork_server import ForkServer
from bench.sender import CONNECTIONS, RESEND
from bench.sink import DOUBTFUL, Arrival, Sink
from syndicate.model.deliveries import DeliveryState

PER_RUN = 50
"""About how many messages are sent in a run before it is killed."""
_PATIENCE = 60.0
"""Seconds within which the next message has to arrive."""
_MAX_RUNS = 300
"""Runs that may be needed to finish what is left."""
_SETTLED = frozenset(
    {
        DeliveryState.ACCEPTED,
        DeliveryState.FAILED,
        DeliveryState.EXPIRED,
        DeliveryState.SKIPPED,
        DeliveryState.UNKNOWN,
    }
)


class KillableSender(Protocol):
    """A sender whose next process continues where a killed one stopped."""

    @property
    def module(self) -> str:
        """The module of the function that a run calls."""

    @property
    def edition(self) -> int:
        """The number that its messages carry."""

    @property
    def audience(self) -> int:
        """How many readers there are."""

    def call(self, number: int) -> tuple[str, *tuple[object, ...]]:
        """Return the function that run `number` calls, and its arguments."""

    def waiting(self) -> int:
        """Return how many readers' messages aren't settled."""

    def outcomes(self) -> Mapping[int, DeliveryState]:
        """Return the state of each reader's message in the sender's records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillReport:
    """The sink's log and the sender's own records after the last run."""

    kills: int
    cuts: Counter[str]
    audience: int
    arrived: Counter[int]
    """How often each reader's message was taken, by the reader's number."""
    strangers: int
    """Messages of another edition, or to another address than the reader's."""
    outcomes: Mapping[int, DeliveryState]
    faults: list[str]

    @property
    def repeated(self) -> int:
        """Messages beyond the first to the same reader."""
        return self.arrived.total() - len(self.arrived)

    @property
    def lost(self) -> int:
        """Readers who got none."""
        return self.audience - len(self.arrived)

    @property
    def unknown(self) -> set[int]:
        """Readers of whom the sender says that it can't know."""
        return {number for number, state in self.outcomes.items() if state is DeliveryState.UNKNOWN}

    @property
    def arrived_among_unknown(self) -> int:
        return len(self.unknown & self.arrived.keys())

    @property
    def doubts(self) -> int:
        """The most messages whose outcome can be unknown: those in flight at a kill or a cut."""
        return self.kills * CONNECTIONS + sum(self.cuts[step] for step in DOUBTFUL)

    def broken(self, policy: str) -> list[str]:
        """Return the promises that weren't kept."""
        accepted = {n for n, state in self.outcomes.items() if state is DeliveryState.ACCEPTED}
        promises = {
            "everybody's message has an end": len(self.outcomes) == self.audience
            and set(self.outcomes.values()) <= _SETTLED,
            "what is called accepted arrived": accepted <= self.arrived.keys(),
            "what arrived is accepted or unknown": self.arrived.keys() <= accepted | self.unknown,
            "nothing arrived for strangers": self.strangers == 0,
            "nothing was sent that the server didn't ask for": not self.faults,
        }
        if policy == RESEND:
            promises["nothing is lost"] = self.lost == 0
            promises["nothing stays unknown"] = not self.unknown
        else:
            promises["nothing is repeated"] = self.repeated == 0
            without = self.outcomes.keys() - self.arrived.keys()
            promises["who got none is called unknown"] = without <= self.unknown
            promises["no more is unknown than was in flight"] = len(self.unknown) <= self.doubts
        return [promise for promise, kept in promises.items() if not kept]


def run_and_kill(sender: KillableSender, sink: Sink, *, runs: int, seed: int) -> KillReport:
    """Kill a sender `runs` times in the middle of its work, let it finish, and report."""
    try:
        kills = kill_repeatedly(sender, sink.count, runs=runs, seed=seed)
    except AssertionError as error:
        error.add_note(f"the server noted: {sink.faults()[:3] or 'nothing amiss'}")
        raise
    return _report(sender, sink, kills)


def kill_repeatedly(
    sender: KillableSender, count: Callable[[], int], *, runs: int, seed: int, pause: float = 0.1
) -> int:
    """Kill a sender about `runs` times, then let it finish; return how often it was killed.

    `count` returns how many messages have arrived; it is called a thousand times a second. Once
    there are enough, the sender is killed within `pause` seconds, at random.
    """
    with ForkServer(sender.module) as fork_server:
        chance = random.Random(seed)
        kills, started = _kill(sender, count, fork_server, runs=runs, chance=chance, pause=pause)
        _finish(sender, fork_server, started)
    return kills


def _kill(
    sender: KillableSender,
    count: Callable[[], int],
    fork_server: ForkServer,
    *,
    runs: int,
    chance: random.Random,
    pause: float,
) -> tuple[int, int]:
    """Return how often a sender was killed, and how many runs were started."""
    kills = started = 0
    while kills < runs and started < 4 * runs and sender.waiting():
        fork_server.start(*sender.call(started))
        started += 1
        # some are killed before anything was sent
        enough = count() + chance.choice((0, *range(PER_RUN * 7 // 4)))
        until = time.monotonic() + _PATIENCE
        while count() < enough and not fork_server.has_exited(0.001):
            assert time.monotonic() < until, "the sender runs, but sends nothing"
        fork_server.has_exited(chance.uniform(0, pause))
        kills += fork_server.kill()
    return kills, started


def _finish(sender: KillableSender, fork_server: ForkServer, started: int) -> None:
    for number in range(started, started + _MAX_RUNS):
        # the last run also takes over what the killed one was sending
        if number > started and not sender.waiting():
            return
        fork_server.start(*sender.call(number))
        fork_server.wait()
    raise AssertionError(f"{sender.waiting()} messages can't be finished")


def _report(sender: KillableSender, sink: Sink, kills: int) -> KillReport:
    arrivals = sink.arrivals()
    addresses: dict[int, str] = {}
    mine = [each for each in arrivals if _is_of(each, sender, addresses)]
    return KillReport(
        kills=kills,
        cuts=sink.cuts(),
        audience=sender.audience,
        arrived=Counter(each.number for each in mine),
        strangers=len(arrivals) - len(mine),
        outcomes=sender.outcomes(),
        faults=sink.faults(),
    )


def _is_of(arrival: Arrival, sender: KillableSender, addresses: dict[int, str]) -> bool:
    """Whether a message is of this edition, and its reader always at the same address."""
    known = addresses.setdefault(arrival.number, arrival.reader)
    return arrival.edition == sender.edition and known == arrival.reader
