"""Quarantine: files that used up the limits of the process that read them."""

import os
from contextlib import suppress
from pathlib import Path


class Quarantine:
    """Files that are not read again until they are saved again."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[int, int]] = {}

    def add(self, file: Path) -> None:
        """Put a file in as it is now."""
        self._states[os.path.realpath(file)] = _state(file)

    def holds(self, file: Path) -> bool:
        """Whether a file is in here and was not saved since; one that was is let go."""
        name = os.path.realpath(file)
        if name in self._states and self._states[name] != _state(file):
            del self._states[name]
        return name in self._states


def _state(file: Path) -> tuple[int, int]:
    """Return what changes when a file is saved."""
    with suppress(OSError):
        found = file.stat()
        return found.st_mtime_ns, found.st_size
    return 0, 0
