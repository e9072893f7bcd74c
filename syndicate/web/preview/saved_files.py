"""Notices when a file is saved that a preview is made from: config, template, edition file."""

import secrets
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from stat import S_ISDIR

from syndicate.config import Config
from syndicate.intake.editions.edition_import import editions_folder
from syndicate.render.templates import PACKAGED


class SavedFiles:
    """The files as they are on disk; `version` is another after each save.

    It looks at all of them each time, some hundred in a few milliseconds. A watcher would miss what
    is saved before it watches, and while it takes in a new folder.
    """

    def __init__(self, path: Path, config: Callable[[], Config]) -> None:
        """`path` is config.toml; `config` returns what was last read from it."""
        self._path = path.absolute()
        self._config = config
        self._start = secrets.token_hex(4)

    @property
    def version(self) -> str:
        """What a browser compares with the version that it shows; a restart is another one, too."""
        stamps = blake2b(digest_size=8)
        for path in self._files():
            try:
                stat = path.stat()
            except OSError:  # it has gone, or was never there
                continue
            # a folder's own time changes with an editor's drafts
            written, size = (0, 0) if S_ISDIR(stat.st_mode) else (stat.st_mtime_ns, stat.st_size)
            stamps.update(f"{path}\0{written}\0{size}\n".encode())
        return f"{self._start}-{stamps.hexdigest()}"

    def _files(self) -> Iterator[Path]:
        """Yield the files and folders that a preview is made from, but no editor's drafts."""
        own = self._config()
        yield self._path
        for folder in (own.templates, PACKAGED.resolve(), editions_folder(own)):
            yield folder
            yield from (path for path in sorted(folder.rglob("*")) if not _is_draft(path.name))


def _is_draft(name: str) -> bool:
    return name.startswith((".", "#")) or name.endswith(("~", ".swp"))
