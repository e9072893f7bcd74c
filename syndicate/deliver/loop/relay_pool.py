"""The relays of a publication: which of them take mail now, and in how many sessions."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import inf

import structlog

from syndicate import clock
from syndicate.config import RelaySettings, sessions
from syndicate.deliver.loop.ledger import LedgerView
from syndicate.deliver.loop.throttling import TokenBucket
from syndicate.deliver.smtp.transport import Transport
from syndicate.errors import RelayUnavailable
from syndicate.model.deliveries import DeliveryState
from syndicate.store import Store
from syndicate.store.ledger.mail_flow import MailHold, SendRate

_log = structlog.get_logger(__name__)
PREFIX = "relay:"
_RECONNECT_DELAY = 30.0
"""Seconds until an unreachable relay is tried again, while others take its share."""
_RATE_INTERVAL = 1.0
"""Seconds between two records of the sending rate."""
_MAX_WAIT = 60.0
"""Seconds; a relay whose limit opens later counts as unavailable."""


class RelayState:
    """One relay: its sessions, its counts, and why it takes no mail."""

    def __init__(self, transport: Transport, store: Store) -> None:
        self.transport = transport
        self.settings: RelaySettings = transport.settings
        self.name = self.settings.name
        self.key = PREFIX + self.name
        """The name of its hold and of its tokens in the store."""
        self.open_sessions = 0
        """Including those being opened."""
        self.error: RelayUnavailable | None = None
        """Why it could not be reached, or what it refused; the last of these."""
        self.refused_editions: set[int] = set()
        """Editions that it refuses for all recipients."""
        self.counts: Counter[DeliveryState] = Counter()
        """The outcomes of the messages offered to it."""
        self.closed_domains: set[str] = set()
        """Domains at which a 421 ended the session, since it last accepted a message."""
        self._last_rate = 0.0, 0
        """When the rate was last recorded, and the count by then."""
        self._unreachable_until = 0.0
        self.held_until = 0.0
        self.hold: MailHold | None = None
        self.recovering = False
        """Whether its hold is over and it has accepted nothing since."""
        self.session_limit = inf
        """How many sessions it takes, if fewer than configured."""
        warm_up = self.settings.warm_up_quota if self.settings.warm_up else None
        limits = (self.settings.rate, warm_up)
        self.buckets = [TokenBucket(store, self.key, limit) for limit in limits if limit]

    def available(self, now: float) -> bool:
        """Whether it takes mail now, or within the minute."""
        until = max(self._unreachable_until, self.held_until)
        return now >= until and not self._quota_used_up(now)

    def rate_limited(self, now: float) -> bool:
        """Whether a limit has no token now."""
        return any(bucket.empty(now) for bucket in self.buckets)

    def take_token(self, now: float) -> bool:
        """Return whether it takes one more message now, and count it."""
        if now < self.held_until:
            return False
        for number, bucket in enumerate(self.buckets):
            if not bucket.take(now):
                for taken in self.buckets[:number]:
                    taken.undo_take()
                return False
        return True

    def undo_take(self) -> None:
        """Put the last tokens back: no message was sent with them."""
        for bucket in self.buckets:
            bucket.undo_take()

    def mark_unreachable(self, error: RelayUnavailable, now: float) -> None:
        """Record that no session could be opened, and don't try again for a while."""
        self._set_error(error)
        self._unreachable_until = now + _RECONNECT_DELAY
        self.session_limit = inf

    def limit_sessions(self, error: RelayUnavailable) -> None:
        """Record that it takes no more sessions than are open."""
        if self.session_limit == inf:
            _log.warning("relay takes fewer sessions", relay=self.name, reason=str(error))
        self.session_limit = self.open_sessions

    def refuse_edition(self, edition: int, error: RelayUnavailable) -> None:
        """Record that it refuses an edition for all recipients."""
        self._set_error(error)
        self.refused_editions.add(edition)

    def mark_reachable(self) -> None:
        """Record that a session is open, even if other attempts failed."""
        self._unreachable_until = 0.0
        if not self.refused_editions:
            self.error = None

    def reason_unavailable(self, now: float) -> str:
        """Return why it takes no mail; empty if it does."""
        if self.error is not None:
            return str(self.error)
        if self.hold is not None:
            until = self.hold.until.strftime("%H:%M")
            return f"{self.name} is on hold until {until} UTC: {self.hold.reason}"
        return f"{self.name} has used up today's warm_up quota" if self._quota_used_up(now) else ""

    def record_accepted(self) -> bool:
        """Record an accepted message; return whether it is the first after a hold."""
        self.counts[DeliveryState.ACCEPTED] += 1
        self.closed_domains.clear()
        recovered, self.recovering = self.recovering, False
        return recovered

    def pause(self, now: float) -> None:
        """Send nothing through it until the next update brings the hold."""
        self.held_until = now + _MAX_WAIT

    def rate(self, owner: str, now: float, *, last: bool) -> SendRate:
        """Return how fast it has sent since the last call."""
        count = self.counts.total()
        since, before = self._last_rate
        self._last_rate = now, count
        return SendRate(
            owner=owner,
            relay=self.name,
            at=clock.now(),
            sessions=0 if last else self.open_sessions,
            accepted=self.counts[DeliveryState.ACCEPTED],
            deferred=self.counts[DeliveryState.DEFERRED],
            failed=self.counts[DeliveryState.FAILED],
            per_second=(count - before) / (now - since) if since and not last else 0.0,
            note=self.reason_unavailable(now),
        )

    def _set_error(self, error: RelayUnavailable) -> None:
        if self.error is None:  # logged once
            _log.warning("relay unavailable", relay=self.name, reason=str(error))
        self.error = error

    def _quota_used_up(self, now: float) -> bool:
        """Whether a limit opens so late that it can only be a daily quota."""
        return any(b.empty(now) and b.retry_at - now > _MAX_WAIT for b in self.buckets)


class RelayPool:
    """All relays of a publication."""

    def __init__(self, transports: Sequence[Transport], store: Store) -> None:
        self.relays = [RelayState(transport, store) for transport in transports]
        self._next_rates = 0.0

    def available(self, now: float) -> list[RelayState]:
        """Return the relays that take mail now."""
        return [relay for relay in self.relays if relay.available(now)]

    def to_connect(
        self, count: int, relays: Sequence[RelayState], now: float
    ) -> Iterator[RelayState]:
        """Yield the relay that is to open each of `count` sessions.

        None while it is rate-limited: many servers close a session that waits for its turn.
        """
        shares = sessions([relay.settings for relay in relays])
        missing = {
            relay.name: min(shares.get(relay.name, 0), relay.session_limit) - relay.open_sessions
            for relay in relays
            if not relay.rate_limited(now)
        }
        while count > 0 and any(left > 0 for left in missing.values()):
            for relay in relays:
                if count > 0 and missing.get(relay.name, 0) > 0:
                    missing[relay.name] -= 1
                    count -= 1
                    yield relay

    def update(self, view: LedgerView, now: float) -> None:
        """Take over the holds from the ledger."""
        holds = {hold.what: hold for hold in view.holds}
        for relay in self.relays:
            hold = relay.hold = holds.get(relay.key)
            left = (hold.until - clock.now()).total_seconds() if hold else 0
            relay.held_until = now + left
            relay.recovering = relay.key in view.lapsed

    def rates(self, owner: str, now: float, *, last: bool = False) -> list[SendRate]:
        """Return each relay's rate; at most once a second, but always at the end (`last`)."""
        if now < self._next_rates and not last:
            return []
        self._next_rates = now + _RATE_INTERVAL
        return [relay.rate(owner, now, last=last) for relay in self.relays]

    def release(self) -> None:
        """Give unused tokens back; raise StoreError."""
        for relay in self.relays:
            for bucket in relay.buckets:
                bucket.release()

    def refused_editions(self, now: float) -> tuple[set[int], set[int]]:
        """Return the editions that every available relay refuses, and those that any refuses."""
        refused = [relay.refused_editions for relay in self.available(now)]
        by_any = set[int]().union(*(relay.refused_editions for relay in self.relays))
        return set.intersection(*refused) if refused else set(), by_any
