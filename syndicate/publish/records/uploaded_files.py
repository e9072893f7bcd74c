"""The list of uploaded files, in a SQLite file beside the manifest.

It isn't part of the manifest, which a build locks while it runs and may start afresh:
files of the mirror that are in no list would never be deleted.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from syndicate.errors import SyndicateError
from syndicate.publish.output.formats import COMPRESSED_SUFFIXES
from syndicate.publish.records.manifest import MANIFEST_NAME

UPLOADS_NAME = ".mirror.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS held (
  target TEXT, path TEXT, sha256 TEXT NOT NULL, headers TEXT NOT NULL,
  PRIMARY KEY (target, path)
) WITHOUT ROWID;
"""
_PENDING = f"""
CREATE TEMP TABLE due AS
SELECT stage(path) AS stage, path, sha256, status, location, settled,
  headers(path, status, location, settled) AS now
FROM (
  SELECT f.path, f.sha256, f.status, f.location, f.settled FROM manifest.files AS f
  LEFT JOIN held AS h ON h.target = :target AND h.path = f.path
  WHERE substr(f.path, -3) NOT IN ('{"', '".join(COMPRESSED_SUFFIXES)}') AND (
    h.sha256 IS NOT f.sha256
    OR :check_headers AND h.headers IS NOT headers(f.path, f.status, f.location, f.settled)
  )
)
"""  # noqa: S608 - no input


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """A file that the mirror lacks, or has in another version."""

    path: str
    sha256: str
    status: int
    location: str | None
    settled: bool
    headers: str
    """Digest of its headers."""


@dataclass(frozen=True, slots=True)
class UploadedFiles:
    """The files of one target, compared with the manifest of a folder."""

    database: sqlite3.Connection
    target: str

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, target: str) -> Iterator[Self]:
        """Open the list; what was not committed is discarded.

        Raise SyndicateError where it or the manifest can't be read, also inside the context.
        """
        file, manifest = folder / UPLOADS_NAME, (folder / MANIFEST_NAME).absolute().as_uri()
        try:
            with closing(sqlite3.connect(file, uri=True)) as database:
                database.executescript(f"PRAGMA journal_mode = WAL; {_TABLES}")
                database.execute("ATTACH ? AS manifest", (f"{manifest}?mode=ro",))
                yield cls(database, target)
        except sqlite3.Error as error:
            remedy = "delete it to upload everything again"
            raise SyndicateError(f"{file}: {error}; {remedy}") from error

    def last_build(self) -> object:
        """Return the identity of the last build; None before the first."""
        return self.database.execute("SELECT style, change, at FROM manifest.state").fetchone()

    def compare(
        self,
        *,
        stage: Callable[[str], int],
        headers: Callable[[str, int, str | None, bool], str],
        check_headers: bool,
    ) -> None:
        """Find pending uploads; with `check_headers` also of files whose headers alone changed."""
        self.database.create_function("stage", 1, stage, deterministic=True)
        self.database.create_function("headers", 4, headers, deterministic=True)
        self.database.execute(_PENDING, {"target": self.target, "check_headers": check_headers})

    def pending(self, stage: int) -> Iterator[PendingUpload]:
        """Iterate over the pending uploads of a stage that `compare` found, by path."""
        query = (
            "SELECT path, sha256, status, location, settled, now FROM due"
            " WHERE stage = ? ORDER BY path"
        )
        for row in self.database.execute(query, (stage,)):
            yield PendingUpload(*row)

    def uploaded_versions(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return which of these files (path and digest) the mirror has."""
        query = "SELECT sha256 FROM held WHERE target = ? AND path = ?"
        return {
            path: sha256
            for path, sha256 in versions.items()
            if self.database.execute(query, (self.target, path)).fetchone() == (sha256,)
        }

    def deleted(self) -> list[str]:
        """Return the paths that the mirror has and the folder doesn't, sorted."""
        rows = self.database.execute(
            "SELECT path FROM held WHERE target = ? AND NOT EXISTS"
            " (SELECT 1 FROM manifest.files AS f WHERE f.path = held.path) ORDER BY path",
            (self.target,),
        )
        return [path for (path,) in rows]

    def put(self, files: Iterable[PendingUpload]) -> None:
        """Commit that files were uploaded."""
        self.database.executemany(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)",
            ((self.target, file.path, file.sha256, file.headers) for file in files),
        )
        self.database.commit()

    def remove(self, paths: Iterable[str]) -> None:
        """Commit that files were deleted from the mirror."""
        self.database.executemany(
            "DELETE FROM held WHERE target = ? AND path = ?",
            ((self.target, path) for path in paths),
        )
        self.database.commit()
