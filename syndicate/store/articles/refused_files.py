"""The article files that were refused when they were last read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syndicate.store.articles.reading import BATCH
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema_editorial import refused_files


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFile:
    """An article file that can't be imported as it is."""

    path: str
    reason: str
    """With file and line, and what was expected."""
    since: datetime
    """When it was first refused."""


class RefusedFiles(Repository):
    """Records them, by path."""

    def all(self) -> list[RefusedFile]:
        """Return them, by path."""
        query = sa.select(refused_files).order_by(refused_files.c.path)
        return self._values(RefusedFile, query)

    def save(self, reasons: Mapping[str, str], at: datetime) -> None:
        """Store why files are refused at `at`; one that was refused before keeps its time."""
        insert = self._insert_into(refused_files)
        statement = insert.on_conflict_do_update(
            index_elements=["path"], set_={"reason": insert.excluded.reason}
        )
        rows = [{"path": path, "reason": why, "since": at} for path, why in reasons.items()]
        self._run_each(statement, rows)

    def delete(self, paths: Collection[str]) -> None:
        """Remove files that are refused no more."""
        found = sorted(paths)
        for start in range(0, len(found), BATCH):
            self._delete(refused_files, refused_files.c.path.in_(found[start : start + BATCH]))
