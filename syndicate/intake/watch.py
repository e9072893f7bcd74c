"""Watching: tells when something was saved in the folder where articles are filed."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from watchfiles import Change
from watchfiles import watch as changes_in

from syndicate.intake.folder import is_ignored
from syndicate.intake.manuscript import SUFFIXES

_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif")
_QUIET_MS, _LONGEST_MS = 200, 1000
"""How long quiet ends a burst of changes, and how long that is waited for."""
_LOOK_MS = 1000
_WAIT_SECONDS = 0.5


Changed = Callable[[frozenset[Path]], None]
"""Told which article files were saved; none: anything may have changed, look at everything."""


def watch(folder: Path, stop: threading.Event, changed: Changed) -> None:
    """Call `changed` within two seconds of every save in `folder`, until `stop` is set.

    Once it sees every save it says so, by a first call without files: what was
    saved before may have been missed. A folder that isn't there, or goes away,
    is waited for. Hidden files, and so what editors write before they rename
    it, don't count.
    """
    folder = folder.absolute()
    while not stop.is_set():
        if folder.is_dir():
            with suppress(FileNotFoundError):  # it went away between the two looks
                _watch_present(folder, stop, changed)
        stop.wait(_WAIT_SECONDS)


def _watch_present(folder: Path, stop: threading.Event, changed: Changed) -> None:
    """Watch a folder for as long as it is the same one."""
    here, begun = folder.stat().st_ino, False
    for changes in changes_in(
        folder,
        watch_filter=lambda _change, path: _is_filed(path, folder) or Path(path) == folder,
        debounce=_LONGEST_MS,
        step=_QUIET_MS,
        stop_event=stop,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
        ignore_permission_denied=True,
    ):
        files = frozenset(Path(path) for _change, path in changes if _is_filed(path, folder))
        if not begun or any(file.suffix.lower() in _PICTURES for file in files):
            changed(frozenset())  # a picture may belong to any article
        elif files:
            changed(files)
        begun = True
        removed = (Change.deleted, str(folder)) in changes
        if removed or not folder.is_dir() or folder.stat().st_ino != here:
            return


def _is_filed(path: str, folder: Path) -> bool:
    file = Path(path)
    if file.suffix.lower() not in (*SUFFIXES, *_PICTURES):
        return False
    inside = file.relative_to(folder).parts if file.is_relative_to(folder) else (file.name,)
    return not any(map(is_ignored, inside))
