"""Lists: which article stands where in which topic, as of the last build.

Positions count from the oldest article, so that what is full stays as it is while
new articles come. A withdrawn article keeps its position: nothing after it moves.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from syndicate.render.topics import Topic, TopicKind

CHUNKS = "sitemap"
"""The hidden topic of what sitemaps name; its notes are their entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedArticle:
    """An article as lists know it."""

    article: int
    age: int
    """The time of its publication in microseconds before the epoch: the newest is the least."""
    id: str
    topics: tuple[tuple[str, str, str], ...]
    """Home, kind and name of each topic that it is in."""
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
    """What has changed in one topic: single places, all from one place on, or the whole."""

    places: set[tuple[int, str]] = field(default_factory=set)
    moved: set[tuple[int, str]] = field(default_factory=set)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class _TopicDescription:
    """What readers are told of a topic: its newest article's spelling, and since when it is."""

    name: str = ""
    since: int | None = None
    """In microseconds since the epoch; None where the topic shows nothing."""


class TopicIndex:
    """The lists of one output folder, kept in its manifest."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.changes: dict[str, TopicChange] = {}

    def clear(self) -> None:
        """Begin anew."""
        self._database.execute("DELETE FROM listed")
        self._database.execute("DELETE FROM topics")

    def fill(self, listings: Iterable[ListedArticle]) -> None:
        """List articles that are in no list yet, without noting changes."""
        self._insert(row for listing in listings for row in _rows(listing))

    def count(self) -> None:
        """Count the topics, after `fill`."""
        self._database.execute(
            "INSERT OR REPLACE INTO topics"
            " SELECT topic, kind, '', count(*), sum(1 - withdrawn), NULL FROM listed GROUP BY topic"
        )
        for topic in self.topics():
            self._describe(topic.home)

    def place(self, article: int, listing: ListedArticle | None) -> None:
        """Bring one article to its places, or out of all lists, and note what that changes."""
        query = "SELECT topic, age, id, withdrawn FROM listed WHERE article = ?"
        before = {
            topic: (age, id_, gone) for topic, age, id_, gone in self._execute(query, article)
        }
        rows = {row[0]: row for row in _rows(listing)} if listing else {}
        for topic, (age, id_, gone) in before.items():
            self._execute(
                "DELETE FROM listed WHERE topic = ? AND age = ? AND id = ?", topic, age, id_
            )
            self._grow(topic, -1, -(1 - gone))
            if topic not in rows or rows[topic][1:3] != (age, id_):
                self._change(topic).moved.add((age, id_))
        self._insert(rows.values())
        for topic, row in rows.items():
            self._begin(topic, row[4])
            self._grow(topic, 1, 1 - row[6])
            change, now = self._change(topic), (row[1], row[2])
            stays = topic in before and before[topic][:2] == now
            (change.places if stays else change.moved).add(now)

    def settle(self) -> tuple[list[str], bool]:
        """Describe the topics that changed; return those gone, and whether others are offered.

        A topic that is spelt otherwise, or is back, has changed as a whole.
        """
        gone, differ = [], False
        for topic, change in self.changes.items():
            if topic == CHUNKS:
                continue
            before, now = self._describe(topic)
            differ |= before != now
            change.whole = before.name != now.name or before.since is None
            if now.since is None:
                gone.append(topic)
        self._execute("DELETE FROM topics WHERE count = 0")
        return gone, differ

    # looking

    def topics(self) -> list[Topic]:
        """Return every topic that shows something, in the order readers are offered them."""
        rows = self._database.execute(
            "SELECT kind, name, home FROM topics WHERE shown > 0 AND home <> ? ORDER BY home",
            (CHUNKS,),
        )
        found = [Topic(kind=TopicKind(kind), name=name, home=home) for kind, name, home in rows]
        order = {kind: rank for rank, kind in enumerate(TopicKind)}
        return sorted(
            found, key=lambda topic: (order[topic.kind], topic.name.casefold(), topic.home)
        )

    def topic(self, home: str) -> Topic | None:
        """Find a topic that shows something."""
        row = self._database.execute(
            "SELECT kind, name, home FROM topics WHERE home = ? AND shown > 0", (home,)
        ).fetchone()
        return row and Topic(kind=TopicKind(row[0]), name=row[1], home=row[2])

    def largest(self, kind: TopicKind, limit: int) -> list[Topic]:
        """Return the topics of a kind with the most articles."""
        rows = self._database.execute(
            "SELECT kind, name, home FROM topics WHERE kind = ? AND shown > 0"
            " ORDER BY shown DESC, home LIMIT ?",
            (kind, limit),
        )
        return [Topic(kind=TopicKind(kind), name=name, home=home) for kind, name, home in rows]

    def size(self, topic: str) -> int:
        """Return how many places a topic has, those of withdrawn articles among them."""
        return self._sizes(topic)[0]

    def shown(self, topic: str) -> int:
        """Return how many articles a topic shows."""
        return self._sizes(topic)[1]

    def rows(self, topic: str, start: int, stop: int) -> list[ListRow]:
        """Return the places from `start` to `stop`, oldest first."""
        size = self.size(topic)
        stop = min(stop, size)
        rows = self._execute(
            "SELECT article, withdrawn, note FROM listed WHERE topic = ?"
            " ORDER BY age, id LIMIT ? OFFSET ?",
            topic,
            stop - start,
            size - stop,
        )
        return [ListRow(article, bool(gone), note) for article, gone, note in rows][::-1]

    def chunks(self, topic: str, size: int, *, first: int = 1) -> Iterator[list[ListRow]]:
        """Iterate over places of a topic, oldest first, so many at a time.

        It begins with chunk number `first`, counted from 1.
        """
        rows = self._database.execute(
            "SELECT article, withdrawn, note FROM listed WHERE topic = ?"
            " ORDER BY age DESC, id DESC LIMIT -1 OFFSET ?",
            (topic, (first - 1) * size),
        )
        while chunk := rows.fetchmany(size):
            yield [ListRow(article, bool(gone), note) for article, gone, note in chunk]

    def dirty(self, topic: str, per_page: int) -> Sequence[int]:
        """Return the pages, counted from 1, that changed where a page has so many places."""
        change, size = self.changes[topic], self.size(topic)
        last = size // per_page + 1
        pages = {self._position(topic, place, size) // per_page + 1 for place in change.places}
        first = min((self._position(topic, place, size) for place in change.moved), default=None)
        if change.whole:
            return range(1, last + 1)
        if first is None:
            return sorted(page for page in pages if page <= last)
        moved = range(first // per_page + 1, last + 1)
        return [*sorted(page for page in pages if page < moved.start), *moved] if pages else moved

    def oldest(self, topic: str) -> int:
        """Return when the first article of a topic was published, in microseconds."""
        return self._described(topic).since or 0

    # how

    def _execute(self, query: str, *values: object) -> Sequence[tuple]:  # type: ignore[type-arg]
        return self._database.execute(query, values).fetchall()

    def _change(self, topic: str) -> TopicChange:
        return self.changes.setdefault(topic, TopicChange())

    def _insert(self, rows: Iterable[tuple]) -> None:  # type: ignore[type-arg]
        self._database.executemany("INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _begin(self, topic: str, kind: str) -> None:
        self._execute("INSERT OR IGNORE INTO topics VALUES (?, ?, '', 0, 0, NULL)", topic, kind)

    def _grow(self, topic: str, count: int, shown: int) -> None:
        self._execute(
            "UPDATE topics SET count = count + ?, shown = shown + ? WHERE home = ?",
            count,
            shown,
            topic,
        )

    def _sizes(self, topic: str) -> tuple[int, int]:
        rows = self._execute("SELECT count, shown FROM topics WHERE home = ?", topic)
        return rows[0] if rows else (0, 0)

    def _describe(self, topic: str) -> tuple[_TopicDescription, _TopicDescription]:
        """Describe a topic by its articles; return what was said of it before, and what is now."""
        before, now = self._described(topic), _TopicDescription()
        newest = (
            "SELECT name FROM listed WHERE topic = ? AND withdrawn = 0 ORDER BY age, id LIMIT 1"
        )
        for (name,) in self._execute(newest, topic):
            oldest = "SELECT max(age) FROM listed WHERE topic = ?"
            now = _TopicDescription(name, -self._execute(oldest, topic)[0][0])
        query = "UPDATE topics SET name = ?, since = ? WHERE home = ?"
        self._execute(query, now.name, now.since, topic)
        return before, now

    def _described(self, topic: str) -> _TopicDescription:
        rows = self._execute("SELECT name, since FROM topics WHERE home = ?", topic)
        return _TopicDescription(*rows[0]) if rows else _TopicDescription()

    def _position(self, topic: str, place: tuple[int, str], size: int) -> int:
        """Return the position of a place, or where it was: how many are older."""
        rows = self._execute(
            "SELECT count(*) FROM listed WHERE topic = ? AND (age, id) <= (?, ?)", topic, *place
        )
        return max(size - int(rows[0][0]), 0)


def _rows(listing: ListedArticle) -> Iterator[tuple]:  # type: ignore[type-arg]
    head = (listing.age, listing.id, listing.article)
    for home, kind, name in listing.topics:
        yield (home, *head, kind, name, int(listing.withdrawn), "")
    if listing.sitemap:
        yield (CHUNKS, *head, CHUNKS, "", int(listing.withdrawn), listing.sitemap)
