"""Windows: which public articles are new to an edition of a schedule.

Public numbers decide, not dates: an article that is written late, back-dated or imported gets
the next number, so it is neither lost nor repeated.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from syndicate.clock import EPOCH
from syndicate.config import ALL, BeginWith


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStart:
    """The start of a schedule: after the newest article that was public at that time."""

    number: int
    """The newest public number at that time."""
    at: datetime
    """When a process first saw the schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleWindow:
    """The articles numbered above `after`, unless they are older than the schedule.

    Older are those numbered up to `begins_after`, except when they are dated later than
    `dated_after`: they became public later, or `begin_with` includes them.
    """

    after: int = 0
    """The last public number of the schedule's last edition."""
    begins_after: int = 0
    dated_after: datetime = EPOCH

    @classmethod
    def of(
        cls, beginning: ScheduleStart, begin_with: BeginWith | None, *, last: int | None
    ) -> Self:
        """Return the window of a schedule whose last edition ended with the number `last`."""
        after = last or 0
        if begin_with == ALL:
            return cls(after=after)
        back = begin_with if isinstance(begin_with, timedelta) else timedelta()
        return cls(after=after, begins_after=beginning.number, dated_after=beginning.at - back)
