"""Log when config.toml has changed on disk, and the running process still uses the old one."""

import os
import threading
from pathlib import Path

import structlog
from watchfiles import watch

from syndicate.cli.context import CommandContext, content_hash

_STEP_MS, _DEBOUNCE_MS = 200, 1000
"""Events are reported after a quiet step, or at the latest after the debounce time."""
_POLL_MS = 5000
"""How often the file is read without an event: symbolic links and network disks send none."""
_SETTLE_SECONDS = 2.0
"""How long a change has to last: somebody may be saving, or about to reload."""

log = structlog.get_logger()


class ConfigWatcher:
    """Logs each new content of the file once, unless a reload reads it."""

    def __init__(self, context: CommandContext) -> None:
        self._context = context
        self._reported = context.config_hash
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="config", daemon=True)

    def start(self) -> None:
        """Start watching, in a thread."""
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
            except OSError:  # the folder is gone, or the system is out of watches
                self._compare()
                self._stop.wait(_POLL_MS / 1000)

    def _watch_folder(self, file: Path) -> None:
        for _ in watch(
            file.parent,
            watch_filter=lambda _change, path: Path(path) == file,
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            stop_event=self._stop,
            rust_timeout=_POLL_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
            ignore_permission_denied=True,
        ):
            self._compare()

    def _compare(self) -> None:
        content = content_hash(self._context.path)
        if content == self._context.config_hash:
            self._reported = content
        elif content not in (None, self._reported) and not self._stop.wait(_SETTLE_SECONDS):
            lasted = content_hash(self._context.path) == content
            if lasted and content != self._context.config_hash:  # no reload has read it meanwhile
                self._reported = content
                log.warning(
                    "the config has changed on disk and waits for a reload",
                    config=str(self._context.path),
                    remedy=f"syndicate check, then kill -HUP {os.getpid()} or systemctl reload",
                )
