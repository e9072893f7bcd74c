"""The manifest: what the last build left in the output folder, and how it is to be served.

It is what makes a file ours: nothing else in the folder is ever deleted. A SQLite
file beside what it lists, so that a build that changes ten files writes ten rows,
and a server looks one up. One build is one transaction: it is there as a whole or
not at all.
"""

import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Self

from syndicate.clock import EPOCH

NAME = ".manifest.sqlite"
_VERSION = 6
_TABLES = """
CREATE TABLE files (
  path TEXT PRIMARY KEY, owner TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  status INTEGER NOT NULL, location TEXT, modified TEXT, settled INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_owner ON files (owner);
CREATE TABLE shown (picture TEXT, article INTEGER, PRIMARY KEY (picture, article)) WITHOUT ROWID;
CREATE INDEX shown_article ON shown (article);
CREATE TABLE listed (
  topic TEXT, age INTEGER, id TEXT, article INTEGER NOT NULL, kind TEXT NOT NULL,
  name TEXT NOT NULL, withdrawn INTEGER NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY (topic, age, id)
) WITHOUT ROWID;
CREATE INDEX listed_article ON listed (article);
CREATE TABLE topics (
  home TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL,
  shown INTEGER NOT NULL, since INTEGER
) WITHOUT ROWID;
CREATE TABLE missing (
  article INTEGER, file TEXT, stamp INTEGER NOT NULL, PRIMARY KEY (article, file)
) WITHOUT ROWID;
CREATE TABLE pending (article INTEGER PRIMARY KEY);
CREATE TABLE state (
  style TEXT NOT NULL, compress INTEGER NOT NULL, change INTEGER NOT NULL, at INTEGER NOT NULL,
  trial INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """One file of the output."""

    path: str
    owner: str
    """What it is there for: an article's key, a topic's home, or a word of the build's."""
    sha256: str
    """Of its bytes, in hex."""
    size: int
    """In bytes."""
    status: int = 200
    """The HTTP status: 200, 301 for the page of an old slug, 410 for a retracted article."""
    location: str | None = None
    """Where a 301 leads: a path from the root."""
    modified: str | None = None
    """The newest change of what it tells of, as in RFC 3339, where sitemaps want to know."""
    settled: bool = False
    """Whether it stays as it is: a full archive of a feed, unless what it tells of is changed."""


_COLUMNS = tuple(each.name for each in fields(PublishedFile))
_row = attrgetter(*_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestState:
    """Up to where the last build went."""

    style: str
    """Names the way things were rendered."""
    compress: bool
    """Whether pages lie compressed beside themselves."""
    change: int
    """The newest change of the store that it saw."""
    at: datetime
    trial: bool = False
    """Whether it shows another time than that of its making: of a trial nobody is told."""


class Manifest:
    """The manifest of a folder, held by a build, or looked into by a server."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self._anew = False
        self._unshown: set[str] = set()

    @classmethod
    def held(cls, folder: Path) -> Self:
        """Open it for a build, which alone writes; one that can't be read is begun anew.

        What that listed is then nobody's until the next build writes it again. Raise
        sqlite3.OperationalError where there is nothing wrong with it, but with the disk.
        """
        file = folder / NAME
        try:
            return cls(_opened(file))
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            for part in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
                part.unlink(missing_ok=True)
            return cls(_opened(file))

    @classmethod
    def seen(cls, folder: Path) -> Self | None:
        """Open it for looking things up; None where there is none.

        It is closed when nobody has it any more: no reader knows which is the last.
        """
        file = folder / NAME
        try:
            database = sqlite3.connect(
                f"{file.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
            seen = cls(database)
            weakref.finalize(seen, database.close)
            database.execute("SELECT 1 FROM files LIMIT 1")
        except sqlite3.Error:
            return None
        return seen

    def close(self) -> None:
        """Forget what was not committed."""
        self.database.close()

    # files

    def entry(self, path: str) -> PublishedFile | None:
        """Find a file by its path, such as `articles/harbour-tram/index.html`."""
        return next(self._files("path = ?", path), None)

    def files(self) -> Iterator[PublishedFile]:
        """Iterate over every file, by path."""
        return self._files("1 = ? ORDER BY path", 1)

    def owned(self, owner: str) -> list[PublishedFile]:
        """Return what is there for an owner."""
        return list(self._files("owner = ?", owner))

    def put(self, files: Iterable[PublishedFile]) -> None:
        """Note what files are now."""
        self.database.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            map(_row, files),
        )

    def remove(self, path: str) -> None:
        """Note that a file is no more."""
        self.database.execute("DELETE FROM files WHERE path = ?", (path,))

    def _files(self, where: str, value: object) -> Iterator[PublishedFile]:
        query = f"SELECT {', '.join(_COLUMNS)} FROM files WHERE {where}"  # noqa: S608 - our own words
        for *row, settled in self.database.execute(query, (value,)):
            yield PublishedFile(**dict(zip(_COLUMNS[:-1], row, strict=True)), settled=bool(settled))

    def begin_anew(self) -> None:
        """Set aside what the last build left: what isn't put or kept is left over."""
        self.database.execute(
            "CREATE TEMP TABLE IF NOT EXISTS before (path TEXT PRIMARY KEY, owner, sha256, size,"
            " status, location, modified, settled) WITHOUT ROWID"
        )
        self.database.execute("DELETE FROM before")
        self.database.execute("INSERT INTO before SELECT * FROM files")
        self.database.execute("DELETE FROM files")
        self.database.execute("DELETE FROM shown")
        self.database.execute("DELETE FROM missing")
        self._anew = True

    def keep(self, path: str) -> PublishedFile | None:
        """Leave a file noted as the last build left it; return what it is."""
        if self._anew:
            self.database.execute(
                "INSERT OR IGNORE INTO files SELECT * FROM before"
                " WHERE path = ? OR path = ? || '.gz' OR path = ? || '.br'",
                (path, path, path),
            )
        return self.entry(path)

    def leftovers(self) -> list[str]:
        """Return what was there before and is not any more, by path."""
        if not self._anew:
            return []
        query = "SELECT path FROM before WHERE path NOT IN (SELECT path FROM files) ORDER BY path"
        return [path for (path,) in self.database.execute(query)]

    # pictures

    def show(self, article: int, pictures: Iterable[str]) -> None:
        """Note which pictures an article shows now."""
        query = "SELECT picture FROM shown WHERE article = ?"
        before = {picture for (picture,) in self.database.execute(query, (article,))}
        now = set(pictures)
        for picture in before - now:
            self.database.execute(
                "DELETE FROM shown WHERE picture = ? AND article = ?", (picture, article)
            )
        self._unshown |= before - now
        self.database.executemany(
            "INSERT INTO shown VALUES (?, ?)", ((picture, article) for picture in now - before)
        )

    def unshown(self) -> list[str]:
        """Return pictures that no article shows any more."""
        query = "SELECT count(*) FROM shown WHERE picture = ?"
        shown = {p for p in self._unshown if self.database.execute(query, (p,)).fetchone()[0]}
        return sorted(self._unshown - shown)

    def miss(self, article: int, files: Mapping[str, int]) -> None:
        """Note which files an article's page does without, each with its stamp."""
        if not self._anew:  # else nothing is noted yet
            self.database.execute("DELETE FROM missing WHERE article = ?", (article,))
        if not files:
            return
        self.database.executemany(
            "INSERT INTO missing VALUES (?, ?, ?)",
            ((article, file, stamp) for file, stamp in files.items()),
        )

    def missed(self) -> dict[int, dict[str, int]]:
        """Return the files that articles do without, each with its stamp, by article."""
        found: dict[int, dict[str, int]] = {}
        rows = self.database.execute("SELECT article, file, stamp FROM missing")
        for article, file, stamp in rows:
            found.setdefault(article, {})[file] = stamp
        return found

    # what the next build has to know

    def state(self) -> ManifestState | None:
        """Return up to where the last build went; None before the first."""
        query = "SELECT style, compress, change, at, trial FROM state"
        row = self.database.execute(query).fetchone()
        if row is None:
            return None
        style, compress, change, at, trial = row
        return ManifestState(
            style=style,
            compress=bool(compress),
            change=change,
            at=EPOCH + timedelta(microseconds=at),
            trial=bool(trial),
        )

    def pending(self) -> list[int]:
        """Return the keys of articles that could not be made the last time."""
        rows = self.database.execute("SELECT article FROM pending ORDER BY article")
        return [key for (key,) in rows]

    def finish(self, state: ManifestState, pending: Iterable[int]) -> None:
        """Commit the build, with what the next one has to know."""
        self.database.execute("DELETE FROM state")
        microseconds = (state.at - EPOCH) // timedelta(microseconds=1)
        self.database.execute(
            "INSERT INTO state VALUES (?, ?, ?, ?, ?)",
            (state.style, state.compress, state.change, microseconds, state.trial),
        )
        self.database.execute("DELETE FROM pending")
        self.database.executemany(
            "INSERT INTO pending VALUES (?)", ((key,) for key in sorted(set(pending)))
        )
        self.database.commit()


def _opened(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file)
    try:
        with closing(database.cursor()) as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = NORMAL")
            _set_up(cursor)
    except BaseException:
        database.close()
        raise
    return database


def _set_up(cursor: sqlite3.Cursor) -> None:
    """Make the tables; raise DatabaseError for those of another version."""
    (version,) = cursor.execute("PRAGMA user_version").fetchone()
    if version not in (0, _VERSION):
        raise sqlite3.DatabaseError(f"version {version}")
    if version == 0:
        cursor.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")


def safe(path: str) -> bool:
    """Whether a path names something inside the folder that a build may own.

    Names with a leading dot are the writer's own, or the operator's.
    """
    return "\0" not in path and all(part and not part.startswith(".") for part in path.split("/"))
