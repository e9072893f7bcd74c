"""The loop that hands mail over: all sessions of all relays, in one thread, nothing waiting.

A session always has the next envelope written behind the body that is on its way. When
every socket that had something to say was read, one transaction records each verdict
and each intent, and claims more where it runs low. After the commit the bodies leave,
and while the servers read them the next copies are written. No lock, no timer: the
more sessions there are, the more share a commit.
"""

import contextlib
import threading
import time
from collections.abc import Sequence
from typing import assert_never

from syndicate.deliver.loop import reply_classifier
from syndicate.deliver.loop.connector import Connector
from syndicate.deliver.loop.domain_throttle import DomainThrottle
from syndicate.deliver.loop.ledger import ClaimRequest, Ledger, LedgerBatch
from syndicate.deliver.loop.maintenance import Maintenance
from syndicate.deliver.loop.relay_pool import RelayPool, RelayState
from syndicate.deliver.loop.send_queue import SendQueue
from syndicate.deliver.loop.sessions import ActiveSession, ActiveSessions
from syndicate.deliver.message.outgoing_message import OutgoingMessage
from syndicate.deliver.smtp.relay import (
    BodyInvited,
    Event,
    MessageAnswered,
    MessageDeclined,
    SessionEnded,
    SmtpReply,
)
from syndicate.errors import (
    DeliveryError,
    NoVerdict,
    PermanentFailure,
    RelayUnavailable,
    StoreError,
    TemporaryFailure,
)

_LOOK = 0.2
"""Seconds between looks at deadlines, and at whether to stop."""
_SEE = 1.0
"""Seconds between looks at what is due, and who is held."""
_GLANCE = 0.25
"""Seconds that such a look is good for when more is claimed."""


class SendLoop:
    """Hands over what a supply has, through a fleet, as the ledger says it may."""

    def __init__(
        self,
        ledger: Ledger,
        fleet: RelayPool,
        supply: SendQueue,
        destinations: DomainThrottle,
        upkeep: Maintenance,
        *,
        stop_timeout: float,
    ) -> None:
        self._ledger = ledger
        self._fleet = fleet
        self._supply = supply
        self._destinations = destinations
        self._upkeep = upkeep
        self._stop = threading.Event()
        self.stop_timeout = stop_timeout
        """Seconds that what is on its way gets to be finished in after a stop."""
        self._openings = Connector()
        self._seats = ActiveSessions()
        self._heard: list[tuple[ActiveSession, Event]] = []
        self._due = LedgerBatch()
        self._next_look = self._next_sight = 0.0
        self._seen = False
        """Whether nothing was heard since it was looked what is due."""
        self._stopped_at: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until nothing more is to be had, no relay takes any, or soon after `stop`.

        Raise StoreError when the ledger can't be kept.
        """
        self._stop = stop
        self._seats.hark(self._openings.bell)
        self._seats.hark(self._supply.bell)
        try:
            self._go_on()
            now = self._stopped_at = time.monotonic()
            self._due.paces = self._fleet.paces(self._ledger.name, now, last=True)
            self._record(now)
        except Exception:
            # what is on its way gets its verdict all the same, if that can be recorded by then
            self._stopped_at = self._stopped_at or time.monotonic()
            self._next_look = 0.0
            self._go_on()
            raise
        finally:
            self._leave()

    # the loop

    def _go_on(self) -> None:
        while self._goes_on(time.monotonic()):
            self._turn()

    def _goes_on(self, now: float) -> bool:
        if self._heard or self._due or self._seats.busy:
            return True
        if self._stopped_at is not None:
            return False
        takes = self._openings.under_way or self._fleet.available(now)
        if takes and not self._supply.exhausted(now):
            return True
        # something may have come in since it was last looked
        again, self._seen = not self._seen, False
        self._next_look = self._next_sight = 0.0
        return again

    @property
    def _spare(self) -> int:
        """How many sessions have nothing to do, or soon will."""
        return len(self._seats.idle) + self._openings.under_way

    def _waits(self, now: float) -> bool:
        """Whether it is left to others that something happens, and something may."""
        if self._heard or self._due or (self._supply.fruitless and self._stopped_at is None):
            return False
        return self._seats.busy or self._openings.under_way > 0 or not self._supply.exhausted(now)

    def _turn(self) -> None:
        """Hear what there is to hear, record it, and say what may be said."""
        now = time.monotonic()
        if now >= self._next_look:
            self._hear_all(now)  # of a session that this drops, nothing is heard any more
            self._look(now)
        for stirred in self._seats.wait(_LOOK if self._waits(now) else 0):
            if isinstance(stirred, ActiveSession):
                self._stir(stirred, now)
            elif stirred is self._openings.bell:
                self._seat_opened(now)
            else:
                stirred.hush()
        self._hear_all(now)
        self._record(now)
        self._offer_all(now)
        self._supply.prepare(len(self._seats))

    def _look(self, now: float) -> None:
        """Do what isn't for every turn."""
        self._next_look = now + _LOOK
        if self._stop.is_set() and self._stopped_at is None:
            self._stopped_at = now
        if self._stopped_at is not None:
            self._wind_down(now, self._stopped_at)
        elif now >= self._next_sight and not self._due.holds:  # as in `_wanted`
            self._see(now)
        for seat in self._seats:
            self._stir(seat, now)

    def _see(self, now: float) -> None:
        self._upkeep.look(now)
        sight = self._ledger.see(self._supply.claimed)
        self._fleet.look(sight, now)
        self._destinations.look(sight, now)
        over, refused = self._fleet.passed_over(now), self._fleet.refused
        self._supply.look(sight, now, passed_over=over, refused=refused)
        self._due.paces = self._fleet.paces(self._ledger.name, now)
        self._next_sight = now + _SEE
        self._seen = True

    def _seat_opened(self, now: float) -> None:
        for member, opened in self._openings.take():
            match opened:
                case RelayUnavailable() if reply_classifier.puts_off(opened) and member.open:
                    member.crowded(opened)
                case RelayUnavailable():
                    member.meet(opened, now)
                    if reply_classifier.puts_off(opened):
                        self._hold_relay(member, opened, now)
                case BaseException():
                    raise opened
                case _:
                    member.seated()
                    self._seats.take(member, opened)

    # what is heard

    def _stir(self, seat: ActiveSession, now: float, *, readable: bool = True) -> None:
        """Let a session write and read."""
        events = seat.session.move(now, readable=readable)
        self._heard += ((seat, event) for event in events)
        self._seats.watch(seat)

    def _hear_all(self, now: float) -> None:
        heard, self._heard = self._heard, []
        for seat, event in heard:
            self._seen = False
            self._hear(seat, event, now)

    def _hear(self, seat: ActiveSession, event: Event, now: float) -> None:
        match event:
            case BodyInvited():
                seat.invited = True
            case MessageDeclined(error, of_reader):
                copy, seat.offered = seat.offered, None
                assert copy is not None
                if isinstance(error, RelayUnavailable):
                    seat.member.refuse(copy.edition.key, error)
                    self._supply.put_back(copy)
                else:
                    self._fail(seat.member, copy, error, now, of_reader=of_reader)
            case MessageAnswered(reply, error):
                copy, seat.current = seat.current, None
                assert copy is not None
                if error is None:
                    self._accept(seat.member, copy, reply)
                else:
                    self._fail(
                        seat.member, copy, error, now, left=reply_classifier.is_parting(error)
                    )
            case SessionEnded(error, of_reader):
                self._end(seat, error, now, of_reader=of_reader)
            case _:
                assert_never(event)

    def _accept(self, member: RelayState, copy: OutgoingMessage, reply: SmtpReply) -> None:
        self._due.verdicts.append(reply_classifier.accepted(copy.claim, reply))
        if member.accept():
            self._due.eased.append(member.key)
        if self._destinations.recovered(copy.domain):
            self._due.eased.append(self._destinations.key(copy.domain))

    def _fail(
        self,
        member: RelayState,
        copy: OutgoingMessage,
        error: DeliveryError,
        now: float,
        *,
        of_reader: bool = True,
        left: bool = False,
    ) -> None:
        """Take note of what became of a copy, and who wants less; `left`: its session ended."""
        verdict = reply_classifier.of(error, copy.claim, copy.edition, self._ledger.moment)
        self._due.verdicts.append(verdict)
        member.counts[verdict.state] += 1
        its_own = left and member.leave(copy.domain)
        if its_own or reply_classifier.slows_relay(error, of_reader=of_reader):
            self._hold_relay(member, error, now)
        elif of_reader and self._destinations.put_off(copy.domain, error):
            self._destinations.hold(copy.domain, now)
            self._due.holds[self._destinations.key(copy.domain)] = str(error)

    def _hold_relay(self, member: RelayState, error: DeliveryError, now: float) -> None:
        member.pause(now)
        self._due.holds[member.key] = str(error)

    def _end(
        self, seat: ActiveSession, error: DeliveryError, now: float, *, of_reader: bool
    ) -> None:
        """Settle what a session leaves behind that is over."""
        current, offered = seat.clear()
        if current is not None:
            kind = NoVerdict if seat.session.handed else TemporaryFailure
            self._fail(seat.member, current, kind(str(error), error.code), now)
        elif not (seat.session.taken or of_reader) and reply_classifier.puts_off(error):
            self._hold_relay(seat.member, error, now)
        if offered is not None:
            # a session that grew old says nothing about who would have been next
            old = seat.session.taken > 0 or current is not None
            if self._stopped_at is not None or (old and offered.wrong_turn()):
                self._supply.put_back(offered)
            else:
                cut = TemporaryFailure(str(error), error.code)
                self._fail(seat.member, offered, cut, now, of_reader=of_reader, left=of_reader)
        self._drop(seat)

    def _drop(self, seat: ActiveSession) -> None:
        """Let a session go, with what is offered in it."""
        _, offered = seat.clear()
        if offered is not None:
            self._supply.put_back(offered)
        self._seats.leave(seat)

    # what is recorded, and said

    def _record(self, now: float) -> None:
        """Record the round, and have the bodies leave that may."""
        invited = [seat for seat in self._seats if seat.invited]
        if self._stopped_at is not None:
            for seat in invited:
                self._drop(seat)
            invited = []
        else:
            self._due.wanted = self._wanted(now)
        self._due.intents = [seat.next.claim for seat in invited]
        if not self._due:
            return
        due, self._due = self._due, LedgerBatch()
        recorded = self._ledger.record(due)
        leaving = [seat for seat in invited if seat.next.claim.key in recorded.may_leave]
        for seat in set(invited).difference(leaving):
            # it waits for a body that must not come: there is no way on in that session
            self._supply.give_up(seat.next)
            seat.offered = None
            self._drop(seat)
        try:
            if due.wanted is not None:
                self._due.verdicts += self._supply.take_in(due.wanted, recorded.claims, now)
            if recorded.paused or len(leaving) < len(invited):
                self._see(now)
        finally:  # what is written down as sent leaves, whatever goes wrong here
            self._send(leaving, now)

    def _send(self, leaving: Sequence[ActiveSession], now: float) -> None:
        """Have bodies leave, each with the next envelope behind it."""
        rest, spare = iter(leaving), self._spare
        try:
            for seat in rest:
                seat.hand_over()
                self._next(seat, now, spare=spare)
                self._stir(seat, now, readable=False)
        finally:  # also when it can't be asked who is next
            for seat in rest:
                seat.hand_over()

    def _wanted(self, now: float) -> ClaimRequest | None:
        """Say what to claim, if anything: of what is the most urgent by now."""
        sessions = len(self._seats) + self._openings.under_way + 1
        wanted = self._supply.wanted(sessions, now)
        if wanted is None or self._seen or now < self._next_sight - _SEE + _GLANCE:
            return wanted
        if not self._due.holds:  # a look would overlook those that are not recorded yet
            self._see(now)
        return self._supply.wanted(sessions, now)

    def _offer_all(self, now: float) -> None:
        """Offer a copy in each session that has room for one, and open more where that is few."""
        if self._stopped_at is None:
            spare = self._spare
            for seat in self._seats:
                if seat.offered is None:
                    self._next(seat, now, spare=spare)
            self._open(now)
        for seat in self._seats:
            if seat.session.stuck and not seat.writing:
                self._stir(seat, now, readable=False)

    def _next(self, seat: ActiveSession, now: float, *, spare: int) -> None:
        """Offer the next copy; behind one that is on its way only while others have theirs."""
        session, member = seat.session, seat.member
        if seat.current is not None and self._supply.waiting <= spare:
            return
        if seat.current is None and session.spent:
            self._drop(seat)
            return
        while seat.offered is None and not session.spent and self._supply.waiting:
            if not member.draw(now):
                return
            copy = self._supply.next(now, refused=member.refused)
            if copy is None:
                member.undraw()
                return
            self._offer(seat, copy)

    def _offer(self, seat: ActiveSession, copy: OutgoingMessage) -> None:
        if copy.refusal is not None:
            self._due.verdicts.append(reply_classifier.not_made(copy.claim, copy.refusal))
            return
        try:
            seat.session.offer(copy.envelope, copy.message.size)
        except PermanentFailure as error:
            verdict = reply_classifier.of(error, copy.claim, copy.edition, self._ledger.moment)
            self._due.verdicts.append(verdict)
        else:
            seat.offered = copy

    def _open(self, now: float) -> None:
        """Open what is missing, with relays that take something of what waits."""
        claimed = self._supply.claimed
        fit = [each for each in self._fleet.available(now) if each.takes_any(claimed)]
        idle = [seat.member for seat in self._seats.idle]
        free = sum(member in fit and not member.dry(now) for member in idle)
        missing = self._supply.waiting - free - self._openings.under_way
        for member in self._fleet.missing(missing, fit, now):
            self._openings.begin(member)

    # the end

    def _wind_down(self, now: float, since: float) -> None:
        """Finish what is on its way; break off what takes too long."""
        for seat in self._seats:
            if seat.current is None:
                self._drop(seat)
            elif now - since > self.stop_timeout:
                self._end(seat, TemporaryFailure("we had to stop"), now, of_reader=False)

    def _leave(self) -> None:
        """Give back what is held, whatever led here."""
        for seat in self._seats:
            self._drop(seat)
        self._openings.close()
        self._seats.close()
        with contextlib.suppress(StoreError):
            self._supply.give_back()
            self._destinations.give_back()
            self._fleet.give_back()
