"""What serving costs, side by side with nginx and with the least that ASGI could do.

python -m bench.serving [--rounds N] [--seconds S] [--row NAME] [--only SERVER]

Each server has one core, wrk another. In every round each is asked for the same, in turn;
a ratio is the median of those inside the rounds. `--only ours --row 304 --seconds 60` is
for a profiler: it names the process.
"""

import argparse
import gzip
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import brotli

from bench import corpus, load, ours
from bench.bare import get
from bench.load import Answered
from bench.ours import Publication
from bench.servers import ALIKE, BARE, NAMES, NGINX, OURS, Served, pinned, serving

OF_BARE = 1.5
"""What a request may cost at most, in requests of the bare callable."""
GROWTH = 5e6
"""How many bytes more may be resident after many different requests."""
_WARMING, _MANY = 10_000, 200_000
_ARTICLES, _ITEMS = 120, 35
"""So that rss.xml has about 200 KB."""
_FEED, _PAGE = "/rss.xml", "/"


@dataclass(frozen=True, slots=True)
class Row:
    """Something that is asked."""

    name: str
    path: str
    coding: str = "identity"
    known: bool = False
    """Whether the client has it already."""
    of_nginx: float | None = None
    """How many requests a second it should be at least, of nginx's."""
    without: str = ""
    """The server that can't do it."""


ROWS = (
    Row("200", _FEED, of_nginx=0.6),
    Row("gzip", _FEED, "gzip", of_nginx=0.25),
    Row("304", _FEED, "gzip", known=True, of_nginx=0.25),
    Row("page", _PAGE),
    Row("page-gzip", _PAGE, "gzip"),
    Row("page-br", _PAGE, "br", without=NGINX),  # nginx as it comes has no Brotli
)

_Round = dict[str, Answered]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--row", choices=[row.name for row in ROWS])
    parser.add_argument("--only", choices=NAMES)
    wanted = parser.parse_args()
    if missing := [name for name in ("nginx", "wrk") if not shutil.which(name)]:
        print(f"skipped: {' and '.join(missing)} of Debian's packages is not installed")
        return
    rows = [row for row in ROWS if wanted.row in {None, row.name}]
    with tempfile.TemporaryDirectory(prefix="bench-serving-") as folder, ExitStack() as running:
        publication = publish(Path(folder))
        cores = sorted(os.sched_getaffinity(0))
        servers = running.enter_context(serving(publication, (_FEED, _PAGE), cores[0]))
        servers = [served for served in servers if wanted.only in {None, served.name}]
        running.enter_context(pinned(cores[-1]))
        for served in servers:
            print(f"{served.name} is process {served.pid}", file=sys.stderr, flush=True)
        print(headings(publication))
        for row in rows:
            rounds = [
                measure(row, servers, publication, number, wanted.seconds)
                for number in range(wanted.rounds)
            ]
            print(line(row, rounds), flush=True)
        if not wanted.row and servers[-1].name == OURS:
            print(f"\n{memory(servers[-1], publication)}")
        print(f"load of the machine: {os.getloadavg()[0]:.1f}; above 2, rates say little")


def publish(root: Path) -> Publication:
    """Bring out a publication whose feed has 200 KB, with compressed files beside it."""
    publication = Publication.make(root / "syndicate")
    text = ours.CONFIG.replace("compress = false", "compress = true")
    text = text.replace("[syndication]", f"[syndication]\nitems = {_ITEMS}")
    publication.config.write_text(f"{text}\n[web]\npoll_limit = false\n", "utf-8")
    corpus.write(publication.articles, _ARTICLES)
    ours.timed(publication.command("import", publication.articles), publication.root)
    ours.timed(publication.command("build"), publication.root)
    return publication


def measure(
    row: Row, servers: Sequence[Served], publication: Publication, number: int, seconds: int
) -> _Round:
    """Ask each server for the row's seconds, every other round in the other order."""
    answered = {}
    for served in servers[:: -1 if number % 2 else 1]:
        if served.name != row.without:
            headers = looked_at(row, served, publication)
            answered[served.name] = load.press(served, row.path, headers, seconds)
    return answered


def looked_at(row: Row, served: Served, publication: Publication) -> dict[str, str]:
    """Return what to ask with, after one answer that was looked at is what is meant."""
    headers = {"Accept-Encoding": row.coding}
    got = get(served.port, row.path, headers)
    file = publication.output / (row.path[1:] or "index.html")
    unpack = {"gzip": gzip.decompress, "br": brotli.decompress, "identity": bytes}
    which = f"{served.name}, {row.name}"
    assert got.status == 200, f"{which}: {got.status}"
    assert got.headers.get("content-encoding", "identity") == row.coding, f"{which}: {got.headers}"
    assert unpack[row.coding](got.body) == file.read_bytes(), f"{which}: other bytes"
    if row.known:
        headers["If-None-Match"] = got.headers["etag"]
        got = get(served.port, row.path, headers)
        assert (got.status, got.body) == (304, b""), f"{which}: {got.status}"
    return headers


def headings(publication: Publication) -> str:
    sizes = {
        path: (publication.output / (path[1:] or "index.html")).stat().st_size
        for path in (_FEED, _PAGE)
    }
    names = "".join(f"{name:>9}" for name in NAMES)
    return (
        f"feed {sizes[_FEED]:,} bytes, page {sizes[_PAGE]:,}; "
        f"{load.CONNECTIONS} connections; bare has the least headers, alike all of ours\n\n"
        f"{'':10}{'requests a second':^36}{'µs of CPU a request':^36}"
        f"{'CPU of ours':>17}{'rate of ours':>15}\n"
        f"{'':10}{names}{names}{'/alike':>7}{'/bare':>6}{'≤':>4}{'/nginx':>10}{'≥':>5}"
    )


def line(row: Row, rounds: Sequence[_Round]) -> str:
    rates = [median([one[name].a_second for one in rounds if name in one]) for name in NAMES]
    costs = [
        median([one[name].computed * 1e6 for one in rounds if name in one], ".1f") for name in NAMES
    ]
    of = {
        peer: [one[OURS].computed / one[peer].computed for one in rounds if {OURS, peer} <= {*one}]
        for peer in (BARE, ALIKE)
    }
    of_nginx = [
        one[OURS].a_second / one[NGINX].a_second for one in rounds if {OURS, NGINX} <= {*one}
    ]
    return (
        f"{row.name:<10}{''.join(rates)}{''.join(costs)}{median(of[ALIKE], '.2f', 7)}"
        f"{median(of[BARE], '.2f', 6)}{OF_BARE:>4}"
        f"{median(of_nginx, '.2f', 10)}{row.of_nginx or '':>5}"
    )


def median(values: Sequence[float], form: str = ",.0f", width: int = 9) -> str:
    return f"{format(statistics.median(values), form) if values else '':>{width}}"


def memory(served: Served, publication: Publication) -> str:
    """Say how much more is resident after many requests of which each is another."""
    files = sorted(publication.output.rglob("*.*"))
    names = [file.relative_to(publication.output).as_posix() for file in files if file.is_file()]
    paths = [f"/{name.removesuffix('index.html')}" for name in names if not name.startswith(".")]
    script = publication.root / "many.lua"
    load.write_script(script, paths)
    warming = load.press_with_many(served, script, _WARMING)
    before = served.resident()
    requests = load.press_with_many(served, script, _MANY, first=warming)
    after = served.resident()
    return (
        f"memory: {before / 1e6:.1f} MB after {warming:,} requests for {len(paths):,} paths, "
        f"{after / 1e6:.1f} MB after {requests:,} more: "
        f"{(after - before) / 1e6:+.1f} MB (at most {GROWTH / 1e6:.0f})"
    )


if __name__ == "__main__":
    main()
