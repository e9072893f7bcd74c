"""Watching: tells when something was saved in the folder where articles are filed."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from watchfiles import Change
from watchfiles import watch as changes_in

from syndicate.intake.articles.file_discovery import is_ignored
from syndicate.intake.articles.source_file import SUFFIXES

_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif")
_QUIET_MS, _LONGEST_MS = 200, 1000
"""How long quiet ends a burst of changes, and how long that is waited for."""
_LOOK_MS = 1000
_WAIT_SECONDS = 0.5


Changed = Callable[[frozenset[Path]], None]
"""Told which article files were saved; none: anything may have changed, look at everything."""


def watch(folder: Path, stop: threading.Event, changed: Changed) -> None:
    """Call `changed` within two seconds of every save in `folder`, until `stop` is set.

    The first call has no files: what was saved before it may have been missed. So has
    the call after a folder came or went. A folder that isn't there is waited for.
    Hidden files don't count, nor does what editors write before they rename it.
    """
    folder = folder.absolute()
    while not stop.is_set():
        if folder.is_dir():
            with suppress(FileNotFoundError):  # it went away between the two looks
                _watch_present(folder, stop, changed)
        stop.wait(_WAIT_SECONDS)


def _watch_present(folder: Path, stop: threading.Event, changed: Changed) -> None:
    """Watch a folder for as long as it is the same one.

    Of a folder that is moved, in or out, the system reports no files: then, and when
    the watched folder itself goes away, anything may have changed.
    """
    here, begun = folder.stat().st_ino, False
    folders = _folders(folder)
    for changes in changes_in(
        folder,
        watch_filter=lambda change, path: (
            _is_filed(path, folder) or _is_moved(change, path, folders) or Path(path) == folder
        ),
        debounce=_LONGEST_MS,
        step=_QUIET_MS,
        stop_event=stop,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
        ignore_permission_denied=True,
    ):
        files = frozenset(Path(path) for _change, path in changes if _is_filed(path, folder))
        moved = any(_is_moved(change, path, folders) for change, path in changes)
        if moved:
            folders.update(_folders(folder))
        removed = (Change.deleted, str(folder)) in changes or not folder.is_dir()
        pictures = any(file.suffix.lower() in _PICTURES for file in files)
        if not begun or moved or removed or pictures:
            changed(frozenset())  # a picture may belong to any article
        elif files:
            changed(files)
        begun = True
        if removed or folder.stat().st_ino != here:
            return


def _folders(folder: Path) -> set[str]:
    """Return this folder and those below it whose files are filed."""
    found = [str(folder)]
    for above, names, _ in os.walk(folder):
        names[:] = [name for name in names if not is_ignored(name)]
        found += (str(Path(above, name)) for name in names)
    return set(found)


def _is_moved(change: Change, path: str, folders: set[str]) -> bool:
    """Whether a folder whose files are filed came or went."""
    if change is Change.deleted:
        return path in folders
    came = change is Change.added and Path(path).is_dir() and not is_ignored(Path(path).name)
    return came and str(Path(path).parent) in folders


def _is_filed(path: str, folder: Path) -> bool:
    file = Path(path)
    if file.suffix.lower() not in (*SUFFIXES, *_PICTURES):
        return False
    inside = file.relative_to(folder).parts if file.is_relative_to(folder) else (file.name,)
    return not any(map(is_ignored, inside))
