"""Limits of the sending rate, and recipient domains on hold.

The store counts the tokens of a rate limit or a daily quota that all processes share; a bucket
here reserves a few of them at a time. Domains on hold get no mail, others what their rate allows.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import ceil

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
            bucket = TokenBucket(store, PREFIX + limit.domains[0], limit.rate)
            self._buckets |= dict.fromkeys(limit.domains, bucket)
            self._groups |= dict.fromkeys(limit.domains, limit.domains)
        self._held_until: dict[str, float] = {}
        self._recovering: set[str] = set()
        """The `key` of domains whose hold is over and that have accepted nothing since."""
        self._closed: set[str] = set()
        """The `key` of domains with a 421 to a recipient since they last accepted a message."""

    def update(self, view: LedgerView, now: float) -> None:
        """Take over the holds from the ledger."""
        self._held_until = {}
        for hold in view.holds:
            if hold.what.startswith(PREFIX):
                left = (hold.until - clock.now()).total_seconds()
                group = hold.what.removeprefix(PREFIX)
                for domain in self._groups.get(group, (group,)):
                    self._held_until[domain] = now + left
        self._recovering = {name for name in view.lapsed if name.startswith(PREFIX)}

    def hold(self, domain: str, now: float) -> None:
        """Block a domain and its group until the next update."""
        for member in self._groups.get(domain, (domain,)):
            self._held_until[member] = now + _MAX_WAIT

    def key(self, domain: str) -> str:
        """Return the name of a domain's hold; those that share a limit also share a hold."""
        return PREFIX + self._groups.get(domain, (domain,))[0]

    def record_closing(self, domain: str) -> bool:
        """Record a 421; return whether it is a second in a row: one may be about its recipient."""
        repeated = self.key(domain) in self._closed
        self._closed.add(self.key(domain))
        return repeated

    def record_accepted(self, domain: str) -> bool:
        """Record an accepted message; return whether it is the domain's first after a hold."""
        if self._closed:
            self._closed.discard(self.key(domain))
        if not self._recovering or self.key(domain) not in self._recovering:
            return False
        self._recovering.discard(self.key(domain))
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

    def __init__(self, store: Store, name: str, limit: Rate | Callable[[date], int | None]) -> None:
        """`limit` is a rate, or returns each UTC day's quota: None for no limit on that day."""
        self._store = store
        self._name = name
        self._limit = limit
        self._reserved_at = clock.now()
        self._tokens = 0
        self.denied = False
        """Whether the last `take` got nothing."""
        self.retry_at = 0.0
        """When to reserve again, by `time.monotonic()`."""

    def take(self, now: float) -> bool:
        """Take one token; return False when there is none."""
        if not self._tokens and now >= self.retry_at:
            self._tokens, retry_after = self._reserve()
            if not self._tokens:
                self.retry_at = now + retry_after
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
        if not tokens:
            return
        with self._store.write() as tx:
            if isinstance(self._limit, Rate):
                tx.quotas.release(self._name, tokens)
            elif self._limit(self._reserved_at.date()) is not None:  # that day may be over
                tx.quotas.release_daily(self._name, tokens, at=self._reserved_at)

    def _reserve(self) -> tuple[int, float]:
        """Reserve tokens; return how many, and the seconds to wait if there are none."""
        now = self._reserved_at = clock.now()
        if isinstance(self._limit, Rate):
            seconds = self._limit.per.total_seconds() / self._limit.count
            portion = ceil(_RESERVE_SECONDS / seconds)
            with self._store.write() as tx:
                tokens = tx.quotas.take(self._name, self._limit, portion, at=now)
            return tokens, min(_MAX_RETRY, max(_MIN_RETRY, seconds))
        quota = self._limit(now.date())
        if quota is None:
            return _RESERVE_DAILY, 0.0
        with self._store.write() as tx:
            tokens = tx.quotas.take_daily(self._name, quota, _RESERVE_DAILY, at=now)
        midnight = datetime.combine(now.date(), time(), UTC) + timedelta(days=1)
        return tokens, (midnight - now).total_seconds()
