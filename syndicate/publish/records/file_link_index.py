"""Which articles link to which others by their files, as of the last build."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from itertools import chain


class FileLinkIndex:
    """The links of one output folder, stored in its manifest."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._execute = database.execute
        self._insert = database.executemany

    def articles(self) -> set[int]:
        """Return the articles that link to others."""
        return {key for (key,) in self._execute("SELECT DISTINCT article FROM file_links")}

    def replace(self, article: int, targets: Mapping[str, int | None]) -> None:
        """Record the articles to which one links, by path; None for a file without one."""
        self._execute("DELETE FROM file_links WHERE article = ?", (article,))
        rows = ((article, path, target) for path, target in targets.items())
        self._insert("INSERT INTO file_links VALUES (?, ?, ?)", rows)

    def linking_to(self, articles: Iterable[int], paths: Collection[str]) -> set[int]:
        """Return the articles that link to one of these, or to one of these files."""
        by_target = "SELECT article FROM file_links WHERE target = ?"
        by_path = "SELECT article FROM file_links WHERE path = ?"
        found = chain(
            (self._execute(by_target, (key,)) for key in articles),
            (self._execute(by_path, (path,)) for path in paths),
        )
        return {key for (key,) in chain.from_iterable(found)}
