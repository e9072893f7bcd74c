"""This process's share of a rate limit or a daily quota that all processes share.

The store counts the tokens; a bucket here reserves a few of them at a time.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Self

from syndicate import clock
from syndicate.config import Rate
from syndicate.store import Store

_RESERVE_SECONDS = 0.25
"""A reservation from a rate limit is worth this many seconds of it."""
_RESERVE_DAILY = 20
"""Tokens in a reservation from a daily quota."""
_MIN_RETRY, _MAX_RETRY = 0.1, 30.0
"""Bounds, in seconds, of the wait after a rate limit had no token."""


class TokenBucket:
    """Tokens of a rate limit or of a daily quota; each message takes one."""

    def __init__(
        self,
        reserve: Callable[[], int],
        release: Callable[[int], None],
        retry_after: Callable[[], float],
    ) -> None:
        """`retry_after` gives the seconds to wait when `reserve` got nothing."""
        self._reserve = reserve
        self._release = release
        self._retry_after = retry_after
        self._tokens = 0
        self.denied = False
        """Whether the last `take` got nothing."""
        self.retry_at = 0.0
        """When to reserve again, by `time.monotonic()`."""

    @classmethod
    def for_rate(cls, store: Store, name: str, rate: Rate) -> Self:
        """Return a bucket that shares the rate limit of this name."""
        seconds = rate.per.total_seconds() / rate.count
        portion = ceil(_RESERVE_SECONDS / seconds)

        def reserve() -> int:
            with store.write() as tx:
                return tx.quotas.take(name, rate, portion, at=clock.now())

        def release(count: int) -> None:
            with store.write() as tx:
                tx.quotas.release(name, count)

        retry_after = min(_MAX_RETRY, max(_MIN_RETRY, seconds))
        return cls(reserve, release, lambda: retry_after)

    @classmethod
    def for_day(cls, store: Store, name: str, quota: Callable[[datetime], int | None]) -> Self:
        """Return a bucket that shares each UTC day's quota; None for no limit on that day."""
        day = clock.now()

        def reserve() -> int:
            nonlocal day
            day = now = clock.now()
            limit = quota(now)
            if limit is None:
                return _RESERVE_DAILY
            with store.write() as tx:
                return tx.quotas.take_daily(name, limit, _RESERVE_DAILY, at=now)

        def release(count: int) -> None:
            if quota(day) is not None:  # of the day of the reservation: it may be over
                with store.write() as tx:
                    tx.quotas.release_daily(name, count, at=day)

        return cls(reserve, release, _seconds_until_midnight)

    def take(self, now: float) -> bool:
        """Take one token; return False when there is none."""
        if not self._tokens and now >= self.retry_at:
            self._tokens = self._reserve()
            if not self._tokens:
                self.retry_at = now + self._retry_after()
        self.denied = not self._tokens
        if self.denied:
            return False
        self._tokens -= 1
        return True

    def undo_take(self) -> None:
        """Put the last token back: no message was sent with it."""
        self._tokens += 1

    def empty(self, now: float) -> bool:
        """Whether `take` would get nothing now."""
        return not self._tokens and now < self.retry_at

    def release(self) -> None:
        """Give the tokens left back to the store, for other processes; raise StoreError."""
        tokens, self._tokens = self._tokens, 0
        if tokens:
            self._release(tokens)


def _seconds_until_midnight() -> float:
    now = clock.now()
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1) - now).total_seconds()
