"""The index of topics: the position of each article in each topic, as of the last build.

Positions count from the oldest article, so that full pages don't change when articles
are added. A withdrawn article keeps its position, so that no later article moves.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from syndicate.render.topics import Topic, TopicKind, in_order

SITEMAP_TOPIC = "sitemap"
"""A hidden topic with the articles of sitemaps; its notes are their entries."""

_Description = tuple[str, int | None]
"""The spelling of a topic in its newest article, and the time of its oldest.

The time is in microseconds since the epoch; None where the topic shows no article.
"""

_LIST = "SELECT article, withdrawn, note FROM listed WHERE topic = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedArticle:
    """An article with its topics."""

    article: int
    age: int
    """The time of publication in microseconds before the epoch; the newest is the smallest."""
    id: str
    topics: tuple[tuple[str, str, str], ...]
    """Home, kind and name of each topic."""
    withdrawn: bool = False
    sitemap: str = ""
    """Its entry in a sitemap; empty where it has none."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """One line of a list."""

    article: int
    withdrawn: bool
    note: str


@dataclass(slots=True)
class TopicChange:
    """What changed in one topic: single articles, all from a certain one on, or everything."""

    updated: set[tuple[int, str]] = field(default_factory=set)
    """Age and id of articles that keep their positions."""
    moved: set[tuple[int, str]] = field(default_factory=set)
    """The same of articles that were added, removed or moved; later positions change too."""
    whole: bool = False


class TopicIndex:
    """The index of one output folder, stored in its manifest."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.changes: dict[str, TopicChange] = {}

    def clear(self) -> None:
        """Remove everything."""
        self._database.execute("DELETE FROM listed")
        self._database.execute("DELETE FROM topics")

    def add_all(self, listings: Iterable[ListedArticle]) -> None:
        """Add articles to an empty index, without recording changes."""
        self._insert(row for listing in listings for row in _rows(listing))

    def count_topics(self) -> None:
        """Count the articles of topics, after `add_all`."""
        self._database.execute(
            "INSERT OR REPLACE INTO topics"
            " SELECT topic, kind, '', count(*), sum(1 - withdrawn), NULL FROM listed GROUP BY topic"
        )
        for topic in self.topics():
            self._describe(topic.home)

    def update(self, article: int, listing: ListedArticle | None) -> None:
        """Add, move or remove one article, and record what changed."""
        query = "SELECT topic, age, id, withdrawn FROM listed WHERE article = ?"
        before = {row[0]: row[1:] for row in self._execute(query, article)}
        rows = {row[0]: row for row in _rows(listing)} if listing else {}
        for topic, (age, id_, withdrawn) in before.items():
            self._execute(
                "DELETE FROM listed WHERE topic = ? AND age = ? AND id = ?", topic, age, id_
            )
            self._add_counts(topic, -1, -(1 - withdrawn))
            if topic not in rows or rows[topic][1:3] != (age, id_):
                self.changes.setdefault(topic, TopicChange()).moved.add((age, id_))
        self._insert(rows.values())
        for topic, row in rows.items():
            self._execute(
                "INSERT OR IGNORE INTO topics VALUES (?, ?, '', 0, 0, NULL)", topic, row[4]
            )
            self._add_counts(topic, 1, 1 - row[6])
            change, position = self.changes.setdefault(topic, TopicChange()), (row[1], row[2])
            stays = topic in before and before[topic][:2] == position
            (change.updated if stays else change.moved).add(position)

    def mark_changed(self, topic: str) -> list[int]:
        """Record that all of a topic's lists change; return its articles."""
        self.changes.setdefault(topic, TopicChange()).whole = True
        rows = self._execute("SELECT article FROM listed WHERE topic = ?", topic)
        return [article for (article,) in rows]

    def update_topics(self) -> tuple[list[str], bool]:
        """Describe changed topics; return those that are empty now, and whether any differs.

        A topic whose spelling changed, or that was empty, has changed as a whole.
        """
        emptied, differ = [], False
        for topic, change in self.changes.items():
            if topic == SITEMAP_TOPIC:
                continue
            (name, since), (new_name, new_since) = self._describe(topic)
            differ |= (name, since) != (new_name, new_since)
            change.whole |= name != new_name or since is None
            if new_since is None:
                emptied.append(topic)
        self._execute("DELETE FROM topics WHERE count = 0")
        return emptied, differ

    # queries

    def topics(self) -> list[Topic]:
        """Return every topic that shows an article, in the order of lists."""
        return in_order(self._topics("home <> ?", SITEMAP_TOPIC))

    def topic(self, home: str) -> Topic | None:
        """Find a topic that shows an article."""
        return next(iter(self._topics("home = ?", home)), None)

    def largest(self, kind: TopicKind, limit: int) -> list[Topic]:
        """Return the topics of a kind with the most articles."""
        return self._topics("kind = ? ORDER BY shown DESC, home LIMIT ?", kind, limit)

    def _topics(self, condition: str, *values: object) -> list[Topic]:
        query = f"SELECT kind, name, home FROM topics WHERE shown > 0 AND {condition}"  # noqa: S608 - no input
        rows = self._execute(query, *values)
        return [Topic(kind=TopicKind(kind), name=name, home=home) for kind, name, home in rows]

    def size(self, topic: str) -> int:
        """Return how many articles a topic has, retracted ones included."""
        return self._totals(topic)[0]

    def count_shown(self, topic: str) -> int:
        """Return how many articles a topic shows."""
        return self._totals(topic)[1]

    def rows(self, topic: str, start: int, stop: int) -> list[ListRow]:
        """Return the articles at positions from `start` to before `stop`, newest first."""
        size = self.size(topic)
        stop = min(stop, size)
        return self.newest(topic, stop - start, skip=size - stop)

    def newest(self, topic: str, limit: int, *, skip: int = 0) -> list[ListRow]:
        """Return the newest articles of a topic, the newest first."""
        query = f"{_LIST} ORDER BY age, id LIMIT ? OFFSET ?"
        return [ListRow(*row) for row in self._execute(query, topic, limit, skip)]

    def chunks(self, topic: str, size: int, *, first: int = 1) -> Iterator[list[ListRow]]:
        """Iterate over articles in chunks of `size`: the oldest chunk first, each newest first.

        `first` is the number of the first chunk, counted from 1.
        """
        query = f"{_LIST} ORDER BY age DESC, id DESC LIMIT -1 OFFSET ?"
        rows = self._database.execute(query, (topic, (first - 1) * size))
        while chunk := rows.fetchmany(size):
            yield [ListRow(*row) for row in reversed(chunk)]

    def changed_pages(self, topic: str, per_page: int) -> Sequence[int]:
        """Return the numbers of changed pages, from 1, with `per_page` articles each."""
        change, size = self.changes[topic], self.size(topic)
        last = size // per_page + 1
        pages = {self._position(topic, key, size) // per_page + 1 for key in change.updated}
        first = min((self._position(topic, key, size) for key in change.moved), default=None)
        if change.whole:
            return range(1, last + 1)
        if first is None:
            return sorted(page for page in pages if page <= last)
        moved = range(first // per_page + 1, last + 1)
        return [*sorted(page for page in pages if page < moved.start), *moved] if pages else moved

    def oldest(self, topic: str) -> int:
        """Return the time of a topic's first article, in microseconds since the epoch."""
        return self._totals(topic)[3] or 0

    # statements

    def _execute(self, query: str, *values: object) -> Sequence[tuple]:  # type: ignore[type-arg]
        return self._database.execute(query, values).fetchall()

    def _insert(self, rows: Iterable[tuple]) -> None:  # type: ignore[type-arg]
        self._database.executemany("INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _add_counts(self, topic: str, count: int, shown: int) -> None:
        query = "UPDATE topics SET count = count + ?, shown = shown + ? WHERE home = ?"
        self._execute(query, count, shown, topic)

    def _totals(self, topic: str) -> tuple[int, int, str, int | None]:
        rows = self._execute("SELECT count, shown, name, since FROM topics WHERE home = ?", topic)
        return rows[0] if rows else (0, 0, "", None)

    def _describe(self, topic: str) -> tuple[_Description, _Description]:
        """Describe a topic by its articles; return the old and the new description."""
        before: _Description = self._totals(topic)[2:]
        now: _Description = ("", None)
        newest = (
            "SELECT name FROM listed WHERE topic = ? AND withdrawn = 0 ORDER BY age, id LIMIT 1"
        )
        for (name,) in self._execute(newest, topic):
            oldest = "SELECT max(age) FROM listed WHERE topic = ?"
            now = (name, -self._execute(oldest, topic)[0][0])
        self._execute("UPDATE topics SET name = ?, since = ? WHERE home = ?", *now, topic)
        return before, now

    def _position(self, topic: str, key: tuple[int, str], size: int) -> int:
        """Return the position of an article, or its former one: how many are older."""
        rows = self._execute(
            "SELECT count(*) FROM listed WHERE topic = ? AND (age, id) <= (?, ?)", topic, *key
        )
        return max(size - int(rows[0][0]), 0)


def _rows(listing: ListedArticle) -> Iterator[tuple]:  # type: ignore[type-arg]
    head = (listing.age, listing.id, listing.article)
    for home, kind, name in listing.topics:
        yield (home, *head, kind, name, int(listing.withdrawn), "")
    if listing.sitemap:
        yield (SITEMAP_TOPIC, *head, SITEMAP_TOPIC, "", int(listing.withdrawn), listing.sitemap)
