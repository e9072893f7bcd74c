"""The journal: the paths that a build is about to write, so that a crash orphans no file.

The manifest is committed last. The files of a build that dies before that are in no
manifest, but in the journal, and the next build takes them over.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import TextIO

JOURNAL_NAME = ".manifest.journal"


class Journal:
    """The paths that were written since the last build that finished."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / JOURNAL_NAME
        self._opened: TextIO | None = None
        self.unfinished = _read(self._file)
        """The paths of a build that died."""

    def add(self, path: str) -> None:
        """Record a path before it is written."""
        if self._opened is None:
            self._opened = self._file.open("a", encoding="utf-8")
        self._opened.write(f"{json.dumps(path)}\n")
        self._opened.flush()

    def close(self) -> None:
        """Close the file and keep its entries: the build did not finish."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def clear(self) -> None:
        """Delete the journal, once the manifest is committed."""
        self.close()
        self._file.unlink(missing_ok=True)


def _read(file: Path) -> frozenset[str]:
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    paths = []
    for line in lines:
        with suppress(ValueError):  # the line is incomplete, so its file was never begun
            paths.append(json.loads(line))
    return frozenset(path for path in paths if isinstance(path, str) and is_safe_path(path))


def is_safe_path(path: str) -> bool:
    """Whether a path is inside the folder and may belong to a build.

    Names with a leading dot are this package's own, or the operator's.
    """
    return "\0" not in path and all(part and not part.startswith(".") for part in path.split("/"))
