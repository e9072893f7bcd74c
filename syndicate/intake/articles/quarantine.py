"""Quarantine files that exceeded the limits of the process that parsed them."""

import os
from contextlib import suppress
from pathlib import Path


class Quarantine:
    """Files that are skipped until they are saved again."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[int, int]] = {}

    def add(self, file: Path) -> None:
        """Quarantine a file until it is saved again."""
        self._states[os.path.realpath(file)] = _state(file)

    def contains(self, file: Path) -> bool:
        """Whether a file is in quarantine; one that was saved since then is released."""
        name = os.path.realpath(file)
        if name in self._states and self._states[name] != _state(file):
            del self._states[name]
        return name in self._states


def _state(file: Path) -> tuple[int, int]:
    """Return modification time and size, which change when a file is saved."""
    with suppress(OSError):
        found = file.stat()
        return found.st_mtime_ns, found.st_size
    return 0, 0
