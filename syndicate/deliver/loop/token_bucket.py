"""What this process may use of an allowance that all share: drawn from the store in portions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Self

from syndicate import clock
from syndicate.config import Rate
from syndicate.store import Store

_PORTION = 0.25
"""Seconds' worth that is taken at once."""
_DAILY_PORTION = 20
_LONGEST = 30.0
_SHORTEST = 0.1


class TokenBucket:
    """A few messages' worth of a rate, or of a day's number."""

    def __init__(
        self,
        take: Callable[[], int],
        put_back: Callable[[int], None],
        pause: Callable[[], float],
    ) -> None:
        self._take = take
        self._put_back = put_back
        self._pause = pause
        self._left = 0
        self.thirsty = False
        """Whether the last one who asked got nothing."""
        self.again = 0.0
        """When it is worth asking again, by `time.monotonic()`."""

    @classmethod
    def of_rate(cls, store: Store, name: str, rate: Rate) -> Self:
        """Draw from the bucket of that name, which fills at a rate."""
        seconds = rate.per.total_seconds() / rate.count
        portion = ceil(_PORTION / seconds)

        def take() -> int:
            with store.write() as tx:
                return tx.quotas.take(name, rate, portion, at=clock.now())

        def put_back(count: int) -> None:
            with store.write() as tx:
                tx.quotas.release(name, count)

        pause = min(_LONGEST, max(_SHORTEST, seconds))
        return cls(take, put_back, lambda: pause)

    @classmethod
    def of_day(cls, store: Store, name: str, quota: Callable[[datetime], int | None]) -> Self:
        """Draw from each day's number of messages, in UTC; None: no limit that day."""
        day = clock.now()

        def take() -> int:
            nonlocal day
            day = now = clock.now()
            most = quota(now)
            if most is None:
                return _DAILY_PORTION
            with store.write() as tx:
                return tx.quotas.take_daily(name, most, _DAILY_PORTION, at=now)

        def put_back(count: int) -> None:
            # to the day that they are of: a new one owes nothing to what is over
            if quota(day) is not None:
                with store.write() as tx:
                    tx.quotas.release_daily(name, count, at=day)

        return cls(take, put_back, _until_midnight)

    def draw(self, now: float) -> bool:
        """Take one; False when there is none now."""
        if not self._left and now >= self.again:
            self._left = self._take()
            if not self._left:
                self.again = now + self._pause()
        self.thirsty = not self._left
        if self.thirsty:
            return False
        self._left -= 1
        return True

    def undo(self) -> None:
        """Put back the one that was drawn last: it wasn't needed."""
        self._left += 1

    def dry(self, now: float) -> bool:
        """Whether there is nothing to draw now, as far as is known."""
        return not self._left and now < self.again

    def give_back(self) -> None:
        """Give back what is left, for others; raise StoreError."""
        left, self._left = self._left, 0
        if left:
            self._put_back(left)


def _until_midnight() -> float:
    now = clock.now()
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1) - now).total_seconds()
