"""What a build costs: the first, one with nothing new, one with one article changed.

    python bench/building.py [ARTICLES]

Prints seconds, and each as a share of the first build in the same run. The
last two stand for what `run` does whenever a file is saved.
"""

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from syndicate import clock
from syndicate.config import Config
from syndicate.model.articles import Revision
from syndicate.publish import build
from syndicate.store import Store

PARAGRAPH = (
    "<p>The harbour tram opened on Sunday, and everybody who could stand went to see it.</p>"
)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Config.model_validate(
            {
                "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
                "root": Path(folder),
            }
        )
        store = Store.open(f"sqlite:///{folder}/syndicate.db")
        now = clock.now()
        with store.write() as tx:
            for number in range(count):
                slug, at = f"article-{number}", now - timedelta(minutes=number)
                tx.articles.add(revision(number), id=slug, slug=slug, path=slug, source="", at=at)
        first = timed(store, config)
        nothing = timed(store, config)
        with store.write() as tx:
            one = tx.articles.by_slug("article-7")
            assert one is not None
            tx.articles.revise(
                one, revision(7, "changed "), slug=one.slug, path=one.path, source="", at=now
            )
        changed = timed(store, config)
        store.close()
    for name, seconds in (("first", first), ("nothing new", nothing), ("one changed", changed)):
        print(f"{count} articles, {name:12} {seconds:7.2f} s   {seconds / first:5.2f}")


def revision(number: int, more: str = "") -> Revision:
    return Revision(
        title=f"{more}Article {number}",
        body=PARAGRAPH * 20,
        section=f"Section {number % 8}",
        excerpt="The harbour tram opened on Sunday.",
    )


def timed(store: Store, config: Config) -> float:
    began = time.perf_counter()
    built = build(store, config, at=clock.now(), number=True)
    assert not built.failed, built.failed[:3]
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
