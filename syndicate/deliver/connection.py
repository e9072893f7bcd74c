"""One connection to the relay, working through the ledger message by message."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

import structlog

from syndicate.config import Config
from syndicate.deliver.ledger import Ledger
from syndicate.deliver.links import Links
from syndicate.deliver.mailings import Mailings
from syndicate.deliver.outcome import Outcome, let_out
from syndicate.deliver.relay import Envelope, Relay, Session
from syndicate.errors import DeliveryError, Refused, RelayUnavailable, TemporaryFailure
from syndicate.model.deliveries import Claim, State
from syndicate.model.editions import Edition

_log = structlog.get_logger(__name__)
_MOST = 25
"""Rows in a claim: enough to make its commit cheap."""
_TURN = 2.0
"""Seconds after which a connection looks again for what is more urgent."""
_HELD_BACK = Outcome(state=State.SKIPPED, reply="held back by mail.only")


@dataclass(slots=True)
class Course:
    """What all connections of one pass know together."""

    stop: threading.Event
    """Set from outside: finish the message in flight and give back the rest."""
    trouble: RelayUnavailable | None = None
    """The first reason why the relay took nothing."""
    passed_over: set[int] = field(default_factory=set)
    """Editions that the relay takes nothing of, whoever the reader."""
    crash: BaseException | None = None

    @property
    def over(self) -> bool:
        """Whether no new message is to be begun."""
        return self.stop.is_set() or self.crash is not None

    def meet(self, trouble: RelayUnavailable) -> None:
        """Note that the relay took nothing; told once."""
        if self.trouble is None:
            self.trouble = trouble
            _log.warning("relay unavailable", reason=str(trouble))


class Connection:
    """Hands over what is due, one message after the other, in sessions as the relay allows."""

    def __init__(
        self,
        ledger: Ledger,
        relay: Relay,
        mailings: Mailings,
        *,
        config: Config,
        links: Links,
        course: Course,
    ) -> None:
        self._ledger = ledger
        self._relay = relay
        self._mailings = mailings
        self._config = config
        self._links = links
        self._course = course
        self._session: Session | None = None
        self._exhausted: set[int] = set()
        self._appetite = 1
        """How many to claim next: few at first, so that a short list is shared out."""

    def work(self) -> None:
        """Work until nothing is due, the relay is gone or the course is over."""
        try:
            while not self._course.over and (edition := self._next_edition()):
                self._mail(edition)
        except RelayUnavailable as trouble:
            self._course.meet(trouble)
        except BaseException as crash:  # noqa: BLE001 - a thread's end: the pass raises it
            self._course.crash = self._course.crash or crash
        finally:
            if self._session is not None:
                self._session.close()

    def abort(self) -> None:
        """Break off the session, from another thread."""
        session = self._session
        if session is not None:
            session.abort()

    # how

    def _next_edition(self) -> Edition | None:
        done = self._exhausted | self._course.passed_over
        return next((e for e in self._ledger.open_editions() if e.key not in done), None)

    def _mail(self, edition: Edition) -> None:
        """Claim some readers of an edition and serve them."""
        claims = self._ledger.claim(edition, self._appetite)
        self._appetite = min(self._appetite * 5, _MOST)
        if claims:
            self._exhausted.clear()  # time has passed: what was put off may be due again
        else:
            self._exhausted.add(edition.key)
        only = self._config.mail.only
        self._ledger.settle(_HELD_BACK, *(c for c in claims if not let_out(c.email, only)))
        waiting = deque(claim for claim in claims if let_out(claim.email, only))
        turn = time.monotonic() + _TURN
        try:
            while waiting and not self._course.over and self._deliver(waiting[0], edition):
                waiting.popleft()
                if time.monotonic() >= turn:
                    break
        finally:
            self._ledger.release(waiting)

    def _deliver(self, claim: Claim, edition: Edition) -> bool:
        """Serve one reader; False when nothing more of this edition is to leave."""
        try:
            envelope, message = self._mailings.get(edition).copy(claim, self._links)
        except Refused as error:
            reason = f"the message could not be made: {error}"
            self._ledger.settle(Outcome(state=State.FAILED, reply=reason), claim)
            return True
        try:
            session = self._offered(envelope)
            if session is None:
                self._course.passed_over.add(edition.key)
                return False
            if not self._ledger.intend(claim):
                session.close()
                return self._ledger.goes_on(edition)
            outcome = Outcome.accepted(session.hand_over(bytes(message)))
        except RelayUnavailable:
            raise
        except DeliveryError as error:
            outcome = Outcome.of(error, claim, edition, self._ledger.moment)
        self._ledger.settle(outcome, claim)
        # who is refused before the body asks for no leave to send it
        return outcome.state is State.ACCEPTED or self._ledger.goes_on(edition)

    def _offered(self, envelope: Envelope) -> Session | None:
        """Return the session that waits for this message's body; None when the sender is refused.

        A session that took messages before and ends now says nothing about this
        one, which gets another.
        """
        while True:
            session = self._ready()
            try:
                session.offer(envelope)
            except RelayUnavailable as trouble:
                self._course.meet(trouble)
                return None
            except TemporaryFailure:
                if self._course.over or not (session.spent and session.taken):
                    raise
            else:
                return session

    def _ready(self) -> Session:
        """Return a session that can take a message; raise RelayUnavailable when none opens."""
        if self._session is None or self._session.spent:
            if self._session is not None:
                self._session.close()
            self._session = None
            self._session = self._relay.open()
        return self._session
