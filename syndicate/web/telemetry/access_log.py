"""The access log: a line of JSON for each response, without personal data.

It has no client address, query, referrer or User-Agent, and only the first segment of a path
that may contain a token.
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
from syndicate.web.telemetry.counters import PROBES, RequestCounters, RequestKind

AccessLogEntry = tuple[datetime, str, str, int, int, float, str, str, RequestKind, bool]
"""Time of the response, method, path, status, bytes, seconds, coding, reader, kind, conditional.

A plain tuple for speed: there is one for every request.
"""

_FLUSH_INTERVAL = 1.0
"""Seconds until a line is written."""
_MAX_PENDING = 50_000
"""Lines that may wait for a slow disk."""
MAX_PATH = 2000
"""Characters of any path that are logged."""
_MAX_UNKNOWN_PATH = 200
"""The same of a path that was not found."""
_MIN_TOKEN = 20
"""Characters from which a segment of such a path could be a token."""

_events = structlog.get_logger()


class AccessLog:
    """Collects lines and writes them once a second, so that no request waits for the disk.

    The file is opened for each write, so that log rotation needs no signal.
    """

    @classmethod
    def of(
        cls, config: Config, dynamic_prefixes: Collection[str], counts: RequestCounters
    ) -> Self | None:
        """Return the log that `web.access_log` names, "-" for stderr; None without one."""
        name = config.web.access_log
        if not name:
            return None
        return cls(None if name == "-" else config.path(name), dynamic_prefixes, counts)

    def __init__(
        self, file: Path | None, dynamic_prefixes: Collection[str], counts: RequestCounters
    ) -> None:
        """Write to a file, or to stderr if None; raise ConfigError if it can't be written.

        `dynamic_prefixes` are the first segments of paths that contain tokens.
        """
        self._file = file
        self._dynamic_prefixes = frozenset(dynamic_prefixes) - PROBES
        self._pending: deque[AccessLogEntry] = deque()
        self._write_lock = threading.Lock()
        self._timer_set = False
        self._line_is_torn = False
        self._is_failing = False
        self._counts = counts
        if file is not None:
            try:
                os.close(_open(file))
            except OSError as error:
                raise ConfigError(
                    f"web.access_log: can't write {file} ({error.strerror}); "
                    "choose a file in a folder that exists"
                ) from error
        atexit.register(self.flush)

    def add(self, entry: AccessLogEntry) -> None:
        """Add a line, which is written within a second."""
        if len(self._pending) >= _MAX_PENDING:
            self._counts.add_lost_lines(1)
            return
        self._pending.append(entry)
        if not self._timer_set:
            self._timer_set = True
            timer = threading.Timer(_FLUSH_INTERVAL, self.flush)
            timer.daemon = True  # the last lines are written at exit
            try:
                timer.start()
            except RuntimeError:  # no more threads, or the process exits: the next line tries again
                self._timer_set = False

    def flush(self) -> None:
        """Write all pending lines; a failure is logged once and fails no request."""
        with self._write_lock:
            self._timer_set = False  # first: a line added from here on sets a timer of its own
            entries = [self._pending.popleft() for _ in range(len(self._pending))]
            lines = [format_line(entry, self._dynamic_prefixes) for entry in entries]
            if not lines:
                return
            name = "stderr" if self._file is None else str(self._file)
            try:
                self._write("".join(lines))
            except (OSError, ValueError) as error:
                self._counts.add_lost_lines(len(lines))
                if not self._is_failing:
                    _events.error("access log not written", file=name, error=str(error))
                self._is_failing = True
            else:
                if self._is_failing:
                    lost = self._counts.lost_log_lines
                    _events.info("access log written again", file=name, lost=lost)
                self._is_failing = False

    def close(self) -> None:
        """Write all pending lines, and stop flushing at exit."""
        self.flush()
        atexit.unregister(self.flush)

    def _write(self, text: str) -> None:
        if self._file is None:
            sys.stderr.write(text)
            sys.stderr.flush()
            return
        data = (b"\n" if self._line_is_torn else b"") + text.encode("ascii")
        descriptor = _open(self._file)
        try:
            while data:
                written = os.write(descriptor, data)
                self._line_is_torn = not data[:written].endswith(b"\n")
                data = data[written:]
        finally:
            os.close(descriptor)


def _open(file: Path) -> int:
    """Open a file to append; several processes may do so, since each writes whole lines."""
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


def format_line(entry: AccessLogEntry, dynamic_prefixes: Collection[str]) -> str:
    """Return the line of one response, in ASCII: nothing in a request can break it."""
    at, method, path, status, size, seconds, coding, reader, kind, conditional = entry
    path = redact_path(path, status, dynamic_prefixes)
    return (
        f'{{"time":"{_second(int(at.timestamp()))}.{at.microsecond // 1000:03}Z"'
        f',"method":{quoted(method[:20])},"path":{quoted(path)}'
        f',"status":{status},"bytes":{size},"ms":{seconds * 1000:.2f},"coding":"{coding}"'
        f',"reader":"{reader}","kind":"{kind}"'
        f',"conditional":{"true" if conditional else "false"}}}\n'
    )


@lru_cache(2)
def _second(timestamp: int) -> str:
    """Return a time to the second as in RFC 3339, without a zone; many lines share one."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat()[:19]


def redact_path(path: str, status: int, dynamic_prefixes: Collection[str]) -> str:
    """Return a path without tokens: only the beginning for dynamic pages and private feeds."""
    if path.startswith(addresses.PRIVATE):
        return f"{addresses.PRIVATE}…"
    first, slash, rest = path[1:].partition("/")
    if first in dynamic_prefixes:
        return f"/{first}/…" if rest else f"/{first}{slash}"
    if status < HTTPStatus.BAD_REQUEST:  # a published file, or a redirect to one
        return path[:MAX_PATH]
    # it was not found, and may have a misspelt secret
    segments: list[str] = []
    for segment in path[:_MAX_UNKNOWN_PATH].split("/"):
        lower = segment.lower()
        may_be_token = len(segment) >= _MIN_TOKEN and (segment != lower or "-" not in segment)
        if "@" in segment or may_be_token:
            segments.append("…")
            continue
        segments.append(segment)
        if lower in dynamic_prefixes or lower == "private":
            segments.append("…")
            break
    return "/".join(segments)
