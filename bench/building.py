"""Building side by side with Hugo, Eleventy and Pelican, every round one after the other.

python -m bench.building [ARTICLES] [--rounds N] [--no-peers] [--search]

Prints the best and the median of each step, and the median of its ratio to
Hugo's build in the same round.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import corpus, ours
from bench.ours import Publication
from bench.peers import Peer, amp_style, peers

HUGO = "Hugo"
BOTH = "import and first build"
REBUILD = "full rebuild from the store"
RUNNING = "one changed, running process"
START = "start-up"
START_SECONDS = 0.5
BARS = {BOTH: 2.0, REBUILD: 0.75, RUNNING: 1 / 20}
"""What the steps may cost at most, in builds of Hugo's."""

_Round = dict[str, float]
"""The seconds of each step in one round."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("articles", type=int, nargs="?", default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true", help="Syndicate alone.")
    parser.add_argument("--search", action="store_true", help="With an index, which peers lack.")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        work = Path(folder)
        newest = corpus.write(work / "syndicate" / "articles", wanted.articles)
        publication = Publication.make(work / "syndicate", search=wanted.search)
        others = [] if wanted.no_peers else lay_out(work, publication)
        rounds = []
        for number in range(wanted.rounds):
            rounds.append(measure(publication, others, newest, number))
            print(f"round {number + 1} of {wanted.rounds} is done", file=sys.stderr)
        report(rounds)
        for name, output in outputs(publication, others).items():
            print(f"{name:<20} wrote {weight(output)}")


def lay_out(work: Path, publication: Publication) -> list[Peer]:
    """Lay out the peers' sites, with the AMP style that Syndicate has now."""
    sample = Publication.make(work / "sample", search=False)
    corpus.write(sample.articles, 1)
    ours.timed(sample.command("import", sample.articles), sample.root)
    ours.timed(sample.command("build"), sample.root)
    page = next(sample.output.glob("articles/*/amp/index.html"))
    return peers(work, publication.articles, amp_style(page))


def measure(publication: Publication, others: Sequence[Peer], newest: Path, number: int) -> _Round:
    """Take every step once; what is compared with Hugo's build is measured beside it."""
    times = {peer.name: peer.build() for peer in others}
    return times | from_nothing(publication) | one_changed(publication, newest, number)


def from_nothing(publication: Publication) -> _Round:
    """Import and build into an empty folder, then build again into an emptied one."""
    publication.forget()
    files = publication.command("import", publication.articles)
    build = publication.command("build")
    imported = ours.timed(files, publication.root)
    first = ours.timed(build, publication.root)
    publication.clear()
    return {
        "import": imported,
        "first build": first,
        BOTH: imported + first,
        REBUILD: ours.timed(build, publication.root),
    }


def one_changed(publication: Publication, newest: Path, number: int) -> _Round:
    """Change the newest article, which stands in the most lists and feeds, and build."""
    with publication.running() as running:
        corpus.revise(newest, f"({number}, running)")
        inside = running.publish(newest)
    corpus.revise(newest, f"({number}, command)")
    taken_in = ours.timed(publication.command("import", newest), publication.root)
    built = ours.timed(publication.command("build"), publication.root)
    return {
        RUNNING: inside["build"],
        "  its import, running process": inside["import"],
        "one changed, as a command": built,
        "  its import, as a command": taken_in,
        "nothing changed, as a command": ours.timed(publication.command("build"), publication.root),
        START: ours.timed(publication.command("--version"), publication.root),
    }


def report(rounds: Sequence[_Round]) -> None:
    """Print a line for each step."""
    print(f"\n{'':32} {'best':>8} {'median':>8} {'of Hugo':>8} {'at most':>8}")
    for step in rounds[0]:
        times = [each[step] for each in rounds]
        best, median = min(times), statistics.median(times)
        print(f"{step:32} {best:8.3f} {median:8.3f} {of_hugo(rounds, step):>8} {bar(step):>8}")
    print()


def of_hugo(rounds: Sequence[_Round], step: str) -> str:
    """Return the median of a step's ratios to Hugo's build; nothing where Hugo is left out."""
    if HUGO not in rounds[0]:
        return ""
    return f"{statistics.median(each[step] / each[HUGO] for each in rounds):.3f}"


def bar(step: str) -> str:
    """Return what a step may cost: in builds of Hugo's, or in seconds."""
    if step == START:
        return f"{START_SECONDS} s"
    return f"{BARS[step]:.3f}" if step in BARS else ""


def outputs(publication: Publication, others: Sequence[Peer]) -> dict[str, Path]:
    return {peer.name: peer.output for peer in others} | {"Syndicate": publication.output}


def weight(folder: Path) -> str:
    """Say how much a generator wrote, so that sites that differ are noticed."""
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return f"{len(sizes):7,} files {sum(sizes) / 1e6:8.1f} MB"


if __name__ == "__main__":
    main()
