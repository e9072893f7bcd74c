"""Enrolment: what a sign-up does to the store, and how often it may.

What somebody asks for becomes true when the reader of the address confirms it. Until
then nothing that stands is changed, since it may be anybody who asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.config import Config, Newsletter
from syndicate.model.subscribers import Cause, SubscribeOutcome
from syndicate.render.mail.letter import Letter
from syndicate.store import ConfirmationKind, Store, Transaction
from syndicate.web.readers.letters import LetterSender
from syndicate.web.readers.signup.limits import SignupLimit, SignupLimits
from syndicate.web.readers.signup.validation import SignupRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignupAttempt:
    """A sign-up on its way into the store."""

    wish: SignupRequest
    cause: Cause
    at: datetime
    language: str


@dataclass(frozen=True, slots=True)
class SignupThrottled:
    """A sign-up that is over a limit that may be disclosed."""

    limit: SignupLimit
    wait: timedelta
    """How long until it could be taken."""
    proof_helps: bool = False
    """Whether it is taken at once where a proof of work comes with it."""


class SignupRequests:
    """Enters wishes into the store, within the limits of the config."""

    def __init__(
        self, store: Store, config: Config, letters: LetterSender, limits: SignupLimits
    ) -> None:
        self._store = store
        self._config = config
        self._letters = letters
        self._limits = limits

    def enter(
        self, wish: SignupRequest, *, cause: Cause, at: datetime, proven: bool
    ) -> SignupThrottled | None:
        """Do what a wish takes, unless there are too many; `proven` where work was done for it.

        Nothing about it is said otherwise: nobody learns who is known here. Raise StoreError.
        """
        with self._store.read() as tx:
            reader = tx.subscribers.by_email(wish.email)
        language = self._letters.language(reader, wish.newsletters)
        # composed here, it is at hand while the store is held
        self._letters.compose(Letter.CONFIRM, language, wish.newsletters)
        entry = _SignupAttempt(wish=wish, cause=cause, at=at, language=language)
        with self._store.write() as tx:
            postponed = self._postponed(tx, entry, proven=proven)
            if postponed is not None:
                return postponed
            # that an address had its letters is nobody's to know who enters it
            if self._limits.of_address(tx, wish.email, at) is None:
                self._enter(tx, entry)
        self._letters.hand_over()
        return None

    def _postponed(
        self, tx: Transaction, entry: _SignupAttempt, *, proven: bool
    ) -> SignupThrottled | None:
        """Count a sign-up; what one limit refuses doesn't use up the next."""
        limits, origin, at = self._limits, entry.cause.origin, entry.at
        wait = limits.of_network(tx, origin, at, proven=proven)
        if wait is not None:
            return SignupThrottled(SignupLimit.NETWORK, wait, proof_helps=not proven)
        wait = limits.of_all(tx, at)
        return None if wait is None else SignupThrottled(SignupLimit.ALL, wait)

    def _enter(self, tx: Transaction, entry: _SignupAttempt) -> None:
        if self._config.signup.confirm:
            self._ask(tx, entry, entry.wish.newsletters)
            return
        known = tx.subscribers.by_email(entry.wish.email) is not None
        came = {one: self._subscribe(tx, entry, one) for one in entry.wish.newsletters}
        gone = [
            one
            for one, how in came.items()
            if how in {SubscribeOutcome.LEFT, SubscribeOutcome.ERASED}
        ]
        new = [one for one, how in came.items() if how is SubscribeOutcome.NEW]
        reader = tx.subscribers.by_email(entry.wish.email)
        if reader is not None and new:
            if not known:
                fields = entry.wish.fields
                tx.subscribers.update(reader.key, fields=fields, cause=entry.cause, at=entry.at)
            self._letters.welcome(tx, reader.key, new, at=entry.at)
        if gone:
            self._ask(tx, entry, gone)

    def _subscribe(
        self, tx: Transaction, entry: _SignupAttempt, newsletter: Newsletter
    ) -> SubscribeOutcome:
        wish = entry.wish
        return tx.subscribers.subscribe(
            wish.email, newsletter.name, name=wish.name, cause=entry.cause, at=entry.at
        )

    def _ask(
        self, tx: Transaction, entry: _SignupAttempt, newsletters: Sequence[Newsletter]
    ) -> None:
        """Have a letter ask, unless the address is not mailed at all."""
        wish, at = entry.wish, entry.at
        names = [newsletter.name for newsletter in newsletters]
        reader = tx.subscribers.add_pending(wish.email, names, cause=entry.cause, at=at)
        if reader is None:
            return
        letter = self._letters.compose(Letter.CONFIRM, entry.language, newsletters)
        asked = {"newsletters": names, "name": wish.name, "fields": dict(wish.fields)}
        self._letters.ask(
            tx,
            letter,
            to=reader,
            kind=ConfirmationKind.SUBSCRIBE,
            asked=asked | {"how": entry.cause.how},
            at=at,
            expires_at=at + self._config.signup.expire_after,
        )
