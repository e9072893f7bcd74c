"""How the cost of publishing one article, and the memory of a full build, grow with the store.

python -m bench.growth [SMALL MIDDLE LARGE …] [--repeats N]

Each store is filled, and built once by a command whose memory is watched. Then a
process holds each open, and in turn files one new article and builds it: what is
compared is measured beside each other.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench import corpus
from bench.memory import peak
from bench.ours import Publication, Running
from syndicate.clock import EPOCH
from syndicate.config import load
from syndicate.intake.articles.source_file import ParsedArticle, parse_article, read_source_file
from syndicate.store import NewArticle, Store

PATTERNS = 200
"""How many articles are written and set at most; the store is filled with copies of them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=9)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as until_done:
        running: dict[int, Running] = {}
        for size in wanted.sizes:
            publication = Publication.make(Path(folder) / str(size))
            fill(publication, size)
            full_build(publication, size)
            running[size] = until_done.enter_context(publication.running())
        news = new_articles()
        rounds = [publish(running, news, Path(folder)) for _ in range(wanted.repeats + 1)]
        report(rounds[1:])  # the first of each warms its process up


def fill(publication: Publication, size: int) -> None:
    """Put `size` articles into an empty store, in one transaction."""
    config = load(publication.config)
    patterns = corpus.write(publication.articles, min(PATTERNS, size)).parent
    files = sorted(patterns.glob("*.md"), key=lambda file: file.stem[-6:])
    proofs = [parsed(file, publication) for file in files]
    step = (corpus.NEWEST - corpus.FIRST) / size
    store = Store.of(config)
    with store.write() as tx:
        for number, of in zip(range(size), itertools.cycle(proofs)):
            revision = replace(of.revision, date=corpus.FIRST + step * number)
            slug = f"copy-{number:06}"
            path = f"articles/{slug}.md"
            new = NewArticle(id=slug, slug=slug, path=path, source="", revision=revision)
            tx.articles.add_all([new], EPOCH)
    store.close()
    print(f"{size:,} articles are in the store", file=sys.stderr)


def parsed(file: Path, publication: Publication) -> ParsedArticle:
    config = load(publication.config)
    return parse_article(read_source_file(file, config), file.stem, config)


def full_build(publication: Publication, size: int) -> None:
    taken = peak(publication.command("build"), publication.root)
    megabytes = taken.resident / 1e6
    print(f"{size:8,} articles: full build {taken.seconds:7.1f} s, at most {megabytes:4.0f} MB")


def new_articles() -> Iterator[str]:
    """Make the texts of articles that are newer than all others."""
    for number, story in enumerate(corpus.stories(1000, seed=8), start=1):
        dated = replace(story, date=corpus.NEWEST + timedelta(minutes=number))
        yield dated.text


def publish(running: dict[int, Running], news: Iterator[str], folder: Path) -> dict[int, float]:
    """Publish the same new article in each store; return the seconds of filing and building."""
    text = next(news)
    times = {}
    for size, process in running.items():
        articles = folder / str(size) / "articles"
        file = articles / f"news-{len(list(articles.iterdir()))}.md"
        file.write_text(text, encoding="utf-8")
        times[size] = sum(process.publish(file).values())
    return times


def report(rounds: Sequence[dict[int, float]]) -> None:
    smallest = min(rounds[0])
    print(f"\nOne new article, filed and built{'best':>10} {'median':>8} {'ratio':>8}")
    for size in rounds[0]:
        times = [each[size] for each in rounds]
        ratio = statistics.median(each[size] / each[smallest] for each in rounds)
        print(
            f"{size:10,} in the store {'':10}"
            f"{min(times):9.4f} {statistics.median(times):8.4f} {ratio:8.2f}"
        )


if __name__ == "__main__":
    main()
