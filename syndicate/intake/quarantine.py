"""Quarantine: files that used up the limits of the process that read them."""

import os
from contextlib import suppress
from pathlib import Path

from syndicate.intake.watch import PICTURES

_State = tuple[tuple[str, int, int], ...]


class Quarantine:
    """Files that are not read again until they change, or a picture beside them does."""

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}

    def add(self, file: Path) -> None:
        """Put a file in as it is now."""
        self._states[os.path.realpath(file)] = _state(file)

    def holds(self, file: Path) -> bool:
        """Whether a file is in here and has not changed since; one that has is let go."""
        name = os.path.realpath(file)
        if name in self._states and self._states[name] != _state(file):
            del self._states[name]
        return name in self._states


def _state(file: Path) -> _State:
    """Return what changes when a file is saved, or a picture in its folder."""
    found = []
    with suppress(OSError), os.scandir(file.parent) as entries:
        for entry in entries:
            if entry.name == file.name or entry.name.lower().endswith(PICTURES):
                stat = entry.stat()
                found.append((entry.name, stat.st_mtime_ns, stat.st_size))
    return tuple(sorted(found))
