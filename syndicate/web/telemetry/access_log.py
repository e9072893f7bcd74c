"""The access log: a line of JSON for each answer, with nothing in it that tells of a person.

No address, no query, no referrer, no User-Agent; and of a path that may hold a token,
its first part alone.
"""

import atexit
import os
import sys
import threading
from collections import deque
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Self

import structlog

from syndicate.config import Config
from syndicate.errors import ConfigError
from syndicate.render import addresses
from syndicate.web.telemetry.counters import RequestCounters
from syndicate.web.telemetry.request_kinds import PROBES, RequestKind

AccessLogEntry = tuple[datetime, str, str, int, int, float, str, str, RequestKind, bool]
"""When it was answered, method, path, status, bytes, seconds, coding, reader, kind, conditional.

A plain tuple: it is made for every request.
"""

_EVERY = 1.0
"""Seconds until a line is written."""
_WAITING = 50_000
"""How many lines wait at most, if the disk takes its time."""
MAX_PATH = 2000
"""Characters of a path that are kept, whatever it leads to."""
_LONGEST_LOST = 200
"""The same, of one that leads nowhere."""
_TOKEN = 20
"""From this many characters on, a part of a path that leads nowhere could be a token."""

_events = structlog.get_logger()


class AccessLog:
    """Lines wait here for a second, so that no request waits for a disk.

    The file is opened anew each time: one that was rotated away, or deleted, needs no signal.
    """

    def __init__(
        self,
        file: Path | None,
        acting: Collection[str] = (),
        *,
        counts: RequestCounters | None = None,
    ) -> None:
        """Write to a file, or to stderr; `acting` are the first parts of paths that hold tokens.

        Lines that can't be written are counted. Raise ConfigError when the file can't be written.
        """
        self._file = file
        self._acting = frozenset(acting) - PROBES
        self._waiting: deque[AccessLogEntry] = deque()
        self._writing = threading.Lock()
        self._due = False
        self._torn = False
        self._failing = False
        self._counts = counts or RequestCounters()
        if file is not None:
            try:
                os.close(_open(file))
            except OSError as error:
                raise ConfigError(
                    f"web.access_log: can't write {file} ({error.strerror}); "
                    "name a file in a folder that is there"
                ) from error
        atexit.register(self.flush)

    @classmethod
    def of(
        cls, config: Config, acting: Collection[str] = (), counts: RequestCounters | None = None
    ) -> Self | None:
        """Return the log that a publication wants; None where it wants none."""
        named = config.web.access_log
        if not named:
            return None
        return cls(None if named == "-" else config.path(named), acting, counts=counts)

    def note(self, entry: AccessLogEntry) -> None:
        """Have a line written within a second."""
        if len(self._waiting) >= _WAITING:
            self._counts.lose(1)
            return
        self._waiting.append(entry)
        if not self._due:
            self._due = True
            timer = threading.Timer(_EVERY, self.flush)
            timer.daemon = True  # the last lines are written at exit
            try:
                timer.start()
            except RuntimeError:  # no more threads, or the process ends: the next line tries again
                self._due = False

    def flush(self) -> None:
        """Write what waits. A disk that is full is told of once, and fails no request."""
        with self._writing:
            self._due = False  # first: what is noted from here on has a timer of its own
            lines = [self._line() for _ in range(len(self._waiting))]
            if not lines:
                return
            try:
                self._write("".join(lines))
            except (OSError, ValueError) as error:
                self._counts.lose(len(lines))
                if not self._failing:
                    _events.error("access log not written", file=self._name, error=str(error))
                self._failing = True
            else:
                if self._failing:
                    _events.info("access log written again", file=self._name, lost=self.lost)
                self._failing = False

    def close(self) -> None:
        """Write what waits, and be done."""
        self.flush()
        atexit.unregister(self.flush)

    @property
    def lost(self) -> int:
        """How many lines could not be written, of this log and all that share its counts."""
        return self._counts.lost

    @property
    def _name(self) -> str:
        return "stderr" if self._file is None else str(self._file)

    def _line(self) -> str:
        return format_line(self._waiting.popleft(), self._acting)

    def _write(self, text: str) -> None:
        if self._file is None:
            sys.stderr.write(text)
            sys.stderr.flush()
            return
        left = (b"\n" if self._torn else b"") + text.encode("ascii")
        descriptor = _open(self._file)
        try:
            while left:
                written = os.write(descriptor, left)
                self._torn = not left[:written].endswith(b"\n")
                left = left[written:]
        finally:
            os.close(descriptor)


def _open(file: Path) -> int:
    """Open a file to add to; several processes may, since each writes whole lines."""
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


def format_line(entry: AccessLogEntry, acting: Collection[str] = ()) -> str:
    """Return the line of one answer, in ASCII: nothing in a request can break it."""
    at, method, path, status, size, seconds, coding, reader, kind, conditional = entry
    return (
        f'{{"time":"{_second(int(at.timestamp()))}.{at.microsecond // 1000:03}Z"'
        f',"method":{quoted(method[:20])},"path":{quoted(redact_path(path, status, acting))}'
        f',"status":{status},"bytes":{size},"ms":{seconds * 1000:.2f},"coding":"{coding}"'
        f',"reader":"{reader}","kind":"{kind}"'
        f',"conditional":{"true" if conditional else "false"}}}\n'
    )


@lru_cache(2)
def _second(timestamp: int) -> str:
    """Return a second as in RFC 3339, without a zone; a thousand lines share one."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat()[:19]


def redact_path(path: str, status: int, acting: Collection[str] = ()) -> str:
    """Return what may be told of a path: of pages that act and private feeds, how it begins."""
    if path.startswith(addresses.PRIVATE):
        return f"{addresses.PRIVATE}…"
    first, slash, rest = path[1:].partition("/")
    if first in acting:
        return f"/{first}/…" if rest else f"/{first}{slash}"
    if status < HTTPStatus.BAD_REQUEST:  # it is published, or leads to what is
        return path[:MAX_PATH]
    return _lost(path, acting)


def _lost(path: str, acting: Collection[str]) -> str:
    """Return what may be told of a path that leads nowhere: it may be a secret, misspelt."""
    said: list[str] = []
    for part in path[:_LONGEST_LOST].split("/"):
        if "@" in part or (len(part) >= _TOKEN and (part != part.lower() or "-" not in part)):
            said.append("…")
            continue
        said.append(part)
        if part.lower() in acting or part.lower() == "private":
            said.append("…")
            break
    return "/".join(said)
