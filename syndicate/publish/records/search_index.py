"""The search index: a SQLite file of words (FTS5), of what is public as of the last build.

It doesn't keep texts, only in which stories words are. The newer a story, the higher its number
there, so that the newest matches are found without looking at all.
"""

import hashlib
import math
import sqlite3
import time
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Self

from syndicate.clock import EPOCH
from syndicate.errors import SyndicateError
from syndicate.model.articles import Article
from syndicate.model.search import folding
from syndicate.model.search.folding import index_text, text_of
from syndicate.model.search.query import SearchQuery, SearchTerm
from syndicate.render import addresses

SEARCH_NAME = ".search.sqlite"
_SIDE_FILES = ("", "-wal", "-shm", "-journal")
_VERSION = 1
_TABLES = """
BEGIN;
PRAGMA user_version = {version};
CREATE TABLE stories (slot INTEGER PRIMARY KEY, article INTEGER NOT NULL UNIQUE);
CREATE TABLE state (rules TEXT NOT NULL, change INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (
  title, summary, names, body, place, tokenize = 'ascii', prefix = '3' {options}
);
INSERT INTO words (words, rank) VALUES ('hashsize', 8388608);
COMMIT;
"""
_CONTENTLESS = ", content = '', contentless_delete = 1"
"""Since SQLite 3.43; before that, FTS5 has to keep the texts to delete a story."""
_WEIGHTS = "10.0, 5.0, 4.0, 1.0, 0.0"
"""Of a match in title, summary, names and body; `place` only filters."""
MAX_FOUND = 1000
"""Stories of a result; where more match, the newest."""
_MAX_HEADED = 250
"""And as many more that match in title, summary and names alone, where there are more."""
_NEWER = 0.12
"""How much more a story of today counts than a very old one, at most."""
_HALF_LIFE = 180 * 24 * 60
"""Minutes after which a story has half of that left."""
_TIMEOUT = 2.0
"""Seconds after which a search is given up."""
_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock."""
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_SLOTS_PER_MINUTE = 8
_MINUTE = timedelta(minutes=1)


class DamagedIndexError(SyndicateError):
    """The file is no index; the next build makes it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchableStory:
    """What the index has of an article."""

    article: int
    published: datetime
    title: str
    summary: str
    names: str
    """Section, tags and authors."""
    body: str
    """As plain text."""
    section: str = ""
    """The address of its section."""

    @classmethod
    def of(cls, article: Article) -> Self:
        """Return what the index has of an article."""
        people = (person.name for person in (*article.authors, *article.contributors))
        return cls(
            article=article.key,
            published=article.published,
            title=article.title,
            summary=article.summary,
            names="\n".join((article.section or "", *article.tags, *people)),
            body=text_of(article.body),
            section=addresses.section(article.section) if article.section else "",
        )


@dataclass(frozen=True, slots=True)
class SearchIndexState:
    """How far the index follows the store."""

    change: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of the articles that a query finds, the best first."""

    articles: tuple[int, ...] = ()
    page: int = 1
    """Its number, from 1: the last one's where a higher one was asked for."""
    last: int = 1
    total: int = 0
    """How many articles are on all pages."""
    is_complete: bool = True
    """Whether these are all that match."""


class SearchIndex:
    """The index of an output folder, open for a build or read-only."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._execute = database.execute
        self._next_slots: dict[int, int] = {}

    @classmethod
    @contextmanager
    def opened_for_build(cls, folder: Path) -> Iterator[Self | None]:
        """Open it to write; None where there is none, or one that other code or SQLite wrote.

        What was not committed is discarded. Raise SyndicateError where it can't be written, or
        DamagedIndexError, also inside the context.
        """
        file = folder / SEARCH_NAME
        with _mapped_errors(file):
            if not file.is_file():
                yield None
                return
            with closing(sqlite3.connect(file)) as database:
                yield cls(database) if _is_current(database) else None

    @classmethod
    @contextmanager
    def created(cls, folder: Path) -> Iterator[Self]:
        """Create an index that replaces the present one when the context is left without error."""
        file = folder / SEARCH_NAME
        new = file.with_name(f"{SEARCH_NAME}.new")
        with _mapped_errors(file):
            _unlink(new)
            with closing(sqlite3.connect(new)) as database:
                # it is of no use until it is whole
                database.execute("PRAGMA journal_mode = OFF")
                database.execute("PRAGMA synchronous = OFF")
                options = _CONTENTLESS if sqlite3.sqlite_version_info >= (3, 43) else ""
                database.executescript(_TABLES.format(version=_VERSION, options=options))
                yield cls(database)
                database.commit()
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = NORMAL")
            _unlink(file)
            new.replace(file)

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[Self | None]:
        """Open it to search; None where there is none.

        Raise SyndicateError where it can't be read, or where a search takes too long.
        """
        file = folder / SEARCH_NAME
        if not file.is_file():
            yield None
            return
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with _mapped_errors(file), closing(sqlite3.connect(uri, uri=True)) as database:
            deadline = time.monotonic() + _TIMEOUT
            database.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            yield cls(database)

    # what builds write

    def state(self) -> SearchIndexState:
        """Return how far it follows the store; a change of -1 where it has nothing yet."""
        row = self._execute("SELECT change, at FROM state").fetchone()
        change, microseconds = row or (-1, 0)
        return SearchIndexState(change, EPOCH + timedelta(microseconds=microseconds))

    def put(self, story: SearchableStory) -> None:
        """Add a story, or replace it."""
        self.remove(story.article)
        slot = self._free_slot(_slot_at(story.published))
        self._execute("INSERT INTO stories VALUES (?, ?)", (slot, story.article))
        self._execute(
            "INSERT INTO words (rowid, title, summary, names, body, place)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                slot,
                index_text(story.title, singles=True),
                index_text(story.summary, singles=True),
                index_text(story.names, singles=True),
                index_text(story.body),
                _place(story.section) if story.section else "",
            ),
        )

    def remove(self, article: int) -> None:
        """Remove a story, if it has it."""
        row = self._execute("SELECT slot FROM stories WHERE article = ?", (article,)).fetchone()
        if row is not None:
            self._execute("DELETE FROM words WHERE rowid = ?", row)
            self._execute("DELETE FROM stories WHERE slot = ?", row)

    def finish(self, state: SearchIndexState) -> None:
        """Commit what was written, with how far it follows the store."""
        self._execute("DELETE FROM state")
        microseconds = (state.at - EPOCH) // timedelta(microseconds=1)
        self._execute("INSERT INTO state VALUES (?, ?, ?)", (_rules(), state.change, microseconds))
        self._database.commit()

    def _free_slot(self, first: int) -> int:
        """Return the first free number from `first` on; those of one run are remembered."""
        slot = self._next_slots.get(first, first)
        while self._execute("SELECT 1 FROM stories WHERE slot = ?", (slot,)).fetchone():
            slot += 1
        self._next_slots[first] = slot + 1
        return slot

    # queries

    def search(
        self,
        query: SearchQuery,
        *,
        section: str = "",
        since: datetime | None = None,
        by_date: bool = False,
        at: datetime,
        page: int = 1,
        size: int = MAX_FOUND,
    ) -> SearchResult:
        """Return a page of `size` articles, as of `at`.

        Search in a section by its address, and in what was published `since` then.

        The best come first, or `by_date` the newest. Where nothing matches, words that begin
        longer ones match too.
        """
        if not query.terms:
            return SearchResult()
        first = 0 if since is None else _slot_at(since)
        relaxed = query.relaxed()
        for wanted in (query, relaxed) if relaxed != query else (query,):
            scores, is_complete = self._scores(wanted, _place(section) if section else "", first)
            if scores:
                break
        now = _slot_at(at)
        ranked = sorted(scores, reverse=True)
        if not by_date:
            ranked.sort(key=lambda slot: scores[slot] * _boost(now - slot))
        last = max(1, math.ceil(len(ranked) / size))
        page = min(page, last)
        shown = self._articles(ranked[(page - 1) * size : page * size])
        return SearchResult(shown, page, last, min(len(ranked), MAX_FOUND), is_complete)

    def _scores(self, query: SearchQuery, place: str, first: int) -> tuple[dict[int, float], bool]:
        """Return the scores of matches, the lower the better, and whether these are all."""
        matched = self._matches(_expression(query, place), first, MAX_FOUND + 1)
        is_complete = len(matched) <= MAX_FOUND
        if not is_complete:
            heads = _expression(query, place, columns="{title summary names} : ")
            headed = self._matches(heads, first, _MAX_HEADED)
            matched = {slot: min(score, headed.get(slot, 0.0)) for slot, score in matched.items()}
            matched = headed | dict(list(matched.items())[:MAX_FOUND])
        return matched, is_complete

    def _matches(self, expression: str, first: int, limit: int) -> dict[int, float]:
        query = (
            f"SELECT rowid, bm25(words, {_WEIGHTS}) FROM words"  # noqa: S608 - no input
            " WHERE words MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?"
        )
        return dict(self._execute(query, (expression, first, limit)).fetchall())

    def _articles(self, slots: Iterable[int]) -> tuple[int, ...]:
        find = "SELECT article FROM stories WHERE slot = ?"
        rows = (self._execute(find, (slot,)).fetchone() for slot in slots)
        return tuple(row[0] for row in rows if row is not None)


def _expression(query: SearchQuery, place: str, *, columns: str = "") -> str:
    """Return a query in the language of FTS5, in which only our own words are quoted."""
    wanted = " AND ".join(f"{columns}{_quoted(term)}" for term in query.terms)
    if place:
        wanted = f'({wanted}) AND place : "{place}"'
    if query.excluded:
        wanted = f"({wanted}) NOT ({' OR '.join(map(_quoted, query.excluded))})"
    return wanted


def _quoted(term: SearchTerm) -> str:
    return f'"{" ".join(term.index_words)}"{" *" if term.begins else ""}'


def _place(section: str) -> str:
    """Return the word by which the stories of a section are found."""
    return hashlib.sha256(section.encode()).hexdigest()[:16]


def _slot_at(at: datetime) -> int:
    """Return the first number of the stories that were published in a minute."""
    return (at - _BEGINNING) // _MINUTE * _SLOTS_PER_MINUTE


def _boost(slots: int) -> float:
    """Return by how much the score of a story counts that is so many numbers old."""
    age = max(slots, 0) / _SLOTS_PER_MINUTE
    return 1 + _NEWER * math.exp2(-(age / _HALF_LIFE))


@cache
def _rules() -> str:
    """Return what an index depends on besides its stories."""
    code = b"".join(Path(file).read_bytes() for file in (__file__, folding.__file__))
    digest = hashlib.sha256(code).hexdigest()[:16]
    return f"{_VERSION} {digest} {unicodedata.unidata_version} {sqlite3.sqlite_version}"


def _is_current(database: sqlite3.Connection) -> bool:
    if database.execute("PRAGMA user_version").fetchone() != (_VERSION,):
        return False
    return bool(database.execute("SELECT rules FROM state").fetchone() == (_rules(),))


def delete_search_index(folder: Path) -> None:
    """Delete the index of a folder, if there is one."""
    _unlink(folder / SEARCH_NAME)


def _unlink(file: Path) -> None:
    for suffix in _SIDE_FILES:
        file.with_name(file.name + suffix).unlink(missing_ok=True)


@contextmanager
def _mapped_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        text = f"{file}: the search index: {error}"
        is_operational = isinstance(error, sqlite3.OperationalError | OSError)
        raise (SyndicateError if is_operational else DamagedIndexError)(text) from error
