"""Windows: which public articles are new to an edition of a schedule.

Numbers decide, not times: an article that is filed late, back-dated or imported
gets the next number, so it is neither lost nor repeated.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from syndicate.clock import EPOCH
from syndicate.config import ALL, BeginWith


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStart:
    """Where a schedule begins: after the newest article that was public when it was first seen."""

    number: int
    """The newest public number there was."""
    at: datetime
    """When the schedule was first seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleWindow:
    """The articles numbered above `after` that are the schedule's at all.

    Those are the ones numbered above `begins_after`, and whatever is dated later
    than `dated_after`: it became public later, or `begin_with` asks for it.
    """

    after: int = 0
    """The number that the schedule's last edition went up to."""
    begins_after: int = 0
    dated_after: datetime = EPOCH

    @classmethod
    def of(
        cls, beginning: ScheduleStart, begin_with: BeginWith | None, *, last: int | None
    ) -> Self:
        """Return the window of a schedule whose last edition went up to the number `last`."""
        after = last or 0
        if begin_with == ALL:
            return cls(after=after)
        back = begin_with if isinstance(begin_with, timedelta) else timedelta()
        return cls(after=after, begins_after=beginning.number, dated_after=beginning.at - back)
