"""Where mail goes, and how much of it now: domains that are held, and those with a limit."""

from collections.abc import Collection, Sequence

from syndicate import clock
from syndicate.config import DomainLimit
from syndicate.deliver.loop import reply_classifier
from syndicate.deliver.loop.ledger import LedgerView
from syndicate.deliver.loop.token_bucket import TokenBucket
from syndicate.errors import DeliveryError
from syndicate.store import Store

PREFIX = "domain:"
_SOON = 60.0
"""Seconds that are waited for a limit to let something through again."""


class DomainThrottle:
    """The domains that get nothing at the moment; all others get what is there."""

    def __init__(self, store: Store, limits: Sequence[DomainLimit]) -> None:
        self._limited: dict[str, TokenBucket] = {}
        self._reservoirs: list[TokenBucket] = []
        self._groups: dict[str, tuple[str, ...]] = {}
        for limit in limits:
            reservoir = TokenBucket.of_rate(store, f"{PREFIX}{limit.domains[0]}", limit.rate)
            self._reservoirs.append(reservoir)
            for domain in limit.domains:
                self._limited[domain] = reservoir
                self._groups[domain] = limit.domains
        self._held: dict[str, float] = {}
        self._recovering: set[str] = set()
        """Names of those that were held, and took nothing since."""
        self._put_off: set[str] = set()
        """Names of those of which a reader was answered 421, since another one was accepted."""

    def group(self, domain: str) -> str:
        """Return the name that a domain is held under: that of its provider, where it is known."""
        return self._groups.get(domain, (domain,))[0]

    def look(self, sight: LedgerView, now: float) -> None:
        """Take note of who is held."""
        self._held = {}
        for hold in sight.holds:
            if hold.what.startswith(PREFIX):
                left = (hold.until - clock.now()).total_seconds()
                first = hold.what.removeprefix(PREFIX)
                for domain in self._groups.get(first, (first,)):
                    self._held[domain] = now + left
        named = (what for what in sight.lapsed if what.startswith(PREFIX))
        self._recovering = {what.removeprefix(PREFIX) for what in named}

    def hold(self, domain: str, now: float) -> None:
        """Let nothing through to a domain and its like until the next look."""
        for each in self._groups.get(domain, (domain,)):
            self._held[each] = now + _SOON

    def key(self, domain: str) -> str:
        """Return what a domain is held under in the store."""
        return PREFIX + self.group(domain)

    def put_off(self, domain: str, error: DeliveryError) -> bool:
        """Note what a reader was answered; whether it is the domain that wants less.

        A 421 may be about one reader alone, so it is the domain's after a second one in a row.
        """
        if not reply_classifier.is_parting(error):
            return reply_classifier.slows_destination(error)
        name = self.group(domain)
        known = name in self._put_off
        self._put_off.add(name)
        return known

    def recovered(self, domain: str) -> bool:
        """Take note that a domain takes mail; whether it is the first since it was held."""
        if self._put_off:
            self._put_off.discard(self.group(domain))
        if not self._recovering or self.group(domain) not in self._recovering:
            return False
        self._recovering.discard(self.group(domain))
        return True

    def draw(self, domain: str, now: float) -> bool:
        """Whether a message may go there now; it counts."""
        if now < self._held.get(domain, 0):
            return False
        reservoir = self._limited.get(domain)
        return reservoir is None or reservoir.draw(now)

    def undraw(self, domain: str) -> None:
        """Take back what was drawn last: no message went there."""
        if (reservoir := self._limited.get(domain)) is not None:
            reservoir.undo()

    def closed(self, now: float) -> frozenset[str]:
        """Return the domains that get nothing now."""
        dry = (domain for domain, each in self._limited.items() if each.dry(now))
        held = (domain for domain, until in self._held.items() if now < until)
        return frozenset((*dry, *held))

    def soon(self, now: float) -> bool:
        """Whether a domain's limit alone is in the way, and not for long."""
        return any(each.thirsty and each.again - now < _SOON for each in self._reservoirs)

    def sated(self, without: Collection[str]) -> None:
        """Note that nobody is left at the domains beside these."""
        for domain, reservoir in self._limited.items():
            if domain not in without:
                reservoir.thirsty = False

    def give_back(self) -> None:
        """Give back what was reserved and not used; raise StoreError."""
        for reservoir in self._reservoirs:
            reservoir.give_back()
