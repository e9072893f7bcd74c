"""A publication held open: reads names of files, files and builds each, prints the seconds.

python -m bench.running CONFIG
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from syndicate import clock
from syndicate.config import Config, load
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportOutcome
from syndicate.publish.build.publisher import Publisher
from syndicate.store import Store


def main(path: Path) -> None:
    config = load(path)
    store = Store.of(config)
    bring_out = partial(build_all, store, config)
    say({"build": seconds(bring_out)})
    for line in sys.stdin:
        take_in = partial(file_one, store, config, Path(line.rstrip("\n")))
        say({"import": seconds(take_in), "build": seconds(bring_out)})
    store.close()


def file_one(store: Store, config: Config, file: Path) -> None:
    for filed in import_articles(store, config, [file], at=clock.now()):
        assert filed.outcome in {ImportOutcome.NEW, ImportOutcome.REVISED}, filed


def build_all(store: Store, config: Config) -> None:
    built = Publisher(store, config).publish(clock.now(), number=True)
    assert not built.failed, built.failed[:3]


def seconds(step: Callable[[], None]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def say(times: dict[str, float]) -> None:
    print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
