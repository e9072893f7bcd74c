"""Counts the saves of files that a preview is made from: the config, templates, edition files."""

import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from watchfiles import Change
from watchfiles import watch as changes_in

from syndicate.config import Config
from syndicate.intake.editions.edition_import import editions_folder
from syndicate.render.templates import PACKAGED

_DEBOUNCE_MS, _STEP_MS = 400, 50
"""A burst of changes, as of an editor that writes a draft and renames it, counts as one."""
_POLL_MS = 500


class SavedFiles:
    """Watches files in a thread; `version` is another after each save."""

    def __init__(self, path: Path, config: Callable[[], Config]) -> None:
        """`path` is config.toml; `config` returns what was last read from it."""
        self._path = path.absolute()
        self._config = config
        self._start = secrets.token_hex(4)
        self._saves = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="saved files", daemon=True)

    @property
    def version(self) -> str:
        """What a browser compares with the version that it shows; a restart is another one, too."""
        return f"{self._start}-{self._saves}"

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is watched any more."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        """Watch the folders that are there; begin again when there are others."""
        while not self._stop.is_set():
            folders = set(self._folders())
            for changes in changes_in(
                *folders,
                watch_filter=self._is_source,
                debounce=_DEBOUNCE_MS,
                step=_STEP_MS,
                stop_event=self._stop,
                rust_timeout=_POLL_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
                recursive=False,  # beside config.toml are the store and all that is published
                ignore_permission_denied=True,
            ):
                self._saves += bool(changes)
                if set(self._folders()) != folders:
                    break

    def _folders(self) -> Iterator[Path]:
        """Yield the folders with such files."""
        yield self._path.parent
        own = self._config()
        for root in (own.templates, PACKAGED.resolve()):
            if root.is_dir():
                yield root
                yield from (folder for folder in root.rglob("*") if folder.is_dir())
        if editions_folder(own).is_dir():
            yield editions_folder(own)

    def _is_source(self, _: Change, path: str) -> bool:
        """Whether a changed file is one that a preview is made from, and not an editor's draft."""
        file = Path(path)
        if file.parent == self._path.parent:
            own = self._config()
            return file in {self._path, own.templates, editions_folder(own)}
        return not file.name.startswith((".", "#")) and not file.name.endswith(("~", ".swp"))
