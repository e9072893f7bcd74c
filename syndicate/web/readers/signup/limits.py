"""How many sign-ups there may be, and how many letters strangers may have us send."""

import hashlib
import hmac
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from syndicate.config import Config
from syndicate.model.subscribers import mailbox
from syndicate.store import Transaction
from syndicate.web.telemetry.counters import RequestCounters

_log = structlog.get_logger(__name__)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PROOF_FACTOR = 10
"""How many times as many sign-ups a network may send whose browsers do a proof of work."""


class SignupLimit(StrEnum):
    """What a sign-up counts for."""

    NETWORK = "network"
    ADDRESS = "address"
    ALL = "all"


class SignupLimits:
    """The limits of `[signup]`; each method counts one, or returns how long to wait for it.

    What one limit refuses isn't counted there. What is refused is counted in the figures, and
    logged once an hour where it may be a flood.
    """

    def __init__(self, config: Config, secret: bytes, counts: RequestCounters) -> None:
        """Count addresses under an HMAC with `secret`: they are nobody's to read there."""
        self._signup = config.signup
        self._secret = secret
        self._counts = counts

    def of_network(
        self, tx: Transaction, origin: str, at: datetime, *, proven: bool
    ) -> timedelta | None:
        """Count a sign-up from a network."""
        most = self._signup.per_network * (PROOF_FACTOR if proven else 1)
        name = f"signup from {origin or 'nowhere'}"
        wait = self._take(tx, SignupLimit.NETWORK, name, most=most, per=HOUR, at=at)
        if wait is not None and tx.attempt_limits.once("signup network told", per=HOUR, at=at):
            _log.warning(
                "a network sends more sign-ups than signup.per_network",
                network=origin,
                per_network=self._signup.per_network,
            )
        return wait

    def of_all(self, tx: Transaction, at: datetime) -> timedelta | None:
        """Count a letter that a stranger asked for among all of them."""
        most = self._signup.in_all
        wait = self._take(tx, SignupLimit.ALL, "signup", most=most, per=HOUR, at=at)
        if wait is not None and tx.attempt_limits.once("signup flood told", per=HOUR, at=at):
            _log.warning("sign-ups are being refused: signup.in_all is reached", in_all=most)
        return wait

    def of_address(self, tx: Transaction, email: str, at: datetime) -> timedelta | None:
        """Count a letter to an address; aliases of one mailbox count together."""
        mark = hmac.new(self._secret, mailbox(email).encode(), hashlib.sha256).hexdigest()
        most = self._signup.per_address
        return self._take(tx, SignupLimit.ADDRESS, f"signup to {mark}", most=most, per=DAY, at=at)

    def of_change(self, tx: Transaction, key: int, origin: str, at: datetime) -> timedelta | None:
        """Count a change of address that a reader asked for."""
        signup = self._signup
        network = f"address change from {origin or 'nowhere'}"
        if wait := self._take(
            tx, SignupLimit.NETWORK, network, most=signup.per_network, per=HOUR, at=at
        ):
            return wait
        name, most = f"address change of {key}", signup.per_address
        return self._take(tx, SignupLimit.ADDRESS, name, most=most, per=DAY, at=at)

    def _take(
        self,
        tx: Transaction,
        limit: SignupLimit,
        name: str,
        *,
        most: int,
        per: timedelta,
        at: datetime,
    ) -> timedelta | None:
        if tx.attempt_limits.take(name, most=most, per=per, at=at):
            return None
        self._counts.limit(limit)
        return tx.attempt_limits.wait(name, most=most, per=per, at=at)
