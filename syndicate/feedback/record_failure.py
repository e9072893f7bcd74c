"""Reports and events that could not be recorded: why, and in the log once."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from cachetools import LRUCache

from syndicate.errors import SyndicateError
from syndicate.text import one_line, shorten

_MAX_REASON = 200
_MOST_LOGGED = 20
"""Of one poll or call; the others are counted."""
_REMEMBERED = 10_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFailure:
    """A report or an event that could not be recorded; nothing of it is in the store."""

    name: str
    """What an operator finds it by, such as its Message-ID; it names no reader."""
    error: Exception

    @property
    def is_internal(self) -> bool:
        """Whether the error is one of our code rather than of the store."""
        return not isinstance(self.error, SyndicateError)

    @property
    def reason(self) -> str:
        """What went wrong, in one line; it has nothing of the report in it."""
        if self.is_internal:
            return f"internal error ({type(self.error).__name__})"
        return shorten(one_line(str(self.error)), _MAX_REASON)


class FailureLog:
    """Logs each failure once, however often the same report or event is tried."""

    def __init__(self, remedy: str) -> None:
        self._remedy = remedy
        self._logged: LRUCache[tuple[str, str], None] = LRUCache(_REMEMBERED)

    def note(self, source: str, failures: Sequence[RecordFailure], *, known: bool = False) -> None:
        """Log the failures that are new; `known` ones were logged by another process."""
        new = [] if known else [item for item in failures if (source, item.name) not in self]
        self._logged.update(((source, item.name), None) for item in failures)
        for failure in new[:_MOST_LOGGED]:
            _log.error(
                "a report could not be recorded",
                source=source,
                report=failure.name,
                reason=failure.reason,
                remedy=self._remedy,
                exc_info=failure.error if failure.is_internal else None,
            )
        if (more := len(new) - _MOST_LOGGED) > 0:
            _log.error("more reports could not be recorded", source=source, count=more)

    def __contains__(self, key: tuple[str, str]) -> bool:
        """Whether a report of a source was logged."""
        return key in self._logged

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._logged)
