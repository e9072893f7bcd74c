"""The manifest: a SQLite file that lists what the last build wrote, and how to serve it.

Only files in it are ever deleted. A build that changes ten files writes ten rows, in one
transaction, and a server looks up one.
"""

import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Self

from syndicate.clock import EPOCH
from syndicate.errors import SyndicateError
from syndicate.model.own_pages import OwnPage
from syndicate.model.people import AuthorProfile, People

MANIFEST_NAME = ".manifest.sqlite"
_VERSION = 10
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
CREATE TABLE numbered (article INTEGER PRIMARY KEY, section TEXT NOT NULL, number INTEGER NOT NULL);
CREATE INDEX numbered_section ON numbered (section, number);
CREATE TABLE missing (
  article INTEGER, file TEXT, stamp INTEGER NOT NULL, PRIMARY KEY (article, file)
) WITHOUT ROWID;
CREATE TABLE file_links (
  article INTEGER, path TEXT, target INTEGER, PRIMARY KEY (article, path)
) WITHOUT ROWID;
CREATE INDEX file_links_path ON file_links (path);
CREATE INDEX file_links_target ON file_links (target);
CREATE TABLE people (file TEXT PRIMARY KEY, profile TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE own_pages (file TEXT PRIMARY KEY, page TEXT NOT NULL) WITHOUT ROWID;
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
    """What it belongs to: an article's key, a topic's home, or a name such as `site`."""
    sha256: str
    """Of its bytes, in hex."""
    size: int
    """In bytes."""
    status: int = 200
    """The HTTP status: 200, 301 for the page of an old slug, 410 for a retracted article."""
    location: str | None = None
    """Where a 301 leads: a path from the root."""
    modified: str | None = None
    """The newest change of its articles, as in RFC 3339, where sitemaps need it."""
    settled: bool = False
    """Whether it is a full archive of a feed, which changes only when its articles do."""


_COLUMNS = tuple(field.name for field in fields(PublishedFile))
_row = attrgetter(*_COLUMNS)


@dataclass(frozen=True, slots=True)
class ManifestState:
    """The state of the last build."""

    style: str
    """Fingerprint of the templates and the configuration."""
    compress: bool
    """Whether pages have compressed copies."""
    change: int
    """The newest change of the store that it includes."""
    at: datetime
    trial: bool = False
    """Whether it shows the publication at another time; nobody is notified of a trial."""


class Manifest:
    """The manifest of a folder, open for a build or read-only."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self._execute = database.execute
        self._is_rebuild = False
        self._maybe_unused: set[str] = set()

    @classmethod
    @contextmanager
    def opened_for_build(cls, folder: Path) -> Iterator[Self]:
        """Open it to write; a corrupt one is replaced by an empty one.

        Files of a corrupt manifest have no owner until the next build writes them again. What
        was not committed is discarded. Raise SyndicateError where the disk fails rather than the
        manifest, also inside the context.
        """
        file = folder / MANIFEST_NAME
        try:
            try:
                database = _connect(file)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                for suffix in ("", "-wal", "-shm"):
                    file.with_name(file.name + suffix).unlink(missing_ok=True)
                database = _connect(file)
            with closing(database):
                yield cls(database)
        except sqlite3.OperationalError as error:
            raise _unusable(folder, error) from error

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[Self | None]:
        """Open it to read; None where there is none.

        Raise SyndicateError where it can't be read, also inside the context.
        """
        manifest = cls.open_read_only(folder)
        if manifest is None:
            yield None
            return
        try:
            with closing(manifest.database):
                yield manifest
        except sqlite3.Error as error:
            raise _unusable(folder, error) from error

    @classmethod
    def open_read_only(cls, folder: Path) -> Self | None:
        """Open it to read for a long time; None where there is none.

        It closes itself when it is garbage-collected, since several readers share one.
        """
        file = folder / MANIFEST_NAME
        try:
            database = sqlite3.connect(
                f"{file.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
            manifest = cls(database)
            weakref.finalize(manifest, database.close)
            database.execute("SELECT 1 FROM files LIMIT 1")
        except sqlite3.Error:
            return None
        return manifest

    # files

    def entry(self, path: str) -> PublishedFile | None:
        """Find a file by its path, such as `articles/harbour-tram/index.html`."""
        return next(self._files("path = ?", path), None)

    def files(self) -> Iterator[PublishedFile]:
        """Iterate over every file, by path."""
        return self._files("1 = ? ORDER BY path", 1)

    def owned(self, owner: str) -> list[PublishedFile]:
        """Return the files of an owner."""
        return list(self._files("owner = ?", owner))

    def put(self, files: Iterable[PublishedFile]) -> None:
        """Record files as they are now."""
        self.database.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(_row, files)
        )

    def remove(self, path: str) -> None:
        """Remove a file that was deleted."""
        self._execute("DELETE FROM files WHERE path = ?", (path,))

    def topic_files(self, name: str) -> dict[str, str]:
        """Return path and digest of the files with a name in the folders of all topics."""
        query = (
            "SELECT f.path, f.sha256 FROM (SELECT home FROM topics UNION SELECT '/') AS t"
            " JOIN files AS f ON f.path = substr(t.home, 2) || ? WHERE f.status = 200"
        )
        return dict(self._execute(query, (name,)).fetchall())

    def _files(self, where: str, value: object) -> Iterator[PublishedFile]:
        query = f"SELECT {', '.join(_COLUMNS)} FROM files WHERE {where}"  # noqa: S608 - no input
        for *row, settled in self._execute(query, (value,)):
            yield PublishedFile(**dict(zip(_COLUMNS[:-1], row, strict=True)), settled=bool(settled))

    def begin_rebuild(self) -> None:
        """Start with no files; those of the last build are leftovers unless put or kept."""
        self._execute(
            "CREATE TEMP TABLE before (path TEXT PRIMARY KEY, owner, sha256, size,"
            " status, location, modified, settled) WITHOUT ROWID"
        )
        self._execute("INSERT INTO before SELECT * FROM files")
        self._execute("DELETE FROM files")
        self._execute("DELETE FROM shown")
        self._execute("DELETE FROM missing")
        self._execute("DELETE FROM file_links")
        self._is_rebuild = True

    def keep(self, path: str) -> PublishedFile | None:
        """Keep the last build's entry of a file; return it, or None without one."""
        if self._is_rebuild:
            self._execute(
                "INSERT OR IGNORE INTO files SELECT * FROM before"
                " WHERE path = ? OR path = ? || '.gz' OR path = ? || '.br'",
                (path, path, path),
            )
        return self.entry(path)

    def leftovers(self) -> list[str]:
        """Return paths that the last build had and this one doesn't, sorted."""
        if not self._is_rebuild:
            return []
        query = "SELECT path FROM before WHERE path NOT IN (SELECT path FROM files) ORDER BY path"
        return [path for (path,) in self._execute(query)]

    # the files of media/

    def set_pictures(self, article: int, pictures: Iterable[str]) -> None:
        """Record which pictures an article shows now."""
        query = "SELECT picture FROM shown WHERE article = ?"
        before = {picture for (picture,) in self._execute(query, (article,))}
        now = set(pictures)
        for picture in before - now:
            self._execute("DELETE FROM shown WHERE picture = ? AND article = ?", (picture, article))
        self._maybe_unused |= before - now
        self.database.executemany(
            "INSERT INTO shown VALUES (?, ?)", ((picture, article) for picture in now - before)
        )

    def unused_pictures(self) -> list[str]:
        """Return pictures that no article shows any more."""
        query = "SELECT count(*) FROM shown WHERE picture = ?"
        shown = {
            picture
            for picture in self._maybe_unused
            if self._execute(query, (picture,)).fetchone()[0]
        }
        return sorted(self._maybe_unused - shown)

    def set_missing_files(self, article: int, files: Mapping[str, int]) -> None:
        """Record which files an article's page is rendered without, each with its stamp."""
        if not self._is_rebuild:  # which begins with no rows
            self._execute("DELETE FROM missing WHERE article = ?", (article,))
        self.database.executemany(
            "INSERT INTO missing VALUES (?, ?, ?)",
            ((article, file, stamp) for file, stamp in files.items()),
        )

    def missing_files(self) -> dict[int, dict[str, int]]:
        """Return the files that articles are rendered without, each with its stamp, by article."""
        missing: dict[int, dict[str, int]] = {}
        for article, file, stamp in self._execute("SELECT article, file, stamp FROM missing"):
            missing.setdefault(article, {})[file] = stamp
        return missing

    # authors and own pages

    def people(self) -> People:
        """Return what is shown of the authors."""
        rows = self._execute("SELECT profile FROM people ORDER BY file")
        return People(tuple(AuthorProfile.from_json(written) for (written,) in rows))

    def set_people(self, people: People) -> None:
        """Record what is shown of the authors now."""
        self._execute("DELETE FROM people")
        rows = ((profile.file, profile.to_json()) for profile in people)
        self.database.executemany("INSERT INTO people VALUES (?, ?)", rows)

    def own_pages(self) -> tuple[OwnPage, ...]:
        """Return the publication's own pages that are published."""
        rows = self._execute("SELECT page FROM own_pages ORDER BY file")
        return tuple(OwnPage.from_json(written) for (written,) in rows)

    def set_own_pages(self, pages: Iterable[OwnPage]) -> None:
        """Record the own pages that are published now."""
        self._execute("DELETE FROM own_pages")
        rows = ((page.file, page.to_json()) for page in pages)
        self.database.executemany("INSERT INTO own_pages VALUES (?, ?)", rows)

    # for the next build

    def state(self) -> ManifestState | None:
        """Return the state of the last build; None before the first."""
        row = self._execute("SELECT style, compress, change, at, trial FROM state").fetchone()
        if row is None:
            return None
        style, compress, change, microseconds, trial = row
        at = EPOCH + timedelta(microseconds=microseconds)
        return ManifestState(style, bool(compress), change, at, bool(trial))

    def pending(self) -> list[int]:
        """Return the keys of articles that failed in the last build."""
        rows = self._execute("SELECT article FROM pending ORDER BY article")
        return [key for (key,) in rows]

    def finish(self, state: ManifestState, pending: Iterable[int]) -> None:
        """Commit the build, with its state and the articles to retry."""
        self._execute("DELETE FROM state")
        microseconds = (state.at - EPOCH) // timedelta(microseconds=1)
        self._execute(
            "INSERT INTO state VALUES (?, ?, ?, ?, ?)",
            (state.style, state.compress, state.change, microseconds, state.trial),
        )
        self._execute("DELETE FROM pending")
        self.database.executemany(
            "INSERT INTO pending VALUES (?)", ((key,) for key in sorted(set(pending)))
        )
        self.database.commit()


def _connect(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        _create_tables(database)
    except BaseException:
        database.close()
        raise
    return database


def _create_tables(database: sqlite3.Connection) -> None:
    """Create the tables; raise DatabaseError for those of another version."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version not in (0, _VERSION):
        raise sqlite3.DatabaseError(f"version {version}")
    if version == 0:
        database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")


def _unusable(folder: Path, error: sqlite3.Error) -> SyndicateError:
    return SyndicateError(f"{folder}: the manifest: {error}")
