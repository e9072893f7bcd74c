"""Reports when config.toml changed on disk: a running process goes on with what it read."""

import os
import threading
from pathlib import Path

import structlog
from watchfiles import watch

from syndicate.cli.context import CommandContext, content_hash

_QUIET_MS, _LONGEST_MS = 200, 1000
"""How long quiet ends a burst of changes, and how long that is waited for."""
_LOOK_MS = 5000
"""How often the file is read without an event: a link to it, or a network's disk, sends none."""
_SETTLED = 2.0
"""Seconds that a change has to last: somebody may be saving, or about to reload."""

log = structlog.get_logger()


class ConfigWatcher:
    """Logs once for each new content that no reload has read."""

    def __init__(self, context: CommandContext) -> None:
        self._context = context
        self._reported = context.read_content
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="config", daemon=True)

    def start(self) -> None:
        """Watch, in a thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self._watch_folder(self._context.path.absolute())
            except OSError:  # the folder is gone, or the system watches too much already
                self._compare()
                self._stop.wait(_LOOK_MS / 1000)

    def _watch_folder(self, file: Path) -> None:
        for _ in watch(
            file.parent,
            watch_filter=lambda _change, path: Path(path) == file,
            debounce=_LONGEST_MS,
            step=_QUIET_MS,
            stop_event=self._stop,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
            ignore_permission_denied=True,
        ):
            self._compare()

    def _compare(self) -> None:
        content = content_hash(self._context.path)
        if content == self._context.read_content:
            self._reported = content
        elif content not in (None, self._reported) and not self._stop.wait(_SETTLED):
            self._report(content)

    def _report(self, content: bytes | None) -> None:
        """Log a change that is still there and that nobody has reloaded meanwhile."""
        if content_hash(self._context.path) != content or content == self._context.read_content:
            return
        self._reported = content
        log.warning(
            "the config has changed on disk and waits for a reload",
            config=str(self._context.path),
            remedy=f"syndicate check, then kill -HUP {os.getpid()} or systemctl reload",
        )
