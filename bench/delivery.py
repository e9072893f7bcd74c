"""What a delivery costs, side by side with smtp-source, a plain sender and nodemailer.

python -m bench.delivery [--rounds N] [--messages N] [--quick] [--no-npm] [--sqlite-only]

Messages of 60 KB of HTML with 30 personal places, and text, go to Debian's smtp-sink. Each
pass of ours hands over an edition, its ledger kept on a disk, in a process of its own; before
it, or after it in every other round, smtp-source sends one constant message as often over as
many connections. A ratio is the median of those of such pairs; a row's best is at 10, 20 or
40 connections. Peers keep no ledger, and send a tenth as much. The processor's time is the
sender's, without the sink's and the database server's.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import ledgers, messages, passes, peers, yardsticks
from bench.ledgers import POSTGRESQL, SQLITE, Ledger
from bench.passes import Sent
from syndicate.deliver.message.crypto_mb import load_library

CONNECTIONS = (10, 20, 40)
TIMES_PLAIN, TIMES_POOL = 8.0, 5.0
"""How many messages of the peers' there are to be in the time of theirs, at least."""
PLAIN, POOL = "plain: Jinja, smtplib threads", "nodemailer's pool"
_SHARE = 10


@dataclass(frozen=True, slots=True)
class Way:
    """A sender, and what it is to reach."""

    name: str
    send: Callable[[int, int], Sent]
    """Over so many connections so many messages."""
    least: float | None = None
    """How many messages there are to be, of smtp-source's in the same time."""
    goal: float | None = None
    computing: float | None = None
    """The seconds of processor for a message that are the goal."""
    share: int = 1
    """One of how many of a pass's messages it sends."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A pass of a way, and smtp-source's beside it."""

    ours: Sent
    theirs: Sent

    @property
    def ratio(self) -> float:
        return self.ours.rate / self.theirs.rate


_Pairs = dict[tuple[str, int], list[Pair]]
"""By the way's name and the connections."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=10_000, help="In a pass of ours.")
    parser.add_argument("--quick", action="store_true", help="See that it works; no figures.")
    parser.add_argument("--no-npm", action="store_true", help="Without nodemailer.")
    parser.add_argument("--sqlite-only", action="store_true", help="Without PostgreSQL.")
    wanted = parser.parse_args()
    if why := yardsticks.missing():
        print(f"skipped: {why}")
        return
    yardsticks.end_in_order()
    rounds, connections = (1, (10,)) if wanted.quick else (wanted.rounds, CONNECTIONS)
    count = 200 if wanted.quick else wanted.messages
    with tempfile.TemporaryDirectory(prefix="bench-delivery-") as name, ExitStack() as running:
        folder = Path(name)
        message = write_message(folder)
        port = running.enter_context(yardsticks.sink())
        servers = running.enter_context(ledgers.servers(sqlite_only=wanted.sqlite_only))
        ways = [*ours(folder, servers, port, count, running), plain(port)]
        if not wanted.no_npm:
            ways += pool(folder, port)
        found: _Pairs = {(way.name, each): [] for way in ways for each in connections}
        flushes = []
        for number in range(rounds):
            flushes.append(yardsticks.flush(folder))
            for each in connections:
                for way in ways:
                    taken = pair(way, each, count, port, message, first=number % 2 == 0)
                    found[way.name, each].append(taken)
            print(f"round {number + 1} of {rounds} is over", file=sys.stderr, flush=True)
        print(headings(flushes, message, count))
        report(ways, found, connections)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")


def write_message(folder: Path) -> Path:
    """Write a message as the edition's readers get it, for smtp-source; return the file."""
    news = messages.prepare("news", messages.markers())
    file = folder / "message.eml"
    file.write_bytes(news.whole(41).replace(b"\r\n", b"\n"))
    return file


def ours(
    folder: Path, servers: dict[str, str], port: int, count: int, running: ExitStack
) -> Iterator[Way]:
    """Freeze an edition on each database, and say in which ways it is handed over."""
    made = {}
    for name, server in servers.items():
        url = running.enter_context(ledgers.database(server))
        made[name] = Ledger.make(folder / name, url, count)
    rsa, ed25519 = ledgers.write_keys(folder)

    def way(database: str, *keys: Path) -> Callable[[int, int], Sent]:
        def send(connections: int, _: int) -> Sent:
            with made[database].copy() as ledger:
                return ledger.send(port, connections, keys)

        return send

    yield Way("ours, SQLite", way(SQLITE), 0.85, 1.0, 100e-6)
    if POSTGRESQL in made:
        yield Way("ours, PostgreSQL", way(POSTGRESQL), 0.85, 1.0, 100e-6)
    yield Way("ours, RSA", way(SQLITE, rsa), 0.65, 0.75, 420e-6)
    yield Way("ours, Ed25519", way(SQLITE, ed25519), 0.85)
    yield Way("ours, both", way(SQLITE, rsa, ed25519))


def plain(port: int) -> Way:
    """Say how mail is sent by hand."""

    def send(connections: int, count: int) -> Sent:
        return passes.run(passes.python("bench.handmade", port, connections, count))

    return Way(PLAIN, send, share=_SHARE)


def pool(folder: Path, port: int) -> Iterator[Way]:
    """Say how nodemailer sends, where it is."""
    try:
        node = peers.nodemailer()
    except peers.Missing as reason:
        print(f"nodemailer is left out: {reason}")
        return
    said = messages.content(messages.expressions())
    file = folder / "said.json"
    mail = {"subject": said.subject, "html": said.html, "text": said.text}
    file.write_text(json.dumps(mail), encoding="utf-8")

    def send(connections: int, count: int) -> Sent:
        return passes.run((*node, str(file), str(port), str(connections), str(count)))

    yield Way(POOL, send, share=_SHARE)


def pair(way: Way, connections: int, count: int, port: int, message: Path, *, first: bool) -> Pair:
    """Let smtp-source send first, or last, and the way beside it."""
    theirs = yardsticks.constant(port, message, connections, count) if first else None
    sent = way.send(connections, count // way.share)
    return Pair(sent, theirs or yardsticks.constant(port, message, connections, count))


# what comes out


def headings(flushes: Sequence[float], message: Path, count: int) -> str:
    said = message.read_bytes().replace(b"\n", b"\r\n")
    signing = "eight at once (crypto_mb)" if load_library() else "one by one (OpenSSL)"
    return (
        f"{yardsticks.describe_flushes(flushes)}\n"
        f"{count:,} messages of {len(said):,} bytes a pass; "
        f"medians of {len(flushes)} rounds\n"
        f"RSA signatures: {signing}\n"
    )


def report(ways: Sequence[Way], found: _Pairs, connections: Sequence[int]) -> None:
    """Print a line for each number of connections, each way's best, and what is to be reached."""
    print(
        f"{'':32}{'connections':>12}{'messages/s':>12}{'smtp-source':>12}{'ratio':>8}"
        f"{'µs of CPU':>11}{'resident MB':>13}"
    )
    best = {}
    for way in ways:
        for each in connections:
            print(line(way, each, found[way.name, each]))
        best[way.name] = max(connections, key=lambda each: ratio(found[way.name, each]))
    print()
    for way in ways:
        print(verdict(way, best[way.name], found[way.name, best[way.name]]))
    for name, bar in ((PLAIN, TIMES_PLAIN), (POOL, TIMES_POOL)):
        if name in best:
            times = times_of(found, (ways[0].name, best[ways[0].name]), (name, best[name]))
            print(f"{ways[0].name} is {times:.1f} times {name} ({against_bar(times, bar)})")


def line(way: Way, connections: int, taken: Sequence[Pair]) -> str:
    rate = statistics.median(one.ours.rate for one in taken)
    theirs = statistics.median(one.theirs.rate for one in taken)
    resident = max(one.ours.resident for one in taken)
    return (
        f"{way.name:32}{connections:12}{rate:12,.0f}{theirs:12,.0f}{ratio(taken):8.2f}"
        f"{cost(taken) * 1e6:11,.0f}{resident / 1e6:13,.0f}"
    )


def verdict(way: Way, connections: int, taken: Sequence[Pair]) -> str:
    text = f"{way.name:32}{ratio(taken):6.2f} of smtp-source -d, {connections} connections"
    if way.least is not None:
        goal = f", goal {way.goal}" if way.goal else ""
        text += f" ({against_bar(ratio(taken), way.least)}{goal})"
    text += f"; {cost(taken) * 1e6:,.0f} µs of CPU a message"
    return text + (f" (goal {way.computing * 1e6:.0f})" if way.computing else "")


def against_bar(value: float, bar: float) -> str:
    return f"at least {bar:g}{'' if value >= bar else ': MISSED'}"


def ratio(taken: Sequence[Pair]) -> float:
    return statistics.median(one.ratio for one in taken)


def cost(taken: Sequence[Pair]) -> float:
    return statistics.median(one.ours.cost for one in taken)


def times_of(found: _Pairs, one: tuple[str, int], other: tuple[str, int]) -> float:
    """Return how many messages of one way there are to one of another, in the median round."""
    both = zip(found[one], found[other], strict=True)
    return statistics.median(ours.ratio / theirs.ratio for ours, theirs in both)


if __name__ == "__main__":
    main()
