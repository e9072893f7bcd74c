"""The send loop: one thread drives all sessions with all relays, and blocks in none of them.

A session always has the next envelope written behind the body in flight. One iteration
reads every socket that is ready; records all outcomes and intents in one transaction,
which also claims more when the queue runs low; and sends the bodies after the commit.
While the servers read them, it renders the next messages. There is no lock and no timer:
the more sessions there are, the more of them share a commit.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from syndicate.deliver.loop.ledger import Ledger, LedgerBatch
from syndicate.deliver.loop.maintenance import Maintenance
from syndicate.deliver.loop.outcomes import CLOSING, OutcomeRecorder, is_throttled, not_rendered
from syndicate.deliver.loop.relay_pool import RelayPool
from syndicate.deliver.loop.send_queue import SendQueue
from syndicate.deliver.loop.sessions import ActiveSession, ActiveSessions
from syndicate.deliver.loop.throttling import DomainThrottle
from syndicate.deliver.smtp.transport import (
    EnvelopeRefused,
    Event,
    MessageAnswered,
    ReadyForBody,
    SessionEnded,
)
from syndicate.errors import (
    DeliveryError,
    NoVerdict,
    PermanentFailure,
    RelayUnavailable,
    StoreError,
    TemporaryFailure,
)
from syndicate.model.deliveries import ClaimRequest

_POLL_INTERVAL = 0.2
"""Seconds between checks of the deadlines, and of whether to stop."""
_REFRESH_INTERVAL = 1.0
"""Seconds between reads of what is due, and of the holds."""
_REFRESH_MAX_AGE = 0.25
"""Seconds after which such a read is too old to claim by."""
_MAX_LOST_SESSIONS = 3
"""How often a session may end while a message waits in it, before that counts as a failure."""


@dataclass(eq=False)
class SendLoop:
    """Sends what the queue has through the relays, as far as the ledger permits."""

    ledger: Ledger
    relays: RelayPool
    queue: SendQueue
    throttle: DomainThrottle
    maintenance: Maintenance
    stop_timeout: float
    """Seconds that the messages in flight may take to finish after a stop."""
    should_stop: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self._sessions = ActiveSessions(self.queue.wakeup)
        self._events: list[tuple[ActiveSession, Event]] = []
        self._recorder = OutcomeRecorder(self.ledger, self.throttle)
        self._next_poll = self._next_refresh = 0.0
        self._fresh = False
        """Whether no event has come since the last refresh."""
        self._stopped_at: float | None = None

    def run(self) -> None:
        """Send until nothing is due, no relay takes mail, or `should_stop`; raise StoreError."""
        try:
            self._iterate()
            now = self._stopped_at = time.monotonic()
            self._recorder.batch.rates = self.relays.rates(self.ledger.name, now, last=True)
            self._commit(now)
        except Exception:
            # messages in flight still get their outcome, if it can be recorded by then
            self._stopped_at = self._stopped_at or time.monotonic()
            self._next_poll = 0.0
            self._iterate()
            raise
        finally:
            for session in self._sessions:
                self._close_session(session)
            self._sessions.close()
            with contextlib.suppress(StoreError):
                self.queue.close()
                self.throttle.release()
                self.relays.release()

    # the loop

    def _iterate(self) -> None:
        while self._has_work(time.monotonic()):
            self._run_once()

    def _has_work(self, now: float) -> bool:
        if self._events or self._recorder.batch or self._sessions.busy:
            return True
        if self._stopped_at is not None:
            return False
        usable = self._sessions.opening or self.relays.available(now)
        if usable and not self.queue.exhausted(now):
            return True
        # something may have become due since the last refresh: check once more
        again, self._fresh = not self._fresh, False
        self._next_poll = self._next_refresh = 0.0
        return again

    def _may_block(self, now: float) -> bool:
        """Whether there is nothing to do until a socket, a wakeup or a deadline."""
        unfinished = self.queue.last_claim_empty and self._stopped_at is None
        if self._events or self._recorder.batch or unfinished:
            return False
        return self._sessions.busy or self._sessions.opening > 0 or not self.queue.exhausted(now)

    def _run_once(self) -> None:
        now = time.monotonic()
        if now >= self._next_poll:
            self._handle_events(now)  # before this closes a session, whose events then are lost
            self._poll_all(now)
        for ready in self._sessions.select(_POLL_INTERVAL if self._may_block(now) else 0):
            if isinstance(ready, ActiveSession):
                self._poll(ready, now)
            elif ready is self._sessions.wakeup:
                self._add_sessions(now)
            else:
                ready.clear()
        self._handle_events(now)
        self._commit(now)
        self._fill_sessions(now)
        self.queue.prepare(len(self._sessions))

    def _poll_all(self, now: float) -> None:
        """Check whether to stop, and the deadlines, and refresh what is due."""
        self._next_poll = now + _POLL_INTERVAL
        if self._stopped_at is None and self.should_stop():
            self._stopped_at = now
        if self._stopped_at is not None:
            for session in self._sessions:
                if session.in_flight is None:
                    self._close_session(session)
                elif now - self._stopped_at > self.stop_timeout:
                    error = TemporaryFailure("we had to stop")
                    self._end_session(session, error, now, about_recipient=False)
        elif now >= self._next_refresh and not self._recorder.batch.holds:  # see _claim_request
            self._refresh(now)
        for session in self._sessions:
            self._poll(session, now)

    def _refresh(self, now: float) -> None:
        """Read what is due, and the holds."""
        if now >= self.maintenance.next_run:
            self.maintenance.run()
        view = self.ledger.view(self.queue.claimed_editions)
        if self.ledger.pause_bouncing(view.editions):
            view = self.ledger.view(self.queue.claimed_editions)
        self.relays.update(view, now)
        self.throttle.update(view, now)
        blocked, refused = self.relays.refused_editions(now)
        self.queue.update(view, now, blocked=blocked, refused=refused)
        self._recorder.batch.rates = self.relays.rates(self.ledger.name, now)
        self._next_refresh = now + _REFRESH_INTERVAL
        self._fresh = True

    def _add_sessions(self, now: float) -> None:
        for relay, opened in self._sessions.take_opened():
            match opened:
                case RelayUnavailable() if is_throttled(opened) and relay.open_sessions:
                    relay.limit_sessions(opened)
                case RelayUnavailable():
                    relay.mark_unreachable(opened, now)
                    if is_throttled(opened):
                        self._recorder.hold_relay(relay, opened, now)
                case BaseException():
                    raise opened
                case _:
                    relay.mark_reachable()
                    self._recorder.record_session(relay, opened)
                    self._sessions.add(relay, opened)

    # events

    def _poll(self, session: ActiveSession, now: float, *, readable: bool = True) -> None:
        events = session.transport.poll(now, readable=readable)
        self._events += ((session, event) for event in events)
        self._sessions.watch(session)

    def _handle_events(self, now: float) -> None:
        events, self._events = self._events, []
        for session, event in events:
            self._fresh = False
            self._handle(session, event, now)

    def _handle(self, session: ActiveSession, event: Event, now: float) -> None:
        match event:
            case ReadyForBody():
                session.ready_for_body = True
            case EnvelopeRefused(error, about_recipient):
                message, session.offered = session.offered, None
                assert message is not None
                if isinstance(error, RelayUnavailable):
                    session.relay.refuse_edition(message.edition.key, error)
                    self.queue.requeue(message)
                else:
                    self._recorder.record_failure(
                        session.relay, message, error, now, about_recipient=about_recipient
                    )
            case MessageAnswered(reply, error):
                message, session.in_flight = session.in_flight, None
                assert message is not None
                if error is None:
                    self._recorder.record_accepted(session.relay, message, reply)
                else:
                    closed = error.code == CLOSING
                    self._recorder.record_failure(
                        session.relay, message, error, now, session_closed=closed
                    )
            case SessionEnded(error, about_recipient):
                self._end_session(session, error, now, about_recipient=about_recipient)
            case _:
                assert_never(event)

    def _end_session(
        self, session: ActiveSession, error: DeliveryError, now: float, *, about_recipient: bool
    ) -> None:
        """Record what becomes of the messages of a session that is over."""
        relay, transport = session.relay, session.transport
        in_flight, offered = session.clear()
        if in_flight is not None:
            kind = NoVerdict if transport.body_sent else TemporaryFailure
            self._recorder.record_failure(relay, in_flight, kind(str(error), error.code), now)
        elif not (transport.answered or about_recipient) and is_throttled(error):
            self._recorder.hold_relay(relay, error, now)
        if offered is not None:
            # the end of a session that has been used says nothing about the next message
            used = transport.answered > 0 or in_flight is not None
            offered.lost_sessions += used
            waits = used and offered.lost_sessions <= _MAX_LOST_SESSIONS
            if self._stopped_at is not None or waits:
                self.queue.requeue(offered)
            else:
                failure = TemporaryFailure(str(error), error.code)
                self._recorder.record_failure(
                    relay,
                    offered,
                    failure,
                    now,
                    about_recipient=about_recipient,
                    session_closed=about_recipient,
                )
        self._close_session(session)

    def _close_session(self, session: ActiveSession) -> None:
        _, offered = session.clear()
        if offered is not None:
            self.queue.requeue(offered)
        self._sessions.remove(session)

    # the ledger, then the sockets

    def _commit(self, now: float) -> None:
        """Record the batch, then send the bodies that the ledger lets go."""
        ready = [session for session in self._sessions if session.ready_for_body]
        if self._stopped_at is not None:
            for session in ready:
                self._close_session(session)
            ready = []
        else:
            self._recorder.batch.claim_request = self._claim_request(now)
        self._recorder.batch.intents = [session.next_message.claim for session in ready]
        if not self._recorder.batch:
            return
        batch, self._recorder.batch = self._recorder.batch, LedgerBatch()
        result = self.ledger.record(batch)
        may_send = result.may_send
        sending = [session for session in ready if session.next_message.claim.key in may_send]
        for session in set(ready).difference(sending):
            # the server waits for a body that must not be sent: only closing gets out of that
            self.queue.release(session.next_message)
            session.offered = None
            self._close_session(session)
        try:
            if batch.claim_request is not None:
                self._recorder.batch.outcomes += self.queue.add(
                    batch.claim_request, result.claims, now
                )
            if result.paused or len(sending) < len(ready):
                self._refresh(now)
        finally:  # what is recorded as sent is sent, whatever fails here
            self._send_bodies(sending, now)

    def _send_bodies(self, sending: Sequence[ActiveSession], now: float) -> None:
        """Send each session's body, with the next envelope behind it."""
        remaining, spare = iter(sending), self._spare_sessions()
        try:
            for session in remaining:
                session.send_body()
                self._fill_session(session, now, spare=spare)
                self._poll(session, now, readable=False)
        finally:  # also if the next message can't be read
            for session in remaining:
                session.send_body()

    def _claim_request(self, now: float) -> ClaimRequest | None:
        """Return what to claim, if anything, by a recent view of what is most urgent."""
        sessions = len(self._sessions) + self._sessions.opening + 1
        request = self.queue.claim_request(sessions, now)
        age = now - self._next_refresh + _REFRESH_INTERVAL
        if request is None or self._fresh or age < _REFRESH_MAX_AGE:
            return request
        if not self._recorder.batch.holds:  # a refresh would lose those not yet recorded
            self._refresh(now)
        return self.queue.claim_request(sessions, now)

    def _fill_sessions(self, now: float) -> None:
        """Offer a message in each session that has room, and open more sessions if needed."""
        if self._stopped_at is None:
            spare = self._spare_sessions()
            for session in self._sessions:
                if session.offered is None:
                    self._fill_session(session, now, spare=spare)
            self._open_sessions(now)
        for session in self._sessions:
            if session.transport.wants_write and not session.writing:
                self._poll(session, now, readable=False)

    def _spare_sessions(self) -> int:
        return len(self._sessions.idle) + self._sessions.opening

    def _fill_session(self, session: ActiveSession, now: float, *, spare: int) -> None:
        """Offer the next message; behind a body in flight only if no idle session needs it."""
        transport, relay = session.transport, session.relay
        if session.in_flight is not None and self.queue.waiting <= spare:
            return
        if session.in_flight is None and transport.exhausted:
            self._close_session(session)
            return
        while session.offered is None and not transport.exhausted and self.queue.waiting:
            if not relay.take_token(now):
                return
            message = self.queue.pop(now, refused=relay.refused_editions)
            if message is None:
                relay.undo_take()
                return
            if message.refusal is not None:
                self._recorder.batch.outcomes.append(not_rendered(message.claim, message.refusal))
                continue
            try:
                transport.send_envelope(message.envelope, message.message.size)
            except PermanentFailure as error:
                self._recorder.record_unsent(message, error)
            else:
                session.offered = message

    def _open_sessions(self, now: float) -> None:
        """Open sessions for the waiting messages, with relays that take any of their editions."""
        editions = self.queue.claimed_editions
        relays = [
            relay
            for relay in self.relays.available(now)
            if not relay.refused_editions.issuperset(editions)
        ]
        idle = [session.relay for session in self._sessions.idle]
        free = sum(relay in relays and not relay.rate_limited(now) for relay in idle)
        missing = self.queue.waiting - free - self._sessions.opening
        for relay in self.relays.to_connect(missing, relays, now):
            self._sessions.open(relay)
