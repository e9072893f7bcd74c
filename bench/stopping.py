"""A stopwatch on `cancel`: from the operator's Enter to its answer, and to the last message.

python -m bench.stopping [READERS] [--connections N] [--rounds N] [--sqlite-only]

An edition is on its way from one process, to a server that takes 20 to 200 ms for each
message; then the command is run in another, its start included, until it says what had left.
That is held against the server's log: no body begins to leave after it, so what arrives later
was in flight. It ends with 1 where more arrives than that.
"""

import argparse
import json
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import ledgers, passes, yardsticks
from bench.ledgers import Ledger
from bench.sink import Manner, Sink, running

WITHIN = 1.0
"""Seconds that a stop may take."""
_UNDER_WAY = 100
"""Messages that have arrived when the command is run."""
_LOOK = 0.005
"""Seconds between looks at the server's log."""
_HERE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop, and what came of it."""

    seconds: float
    """Until the command had answered."""
    last: float
    """Until the last message arrived, both from the command's start."""
    reported: dict[str, int]
    before: int
    """Messages that had arrived by then."""
    arrived: int
    """Messages that arrived in all."""

    @property
    def holds(self) -> bool:
        """Whether no more arrived than it said had left."""
        return self.arrived <= self.reported["accepted"] + self.reported["in_flight"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readers", type=int, nargs="?", default=100_000)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sqlite-only", action="store_true", help="Without PostgreSQL.")
    wanted = parser.parse_args()
    yardsticks.end_in_order()
    broken = False
    with (
        tempfile.TemporaryDirectory(prefix="bench-stopping-") as name,
        ledgers.servers(sqlite_only=wanted.sqlite_only) as servers,
    ):
        for kind, server in servers.items():
            folder = Path(name, kind)
            folder.mkdir()
            with ledgers.database(server) as url:
                ledger = Ledger.make(folder / "ledger", url, wanted.readers)
                rounds = [one(ledger, wanted.connections) for _ in range(wanted.rounds)]
            print(verdict(kind, wanted.readers, rounds), flush=True)
            broken |= not all(stop.holds for stop in rounds)
    sys.exit(broken)


def one(frozen: Ledger, connections: int) -> Stop:
    """Begin to send, cancel, and wait for the end."""
    with frozen.copy() as ledger, running(ledger.folder / "arrived", Manner()) as sink:
        with sending(ledger.command(sink.port, connections)) as sender:
            while sink.count() < _UNDER_WAY and sender.poll() is None:
                time.sleep(_LOOK)
            began = time.monotonic()
            command = cancelling(ledger)
            last = watch(sink, lambda: answered(command), began)
            seconds, before = time.monotonic() - began, sink.count()
            reported = reported_by(command)
            last = watch(sink, lambda: sender.poll() is not None, last)
        return Stop(seconds, last - began, reported, before, sink.count())


@contextmanager
def sending(command: tuple[str, ...]) -> Iterator["subprocess.Popen[bytes]"]:
    """Hold a sender up, which ends by itself when nothing is left to send."""
    with subprocess.Popen(command, cwd=_HERE, stdout=subprocess.DEVNULL) as process:
        yield process
        if process.wait():
            raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")


def cancelling(ledger: Ledger) -> "subprocess.Popen[bytes]":
    """Run the command as an operator does."""
    words = ("--config", ledger.folder / "config.toml", "cancel", "1", "--json")
    command = passes.python("syndicate", *words)
    return subprocess.Popen(command, cwd=_HERE, stdout=subprocess.PIPE)


def answered(command: "subprocess.Popen[bytes]") -> bool:
    """Whether the command has printed something, or ended."""
    assert command.stdout
    return bool(select.select([command.stdout], [], [], 0)[0])


def reported_by(command: "subprocess.Popen[bytes]") -> dict[str, int]:
    """Return the numbers that the command printed."""
    said, _ = command.communicate()
    if command.returncode:
        raise SystemExit(f"cancel: exit {command.returncode}")
    reported: dict[str, int] = json.loads(said)
    return reported


def watch(sink: Sink, over: Callable[[], bool], last: float) -> float:
    """Wait until something is over; return when the last message arrived, or `last`."""
    count = sink.count()
    while not over():
        time.sleep(_LOOK)
        before, count = count, sink.count()
        if count > before:
            last = time.monotonic()
    return last


def verdict(kind: str, readers: int, rounds: list[Stop]) -> str:
    """Say how long the stops took, and what arrived after them."""
    seconds, last = (sorted(getattr(stop, what) for stop in rounds) for what in ("seconds", "last"))
    missed = "" if seconds[-1] < WITHIN else ": MISSED"
    broken = sum(not stop.holds for stop in rounds)
    later = max(stop.arrived - stop.before for stop in rounds)
    return (
        f"{kind:12}cancel, of {readers:,}: {statistics.median(seconds):.2f} s, "
        f"at most {seconds[-1]:.2f} (at most {WITHIN:g}{missed}); "
        f"the last message after {last[-1]:.2f} s, at most {later} after the signal; "
        + (f"MORE THAN IT REPORTED, {broken} times" if broken else "never more than it reported")
    )


if __name__ == "__main__":
    main()
