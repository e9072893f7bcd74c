"""What an edition for a million readers costs: the freeze, the memory, and each message.

python -m bench.million [READERS] [--connections N] [--seconds S] [--rounds N] [--quick]
                        [--sqlite-only]

Messages of 60 KB go to Debian's smtp-sink. What a message costs with all of them in the ledger
is measured beside another ledger of 10,000: in turn, some seconds of the one and all of the
other, each time from a fresh copy. Then all of it is sent, and the process watched.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import ledgers, memory, yardsticks
from bench.audience import FREEZE_SECONDS
from bench.ledgers import POSTGRESQL, SQLITE, Ledger
from bench.passes import Sent

FREEZE_GOALS = {SQLITE: 1.5, POSTGRESQL: 3.0}
"""Seconds that the freeze of a million is to take at best."""
RESIDENT, RESIDENT_GOAL, GROWTH = 200.0, 120.0, 10.0
"""Megabytes that the sender may have at most, is to have at best, and may gain on its way."""
DEARER = 1.2
"""What a message may cost at most, in those of the small ledger."""
FEW = 10_000
_LOOK, _ASK = 0.25, 3.0
"""Every so many seconds the process is looked at, and the ledger asked how far it is."""
_LAST = 8
"""Looks that count as the end: the very last may find it leaving."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What came out, and what it was to be."""

    what: str
    value: float
    unit: str
    most: float
    goal: float | None = None
    more: str = ""

    def __str__(self) -> str:
        goal = f", goal {self.goal:.3g}" if self.goal else ""
        missed = ": MISSED" if self.value > self.most else ""
        return (
            f"{self.what:22}{self.value:8.2f} {self.unit:6}"
            f"(at most {self.most:.3g}{missed}{goal}) {self.more}"
        ).rstrip()


@dataclass(frozen=True, slots=True)
class Look:
    """The sender on its way."""

    share: float
    """Of what it has to send."""
    resident: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readers", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0, help="Of the large one, each round.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="See that it works; no figures.")
    parser.add_argument("--sqlite-only", action="store_true", help="Without PostgreSQL.")
    wanted = parser.parse_args()
    if why := yardsticks.missing():
        print(f"skipped: {why}")
        return
    yardsticks.end_in_order()
    if wanted.quick:
        wanted.readers, wanted.rounds, wanted.seconds = 3000, 1, 1.0
    with tempfile.TemporaryDirectory(prefix="bench-million-") as name, ExitStack() as running:
        port = running.enter_context(yardsticks.sink())
        servers = running.enter_context(ledgers.servers(sqlite_only=wanted.sqlite_only))
        for kind, server in servers.items():
            folder = Path(name, kind)
            folder.mkdir()
            with ledgers.database(server) as large, ledgers.database(server) as small:
                for row in measure(kind, folder, (large, small), port, wanted):
                    print(f"{kind:12}{row}", flush=True)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")


def measure(
    kind: str, folder: Path, urls: tuple[str, str], port: int, wanted: argparse.Namespace
) -> Iterator[Figure | str]:
    """Go through everything on one database, and say what came out."""
    large = Ledger.make(folder / "large", urls[0], wanted.readers)
    millions = wanted.readers / 1_000_000
    yield Figure(
        what=f"{wanted.readers:,} frozen",
        value=large.frozen,
        unit="s",
        most=FREEZE_SECONDS[kind] * millions,
        goal=FREEZE_GOALS[kind] * millions,
    )
    few = max(1, min(FEW, wanted.readers // 2))
    small = Ledger.make(folder / "small", urls[1], few)
    flushes, pairs = list[float](), list[tuple[Sent, Sent]]()
    for number in range(wanted.rounds):
        flushes.append(yardsticks.flush(folder))
        pairs.append(pair(large, small, port, wanted, first=number % 2 == 0))
    yield yardsticks.describe_flushes(flushes)
    yield from costs(wanted.readers, few, pairs)
    yield from resident(*whole(large, port, wanted.connections))


def pair(
    large: Ledger, small: Ledger, port: int, wanted: argparse.Namespace, *, first: bool
) -> tuple[Sent, Sent]:
    """Send some of the large ledger, and all of a small one before or after it."""

    def some() -> Sent:
        with large.copy() as ledger:
            sent = ledger.send(port, wanted.connections, seconds=wanted.seconds)
        if not sent.count:
            raise SystemExit(f"nothing was sent in {wanted.seconds:g} s: give it more --seconds")
        return sent

    def all_of_few() -> Sent:
        with small.copy() as ledger:
            return ledger.send(port, wanted.connections)

    if first:
        return some(), all_of_few()
    few = all_of_few()
    return some(), few


def whole(ledger: Ledger, port: int, connections: int) -> tuple[list[Look], int]:
    """Send all of it; return what was seen, and how many that were."""
    share, asked = 0.0, 0.0
    looks = []
    command = ledger.command(port, connections)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if time.monotonic() - asked > _ASK:
                share, asked = ledger.accepted() / ledger.readers, time.monotonic()
            looks.append(Look(share, memory.resident(process.pid)))
            time.sleep(_LOOK)
    if process.returncode or ledger.accepted() != ledger.readers:
        raise SystemExit(f"{ledger.accepted():,} of {ledger.readers:,} were accepted")
    looks = [look for look in looks if look.resident]  # it was there still
    return looks, ledger.readers


# what comes out


def costs(readers: int, few: int, pairs: Sequence[tuple[Sent, Sent]]) -> Iterator[Figure]:
    """Say what a message costs in the large ledger, in those of the small one."""
    kinds: dict[str, Callable[[Sent], float]] = {
        "time": lambda sent: sent.seconds / sent.count,
        "processor": lambda sent: sent.cost,
    }
    for what, of in kinds.items():
        ratio = statistics.median(of(large) / of(small) for large, small in pairs)
        large, small = (statistics.median(map(of, side)) * 1e6 for side in zip(*pairs, strict=True))
        yield Figure(
            what=f"a message's {what}",
            value=ratio,
            unit="times",
            most=DEARER,
            more=f"{large:,.0f} µs with {readers:,}, {small:,.0f} with {few:,}",
        )


def resident(looks: Sequence[Look], sent: int) -> Iterator[Figure]:
    """Say what memory the sender had: at a tenth, at half and at the end of its way."""
    last = max(look.resident for look in looks[-_LAST:])
    at = [
        next((look.resident for look in looks if look.share >= part), last) for part in (0.1, 0.5)
    ]
    at.append(last)
    yield Figure(
        what="most memory",
        value=max(look.resident for look in looks) / 1e6,
        unit="MB",
        most=RESIDENT,
        goal=RESIDENT_GOAL,
        more=f"{sent:,} sent; at 10 %, 50 %, 100 %: " + ", ".join(f"{one / 1e6:.0f}" for one in at),
    )
    yield Figure(what="memory gained", value=(at[-1] - at[0]) / 1e6, unit="MB", most=GROWTH)


if __name__ == "__main__":
    main()
