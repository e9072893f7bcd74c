"""The journal: which files a build is about to write, so that a crash orphans none of them.

The manifest is written last. A build that dies before that has left files that no
manifest lists; the journal does, and the next build takes them over.
"""

import json
from pathlib import Path
from typing import TextIO

from syndicate.publish.output.manifest import safe

NAME = ".manifest.journal"


class Journal:
    """The paths that were announced since the last build that came to its end."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME
        self._open: TextIO | None = None
        self.left_behind = _read(self._file)
        """What a build that died had announced."""

    def announce(self, path: str) -> None:
        """Note a path before it is written."""
        if self._open is None:
            self._open = self._file.open("a", encoding="utf-8")
        self._open.write(f"{json.dumps(path)}\n")
        self._open.flush()

    def close(self) -> None:
        """Leave it as it is: the build did not come to its end."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def clear(self) -> None:
        """Forget everything: the manifest says it now."""
        self.close()
        self._file.unlink(missing_ok=True)


def _read(file: Path) -> frozenset[str]:
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    return frozenset(path for line in lines if (path := _path(line)) is not None)


def _path(line: str) -> str | None:
    try:
        path = json.loads(line)
    except ValueError:  # cut off in the middle: its file was never begun
        return None
    return path if isinstance(path, str) and safe(path) else None
