"""Files that only their owner may read: the store, the outbox, lists of readers."""

import os
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
GROUP_AND_OTHERS = 0o077
"""The permissions of group and others."""


def create_private(path: Path) -> None:
    """Create an empty file, unless it exists."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
    except FileExistsError:
        return


def open_private(path: Path) -> int:
    """Truncate or create a file, restrict its permissions, and return a descriptor to write."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    try:
        if os.fstat(file).st_mode & GROUP_AND_OTHERS:
            os.fchmod(file, FILE_MODE)
    except OSError:
        os.close(file)
        raise
    return file
