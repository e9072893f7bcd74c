"""What serving costs, side by side with nginx and with the least that ASGI could do.

python -m bench.serving [--rounds N] [--seconds S] [--row NAME] [--only SERVER]

Each server has one core, wrk another. In every round each is asked for the same, in turn;
a ratio is the median of those inside the rounds. `--only ours --row 304 --seconds 60` is
for a profiler: it names the process.
"""

import argparse
import gzip
import http.client
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import brotli

from bench import corpus, load, ours
from bench.load import Answered
from bench.ours import Publication
from bench.servers import BARE, NGINX, OURS, Served, pinned, serving

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
    servers: tuple[str, ...] = field(default=(NGINX, BARE, OURS))


ROWS = (
    Row("200", _FEED, of_nginx=0.6),
    Row("gzip", _FEED, "gzip", of_nginx=0.25),
    Row("304", _FEED, "gzip", known=True, of_nginx=0.25),
    Row("page", _PAGE),
    Row("page-gzip", _PAGE, "gzip"),
    Row("page-br", _PAGE, "br", servers=(BARE, OURS)),  # nginx as it comes has no Brotli
)

_Round = dict[str, Answered]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--row", choices=[row.name for row in ROWS])
    parser.add_argument("--only", choices=(NGINX, BARE, OURS))
    wanted = parser.parse_args()
    if missing := [name for name in ("nginx", "wrk") if not shutil.which(name)]:
        print(f"skipped: {' and '.join(missing)} of Debian's packages is not installed")
        return
    rows = [row for row in ROWS if wanted.row in {None, row.name}]
    names = [name for name in (NGINX, BARE, OURS) if wanted.only in {None, name}]
    with tempfile.TemporaryDirectory(prefix="bench-serving-") as folder, ExitStack() as running:
        publication = publish(Path(folder))
        cores = sorted(os.sched_getaffinity(0))
        with pinned(cores[0]):
            servers = [
                running.enter_context(serving(name, publication, (_FEED, _PAGE))) for name in names
            ]
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
        if not wanted.row and OURS in names:
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
    row: Row, servers: Sequence[Served], publication: Publication, number: int, seconds: float
) -> _Round:
    """Ask each server for the row's seconds, every other round in the other order."""
    answered = {}
    for served in servers[:: -1 if number % 2 else 1]:
        if served.name in row.servers:
            headers = looked_at(row, served, publication)
            answered[served.name] = load.press(served, row.path, headers, seconds)
    return answered


def looked_at(row: Row, served: Served, publication: Publication) -> dict[str, str]:
    """Return what to ask with, after one answer that was looked at is what is meant."""
    headers = {"Accept-Encoding": row.coding}
    status, told, body = get(served, row.path, headers)
    file = publication.output / (row.path[1:] or "index.html")
    unpack = {"gzip": gzip.decompress, "br": brotli.decompress, "identity": bytes}
    assert status == 200, f"{served.name} {row.name}: {status}"
    assert told.get("content-encoding", "identity") == row.coding, f"{served.name}: {told}"
    assert unpack[row.coding](body) == file.read_bytes(), f"{served.name} {row.name}: other bytes"
    if row.known:
        headers["If-None-Match"] = told["etag"]
        status, _, body = get(served, row.path, headers)
        assert (status, body) == (304, b""), f"{served.name} {row.name}: {status}"
    return headers


def get(served: Served, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("GET", path, headers={"User-Agent": "bench", **headers})
    answer = connection.getresponse()
    told = {name.lower(): value for name, value in answer.getheaders()}
    body = answer.read()
    connection.close()
    return answer.status, told, body


def headings(publication: Publication) -> str:
    sizes = {
        path: (publication.output / (path[1:] or "index.html")).stat().st_size
        for path in (_FEED, _PAGE)
    }
    return (
        f"feed {sizes[_FEED]:,} bytes, page {sizes[_PAGE]:,}; "
        f"{load.CONNECTIONS} connections, 1 core each\n\n"
        f"{'':10}{'requests a second':^27}{'µs of CPU a request':^27}"
        f"{'CPU':>6}{'at':>6}{'rate':>7}{'at':>6}\n"
        f"{'':10}{'nginx':>9}{'bare':>9}{'ours':>9}{'nginx':>9}{'bare':>9}{'ours':>9}"
        f"{'/bare':>6}{'most':>6}{'/nginx':>7}{'least':>6}"
    )


def line(row: Row, rounds: Sequence[_Round]) -> str:
    names = (NGINX, BARE, OURS)
    rates = "".join(median([one[name].a_second for one in rounds if name in one]) for name in names)
    costs = "".join(
        median([one[name].computed * 1e6 for one in rounds if name in one], ".1f") for name in names
    )
    of_bare = [one[OURS].computed / one[BARE].computed for one in rounds if {OURS, BARE} <= {*one}]
    of_nginx = [
        one[OURS].a_second / one[NGINX].a_second for one in rounds if {OURS, NGINX} <= {*one}
    ]
    return (
        f"{row.name:<10}{rates}{costs}{median(of_bare, '.2f', 6)}{OF_BARE:>6}"
        f"{median(of_nginx, '.2f', 7)}{row.of_nginx or '':>6}"
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
