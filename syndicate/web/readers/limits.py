"""Limits of sign-ups, and of the letters that they make us send."""

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
"""How many times as many sign-ups a network may send with proofs of work."""


class SignupLimit(StrEnum):
    """What a limit counts: sign-ups of a network, letters to an address, or all letters."""

    NETWORK = "network"
    ADDRESS = "address"
    ALL = "all"


class SignupLimits:
    """The limits of `[signup]`; each method counts an attempt, or returns how long to wait.

    Refusals don't use up a limit. They are counted in the metrics; what may be a flood is
    logged once an hour.
    """

    def __init__(self, config: Config, secret: bytes, counters: RequestCounters) -> None:
        """Count addresses by their HMAC with `secret`, so that the counters don't reveal them."""
        self._signup = config.signup
        self._secret = secret
        self._counters = counters

    def take_signup(
        self, tx: Transaction, origin: str, at: datetime, *, proven: bool
    ) -> timedelta | None:
        """Take a sign-up of the network `origin`; `proven` by a proof of work."""
        limit = self._signup.per_network * (PROOF_FACTOR if proven else 1)
        name = f"signup from {origin or 'nowhere'}"
        wait = self._take(tx, SignupLimit.NETWORK, name, limit=limit, per=HOUR, at=at)
        if wait is not None and tx.attempt_limits.once("signup network logged", per=HOUR, at=at):
            _log.warning(
                "a network sends more sign-ups than signup.per_network",
                network=origin,
                per_network=self._signup.per_network,
            )
        return wait

    def take_letter(self, tx: Transaction, at: datetime) -> timedelta | None:
        """Take a letter from the limit of all letters."""
        limit = self._signup.in_all
        wait = self._take(tx, SignupLimit.ALL, "signup", limit=limit, per=HOUR, at=at)
        if wait is not None and tx.attempt_limits.once("signup flood logged", per=HOUR, at=at):
            _log.warning("sign-ups are being refused: signup.in_all is reached", in_all=limit)
        return wait

    def take_letter_to(self, tx: Transaction, email: str, at: datetime) -> timedelta | None:
        """Take a letter to an address; aliases of one mailbox count together."""
        digest = hmac.new(self._secret, mailbox(email).encode(), hashlib.sha256).hexdigest()
        name, limit = f"signup to {digest}", self._signup.per_address
        return self._take(tx, SignupLimit.ADDRESS, name, limit=limit, per=DAY, at=at)

    def take_address_change(
        self, tx: Transaction, key: int, origin: str, at: datetime
    ) -> timedelta | None:
        """Take a change of address that the reader `key` requested."""
        name, limit = f"address change from {origin or 'nowhere'}", self._signup.per_network
        if wait := self._take(tx, SignupLimit.NETWORK, name, limit=limit, per=HOUR, at=at):
            return wait
        name, limit = f"address change of {key}", self._signup.per_address
        return self._take(tx, SignupLimit.ADDRESS, name, limit=limit, per=DAY, at=at)

    def _take(
        self,
        tx: Transaction,
        kind: SignupLimit,
        name: str,
        *,
        limit: int,
        per: timedelta,
        at: datetime,
    ) -> timedelta | None:
        if tx.attempt_limits.take(name, limit=limit, per=per, at=at):
            return None
        self._counters.count_limited(kind)
        return tx.attempt_limits.wait(name, limit=limit, per=per, at=at)
