"""A sender's lives: begun, killed, begun again, and what came of it all."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bench.nursery import Nursery
from bench.sender import CONNECTIONS, RESEND
from bench.sink import DOUBTFUL, Arrival, Sink
from syndicate.model.deliveries import DeliveryState

EACH = 50
"""Messages of a life, about."""
_PATIENCE = 60.0
"""Seconds in which some message has to arrive."""
_MOST = 300
"""Lives that may be needed to finish what is left."""
_SETTLED = frozenset(
    {
        DeliveryState.ACCEPTED,
        DeliveryState.FAILED,
        DeliveryState.EXPIRED,
        DeliveryState.SKIPPED,
        DeliveryState.UNKNOWN,
    }
)


class Mortal(Protocol):
    """A sender that lives on in the next process."""

    @property
    def module(self) -> str:
        """Where the function is that a life calls."""

    @property
    def edition(self) -> int:
        """The number that its messages carry."""

    @property
    def audience(self) -> int:
        """How many readers there are."""

    def life(self, number: int) -> tuple[str, *tuple[object, ...]]:
        """Return the function to call, and with what, in its life of a number."""

    def waiting(self) -> int:
        """Return how many readers something is still to come for."""

    def stand(self) -> Mapping[int, DeliveryState]:
        """Return where each reader's message stands, as far as the sender knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the sink's log and the sender's own records say when all is over."""

    kills: int
    cuts: Counter[str]
    audience: int
    arrived: Counter[int]
    """How often each reader's message was taken, by the reader's number."""
    strangers: int
    """Messages of another edition, or to another address than the reader's."""
    stand: Mapping[int, DeliveryState]
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
        return {number for number, state in self.stand.items() if state is DeliveryState.UNKNOWN}

    @property
    def arrived_among_unknown(self) -> int:
        return len(self.unknown & self.arrived.keys())

    @property
    def doubts(self) -> int:
        """How many messages nobody could know of at most: those in flight when something broke."""
        return self.kills * CONNECTIONS + sum(self.cuts[step] for step in DOUBTFUL)

    def broken(self, policy: str) -> list[str]:
        """Return which promises were not kept; none, where all is well."""
        accepted = {n for n, state in self.stand.items() if state is DeliveryState.ACCEPTED}
        promises = {
            "everybody's message has an end": len(self.stand) == self.audience
            and set(self.stand.values()) <= _SETTLED,
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
            without = self.stand.keys() - self.arrived.keys()
            promises["who got none is called unknown"] = without <= self.unknown
            promises["no more is unknown than was in flight"] = len(self.unknown) <= self.doubts
        return [promise for promise, kept in promises.items() if not kept]


def run(sender: Mortal, sink: Sink, *, lives: int, seed: int) -> Told:
    """Kill a sender so many times in the middle of its work, let it finish, and look."""
    try:
        kills = live_and_die(sender, sink.count, lives=lives, seed=seed)
    except AssertionError as error:
        error.add_note(f"the server noted: {sink.faults()[:3] or 'nothing amiss'}")
        raise
    return _told(sender, sink, kills)


def live_and_die(
    sender: Mortal, count: Callable[[], int], *, lives: int, seed: int, pause: float = 0.1
) -> int:
    """Kill a sender so many times, then let it finish; return how often it was killed in its work.

    `count` says how many messages arrived so far, and is asked a thousand times a second.
    When there are enough it has up to `pause` seconds more, by chance.
    """
    with Nursery(sender.module) as nursery:
        chance = random.Random(seed)
        kills, begun = _kill(sender, count, nursery, lives=lives, chance=chance, pause=pause)
        _finish(sender, nursery, begun)
    return kills


def _kill(
    sender: Mortal,
    count: Callable[[], int],
    nursery: Nursery,
    *,
    lives: int,
    chance: random.Random,
    pause: float,
) -> tuple[int, int]:
    """Return how often a sender was killed, and how many lives were begun."""
    kills = begun = 0
    while kills < lives and begun < 4 * lives and sender.waiting():
        nursery.begin(*sender.life(begun))
        begun += 1
        # some die young, before anything left
        enough = count() + chance.choice((0, *range(EACH * 7 // 4)))
        until = time.monotonic() + _PATIENCE
        while count() < enough and not nursery.ended(0.001):
            assert time.monotonic() < until, "the sender lives, and sends nothing"
        nursery.ended(chance.uniform(0, pause))
        kills += nursery.kill()
    return kills, begun


def _finish(sender: Mortal, nursery: Nursery, begun: int) -> None:
    for number in range(begun, begun + _MOST):
        # whoever comes last also takes over what the one before was killed at
        if number > begun and not sender.waiting():
            return
        nursery.begin(*sender.life(number))
        nursery.wait()
    raise AssertionError(f"{sender.waiting()} messages can't be finished")


def _told(sender: Mortal, sink: Sink, kills: int) -> Told:
    arrivals = sink.arrivals()
    addresses: dict[int, str] = {}
    mine = [each for each in arrivals if _is_of(each, sender, addresses)]
    return Told(
        kills=kills,
        cuts=sink.cuts(),
        audience=sender.audience,
        arrived=Counter(each.number for each in mine),
        strangers=len(arrivals) - len(mine),
        stand=sender.stand(),
        faults=sink.faults(),
    )


def _is_of(arrival: Arrival, sender: Mortal, addresses: dict[int, str]) -> bool:
    """Whether a message is of this edition, and its reader always at the same address."""
    known = addresses.setdefault(arrival.number, arrival.reader)
    return arrival.edition == sender.edition and known == arrival.reader
