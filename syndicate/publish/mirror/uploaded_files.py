"""Holdings: what a mirror has, as we left it there.

A SQLite file of its own beside the manifest. A build holds the manifest for as long
as it takes, and one that begins the manifest anew must not forget what lies in the
mirror: nobody would ever delete it.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from syndicate.publish.output.compression import TWINS
from syndicate.publish.output.manifest import NAME as MANIFEST

NAME = ".mirror.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS held (
  target TEXT, path TEXT, sha256 TEXT NOT NULL, headers TEXT NOT NULL,
  PRIMARY KEY (target, path)
) WITHOUT ROWID;
"""
_DUE = f"""
CREATE TEMP TABLE due AS
SELECT stage(path) AS stage, path, sha256, status, location, settled,
  headers(path, status, location, settled) AS now
FROM (
  SELECT f.path, f.sha256, f.status, f.location, f.settled FROM manifest.files AS f
  LEFT JOIN held AS h ON h.target = :target AND h.path = f.path
  WHERE substr(f.path, -3) NOT IN ('{"', '".join(TWINS)}') AND (
    h.sha256 IS NOT f.sha256
    OR :anew AND h.headers IS NOT headers(f.path, f.status, f.location, f.settled)
  )
)
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingUpload:
    """A file that the mirror doesn't have, or has otherwise."""

    path: str
    sha256: str
    status: int
    location: str | None
    settled: bool
    headers: str
    """Names what it is served with."""


class UploadedFiles:
    """What one target has, held against what the last build left in a folder."""

    def __init__(self, database: sqlite3.Connection, target: str) -> None:
        self._database = database
        self._target = target

    @classmethod
    def of(cls, folder: Path, target: str) -> Self:
        """Open them; raise sqlite3.Error where they or the manifest can't be read."""
        database = sqlite3.connect(folder / NAME, uri=True)
        try:
            database.executescript(f"PRAGMA journal_mode = WAL; {_TABLES}")
            manifest = (folder / MANIFEST).absolute().as_uri()
            database.execute("ATTACH ? AS manifest", (f"{manifest}?mode=ro",))
        except BaseException:
            database.close()
            raise
        return cls(database, target)

    def close(self) -> None:
        """Forget what was not committed."""
        self._database.close()

    def build(self) -> tuple[object, ...] | None:
        """Return what tells the last build from others; None before the first."""
        row: tuple[object, ...] | None = self._database.execute(
            "SELECT style, change, at FROM manifest.state"
        ).fetchone()
        return row

    def compare(
        self,
        *,
        stage: Callable[[str], int],
        headers: Callable[[str, int, str | None], str],
        anew: bool,
    ) -> None:
        """Find what is due. Without `anew`, what has its bytes has the headers it needs."""
        self._database.create_function("stage", 1, stage, deterministic=True)
        self._database.create_function("headers", 4, headers, deterministic=True)
        self._database.execute(_DUE, {"target": self._target, "anew": anew})

    def due(self, stage: int) -> Iterator[PendingUpload]:
        """Iterate over what `compare` found for a stage, by path."""
        for path, sha256, status, location, settled, headers in self._database.execute(
            "SELECT path, sha256, status, location, settled, now FROM due"
            " WHERE stage = ? ORDER BY path",
            (stage,),
        ):
            yield PendingUpload(
                path=path,
                sha256=sha256,
                status=status,
                location=location,
                settled=bool(settled),
                headers=headers,
            )

    def having(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return those of some files, each with its digest, that the mirror has just so."""
        query = "SELECT sha256 FROM held WHERE target = ? AND path = ?"
        return {
            path: sha256
            for path, sha256 in versions.items()
            if self._database.execute(query, (self._target, path)).fetchone() == (sha256,)
        }

    def gone(self) -> list[str]:
        """Return what the mirror has and the folder hasn't any more, by path."""
        rows = self._database.execute(
            "SELECT path FROM held WHERE target = ? AND NOT EXISTS"
            " (SELECT 1 FROM manifest.files AS f WHERE f.path = held.path) ORDER BY path",
            (self._target,),
        )
        return [path for (path,) in rows]

    def put(self, files: Iterable[PendingUpload]) -> None:
        """Commit that the mirror has files."""
        self._database.executemany(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)",
            ((self._target, file.path, file.sha256, file.headers) for file in files),
        )
        self._database.commit()

    def remove(self, paths: Iterable[str]) -> None:
        """Commit that the mirror has files no more."""
        self._database.executemany(
            "DELETE FROM held WHERE target = ? AND path = ?",
            ((self._target, path) for path in paths),
        )
        self._database.commit()
