"""The relays of a publication at work: which of them takes mail now, and in how many sessions."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import structlog

from syndicate import clock
from syndicate.config import RelaySettings, sessions
from syndicate.deliver.loop.ledger import LedgerView
from syndicate.deliver.loop.token_bucket import TokenBucket
from syndicate.deliver.smtp.relay import Transport
from syndicate.errors import RelayUnavailable
from syndicate.model.deliveries import DeliveryState
from syndicate.model.relay_status import MailHold, SendRate
from syndicate.store import Store

_log = structlog.get_logger(__name__)
PREFIX = "relay:"
_RETRY = 30.0
"""Seconds until a relay that could not be reached is tried again, while others stand in for it."""
_PACE = 1.0
"""Seconds between two words about how it goes."""
_STRIKES = 3
"""Domains in a row after whose 421 a relay left before it counts as the relay's own."""
_LONG = 60.0
"""Seconds of waiting for its limit after which a relay counts as gone for now."""


class RelayState:
    """One relay: its sessions, what it took, and why it takes nothing."""

    def __init__(self, relay: Transport, store: Store) -> None:
        self.relay = relay
        self.settings: RelaySettings = relay.settings
        self.open = 0
        """Its sessions, those that are being opened included."""
        self.trouble: RelayUnavailable | None = None
        """Why it could not be reached, or what it refused; the last of it."""
        self.refused: set[int] = set()
        """Editions that it takes nothing of, whoever the reader."""
        self.counts: Counter[DeliveryState] = Counter()
        """What became of what it was offered."""
        self._left_after: set[str] = set()
        """Domains whose readers it answered 421 and left, since it accepted anything."""
        self._measured = 0.0, 0
        self._out_until = 0.0
        self._held_until = 0.0
        self.hold: MailHold | None = None
        self.recovering = False
        """Whether it was held, and took nothing since."""
        self._most: int | None = None
        """How many sessions it takes, where that is fewer than we wanted."""
        self._reservoirs: list[TokenBucket] = []
        if self.settings.rate is not None:
            self._reservoirs.append(TokenBucket.of_rate(store, self.key, self.settings.rate))
        if self.settings.warm_up:
            quota = self.settings.warm_up_quota
            self._reservoirs.append(
                TokenBucket.of_day(store, self.key, lambda at: quota(at.date()))
            )

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.settings.name

    @property
    def key(self) -> str:
        """What it is held under, and what is counted of it."""
        return PREFIX + self.name

    def available(self, now: float) -> bool:
        """Whether it takes mail now, or within the minute."""
        return now >= max(self._out_until, self._held_until) and not self._used_up(now)

    def takes_any(self, editions: Collection[int]) -> bool:
        """Whether it refused not all of these editions."""
        return not self.refused.issuperset(editions)

    def dry(self, now: float) -> bool:
        """Whether a limit lets nothing through at the moment."""
        return any(each.dry(now) for each in self._reservoirs)

    def room(self, share: int) -> int:
        """Return how many more sessions to open, so that it has its share."""
        return (share if self._most is None else min(share, self._most)) - self.open

    def draw(self, now: float) -> bool:
        """Whether it takes one more message now; it counts."""
        if now < self._held_until:
            return False
        for number, reservoir in enumerate(self._reservoirs):
            if not reservoir.draw(now):
                for drawn in self._reservoirs[:number]:
                    drawn.undo()
                return False
        return True

    def undraw(self) -> None:
        """Take back the last draw: there was no message."""
        for reservoir in self._reservoirs:
            reservoir.undo()

    def meet(self, trouble: RelayUnavailable, now: float) -> None:
        """Note that it can't be reached; tell it once."""
        if self.trouble is None:
            _log.warning("relay unavailable", relay=self.name, reason=str(trouble))
        self.trouble = trouble
        self._out_until = now + _RETRY
        self._most = None

    def crowded(self, trouble: RelayUnavailable) -> None:
        """Note that it takes no more sessions than it has; tell it once."""
        if self._most is None:
            _log.warning("relay takes fewer sessions", relay=self.name, reason=str(trouble))
        self._most = self.open

    def refuse(self, edition: int, trouble: RelayUnavailable) -> None:
        """Note that it takes nothing of an edition; tell it once."""
        if self.trouble is None:
            _log.warning("relay unavailable", relay=self.name, reason=str(trouble))
        self.trouble = trouble
        self.refused.add(edition)

    def seated(self) -> None:
        """Note that it could be reached, whatever became of another attempt before."""
        self._out_until = 0.0
        if not self.refused:
            self.trouble = None

    def said(self, now: float) -> str:
        """Say why it takes nothing; empty where it does."""
        if self.trouble is not None:
            return str(self.trouble)
        if self.hold is not None:
            until = self.hold.until.strftime("%H:%M")
            return f"{self.name} wants nothing until {until} UTC: {self.hold.reason}"
        return f"{self.name} had what warm_up allows it today" if self._used_up(now) else ""

    def look(self, hold: MailHold | None, now: float, *, recovering: bool) -> None:
        """Take note of whether it is held, or was until now."""
        self.recovering = recovering
        self.hold = hold
        left = (hold.until - clock.now()).total_seconds() if hold else 0
        self._held_until = now + left

    def accept(self) -> bool:
        """Note that it accepted a message; whether it is the first since it was held."""
        self.counts[DeliveryState.ACCEPTED] += 1
        self._left_after.clear()
        recovered, self.recovering = self.recovering, False
        return recovered

    def leave(self, domain: str) -> bool:
        """Note that it left after a 421 to a reader there; whether that is its own affair.

        A server may leave for one reader's sake. So it is only after several domains in a row.
        """
        self._left_after.add(domain)
        return len(self._left_after) >= _STRIKES

    def pause(self, now: float) -> None:
        """Let nothing through until the next look says how long it is held."""
        self._held_until = now + _LONG

    def pace(self, owner: str, now: float, *, last: bool = False) -> SendRate:
        """Say how it goes, since this was asked before; at the `last`, how it went."""
        done = self.counts.total()
        since, before = self._measured
        self._measured = now, done
        return SendRate(
            owner=owner,
            relay=self.name,
            at=clock.now(),
            sessions=0 if last else self.open,
            accepted=self.counts[DeliveryState.ACCEPTED],
            deferred=self.counts[DeliveryState.DEFERRED],
            failed=self.counts[DeliveryState.FAILED],
            per_second=(done - before) / (now - since) if since and not last else 0.0,
            note=self.said(now),
        )

    def give_back(self) -> None:
        """Give back what was reserved and not used; raise StoreError."""
        for reservoir in self._reservoirs:
            reservoir.give_back()

    def _used_up(self, now: float) -> bool:
        """Whether a limit lets nothing through for so long that only a day's number can be it."""
        return any(each.dry(now) and each.again - now > _LONG for each in self._reservoirs)


class RelayPool:
    """All relays of a publication."""

    def __init__(self, relays: Sequence[Transport], store: Store) -> None:
        self.members = [RelayState(relay, store) for relay in relays]
        self._next_pace = 0.0

    def available(self, now: float) -> list[RelayState]:
        """Return the relays that take mail now."""
        return [member for member in self.members if member.available(now)]

    def missing(self, wanted: int, fit: Sequence[RelayState], now: float) -> Iterator[RelayState]:
        """Go through those of the fit relays that are to open a session each, for so many more.

        One that lets nothing through at the moment keeps its share, and opens none: what
        waits for its turn in a session is sent away by many a server.
        """
        shares = sessions([member.settings for member in fit])
        room = {m.name: 0 if m.dry(now) else m.room(shares.get(m.name, 0)) for m in fit}
        while wanted > 0 and any(left > 0 for left in room.values()):
            for member in fit:
                if wanted > 0 and room[member.name] > 0:
                    room[member.name] -= 1
                    wanted -= 1
                    yield member

    def look(self, sight: LedgerView, now: float) -> None:
        """Take note of who is held."""
        held = {hold.what: hold for hold in sight.holds}
        for member in self.members:
            member.look(held.get(member.key), now, recovering=member.key in sight.lapsed)

    def paces(self, owner: str, now: float, *, last: bool = False) -> list[SendRate]:
        """Say how it goes with each relay; nothing where that was said a moment ago.

        The `last` word is said in any case: why a relay took nothing may have come after it.
        """
        if now < self._next_pace and not last:
            return []
        self._next_pace = now + _PACE
        return [member.pace(owner, now, last=last) for member in self.members]

    def give_back(self) -> None:
        """Give back what was reserved and not used; raise StoreError."""
        for member in self.members:
            member.give_back()

    @property
    def refused(self) -> set[int]:
        """The editions that a relay takes nothing of, though others may."""
        return set[int]().union(*(member.refused for member in self.members))

    def passed_over(self, now: float) -> set[int]:
        """Return the editions that no relay takes anything of, as far as they take mail now."""
        refused = [member.refused for member in self.available(now)]
        return set.intersection(*refused) if refused else set()

    def trouble(self, now: float) -> tuple[str, ...]:
        """Say of each relay why mail that is due doesn't leave; nothing where it isn't to blame."""
        told = (member.said(now) for member in self.members)
        return tuple(filter(None, dict.fromkeys(told)))
