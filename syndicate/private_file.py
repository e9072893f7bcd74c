"""Files that their owner alone may read: the store, the outbox, lists of readers."""

import os
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
GROUP_AND_OTHERS = 0o077
"""What group and all others may do."""


def create_private(path: Path) -> None:
    """Make an empty file, unless there is one."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
    except FileExistsError:
        return


def open_private(path: Path) -> int:
    """Return a descriptor to write a file from its beginning; one that was wider is narrowed."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    try:
        if os.fstat(file).st_mode & GROUP_AND_OTHERS:
            os.fchmod(file, FILE_MODE)
    except OSError:
        os.close(file)
        raise
    return file
