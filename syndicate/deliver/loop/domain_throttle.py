"""Limits mail by recipient domain: domains on hold get none, others what their rate allows."""

from collections.abc import Collection, Sequence

from syndicate import clock
from syndicate.config import DomainLimit
from syndicate.deliver.loop.ledger import LedgerView
from syndicate.deliver.loop.token_bucket import TokenBucket
from syndicate.store import Store

PREFIX = "domain:"
_MAX_WAIT = 60.0
"""Seconds that a pass waits for a rate limit, and that a hold lasts before the next update."""


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
