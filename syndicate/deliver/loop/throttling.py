"""Limits of the sending rate, and recipient domains on hold.

The store counts the tokens of a rate limit or a daily quota that all processes share; a bucket
here reserves a few of them at a time. Domains on hold get no mail, others what their rate allows.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Self

from syndicate import clock
from syndicate.config import DomainLimit, Rate
from syndicate.deliver.loop.ledger import LedgerView
from syndicate.store import Store

PREFIX = "domain:"
_MAX_WAIT = 60.0
"""Seconds that a pass waits for a rate limit, and that a hold lasts before the next update."""
_RESERVE_SECONDS = 0.25
"""A reservation from a rate limit is worth this many seconds of it."""
_RESERVE_DAILY = 20
"""Tokens in a reservation from a daily quota."""
_MIN_RETRY, _MAX_RETRY = 0.1, 30.0
"""Bounds, in seconds, of the wait after a rate limit had no token."""


class DomainThrottle:
    """The domains on hold, and those with a rate limit; all others are free."""

    def __init__(self, store: Store, limits: Sequence[DomainLimit]) -> None:
        self._buckets: dict[str, TokenBucket] = {}
        """By domain; the domains of one limit share a bucket."""
        self._groups: dict[str, tuple[str, ...]] = {}
        for limit in limits:
            bucket = TokenBucket.for_rate(store, f"{PREFIX}{limit.domains[0]}", limit.rate)
            for domain in limit.domains:
                self._buckets[domain] = bucket
                self._groups[domain] = limit.domains
        self._held_until: dict[str, float] = {}
        self._recovering: set[str] = set()
        """Groups whose hold is over and that have accepted nothing since."""
        self._closed: set[str] = set()
        """Groups with a 421 to a recipient since they last accepted a message."""

    def _group(self, domain: str) -> str:
        # a provider's domains, which share a limit, also share a hold
        return self._groups.get(domain, (domain,))[0]

    def update(self, view: LedgerView, now: float) -> None:
        """Take over the holds from the ledger."""
        self._held_until = {}
        for hold in view.holds:
            if hold.what.startswith(PREFIX):
                left = (hold.until - clock.now()).total_seconds()
                group = hold.what.removeprefix(PREFIX)
                for domain in self._groups.get(group, (group,)):
                    self._held_until[domain] = now + left
        self._recovering = {
            name.removeprefix(PREFIX) for name in view.lapsed if name.startswith(PREFIX)
        }

    def hold(self, domain: str, now: float) -> None:
        """Block a domain and its group until the next update."""
        for member in self._groups.get(domain, (domain,)):
            self._held_until[member] = now + _MAX_WAIT

    def key(self, domain: str) -> str:
        """Return the name of a domain's hold in the store."""
        return PREFIX + self._group(domain)

    def record_closing(self, domain: str) -> bool:
        """Record a 421 to a recipient; return whether to hold the whole domain.

        One may concern one recipient only, so a domain is put on hold after the second in a row.
        """
        group = self._group(domain)
        repeated = group in self._closed
        self._closed.add(group)
        return repeated

    def record_accepted(self, domain: str) -> bool:
        """Record an accepted message; return whether it is the domain's first after a hold."""
        if self._closed:
            self._closed.discard(self._group(domain))
        if not self._recovering or self._group(domain) not in self._recovering:
            return False
        self._recovering.discard(self._group(domain))
        return True

    def take_token(self, domain: str, now: float) -> bool:
        """Return whether a message may be sent to a domain now, and count it."""
        if now < self._held_until.get(domain, 0):
            return False
        bucket = self._buckets.get(domain)
        return bucket is None or bucket.take(now)

    def undo_take(self, domain: str) -> None:
        """Put the last token back: no message was sent with it."""
        if (bucket := self._buckets.get(domain)) is not None:
            bucket.undo_take()

    def blocked_domains(self, now: float) -> frozenset[str]:
        """Return the domains that get no mail now."""
        empty = (domain for domain, bucket in self._buckets.items() if bucket.empty(now))
        held = (domain for domain, until in self._held_until.items() if now < until)
        return frozenset((*empty, *held))

    def opens_soon(self, now: float) -> bool:
        """Whether mail waits for nothing but a rate limit, and not for long."""
        return any(b.denied and b.retry_at - now < _MAX_WAIT for b in self._buckets.values())

    def forget_denials(self, but: Collection[str] = ()) -> None:
        """Note that no message waits for a rate limit, except at these domains."""
        for domain, bucket in self._buckets.items():
            if domain not in but:
                bucket.denied = False

    def release(self) -> None:
        """Give unused tokens back; raise StoreError."""
        for bucket in self._buckets.values():
            bucket.release()


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
