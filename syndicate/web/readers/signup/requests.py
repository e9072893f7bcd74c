"""What a valid sign-up does in the store, within the limits.

Until the owner of the address confirms it, nothing stored is changed: anybody may have filled
in the form.
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
    """A sign-up with the circumstances that are stored with it."""

    signup: SignupRequest
    cause: Cause
    at: datetime
    language: str


@dataclass(frozen=True, slots=True)
class SignupThrottled:
    """A sign-up over a limit that may be disclosed."""

    limit: SignupLimit
    wait: timedelta
    """How long until it can succeed."""
    proof_helps: bool = False
    """Whether it succeeds at once with a proof of work."""


@dataclass(frozen=True)
class SignupRequests:
    """Subscribes readers, or sends them the letter that asks for confirmation."""

    store: Store
    config: Config
    letters: LetterSender
    limits: SignupLimits

    def submit(
        self, signup: SignupRequest, *, cause: Cause, at: datetime, proven: bool
    ) -> SignupThrottled | None:
        """Process a sign-up, `proven` by a proof of work or not, unless there are too many.

        The result doesn't reveal whether the address is known. Raise StoreError.
        """
        with self.store.read() as tx:
            reader = tx.subscribers.by_email(signup.email)
        language = self.letters.choose_language(reader, signup.newsletters)
        # compose the letter into the cache now, not while the write transaction is open
        self.letters.compose(Letter.CONFIRM, language, signup.newsletters)
        attempt = _SignupAttempt(signup=signup, cause=cause, at=at, language=language)
        with self.store.write() as tx:
            throttled = self._throttle(tx, attempt, proven=proven)
            if throttled is not None:
                return throttled
            # this limit is silent: others must not learn that an address got letters
            if self.limits.take_letter_to(tx, signup.email, at) is None:
                self._process(tx, attempt)
        self.letters.notify_sender()
        return None

    def _throttle(
        self, tx: Transaction, attempt: _SignupAttempt, *, proven: bool
    ) -> SignupThrottled | None:
        """Take a sign-up from the limits; what one refuses doesn't use up the next."""
        wait = self.limits.take_signup(tx, attempt.cause.origin, attempt.at, proven=proven)
        if wait is not None:
            return SignupThrottled(SignupLimit.NETWORK, wait, proof_helps=not proven)
        wait = self.limits.take_letter(tx, attempt.at)
        return None if wait is None else SignupThrottled(SignupLimit.ALL, wait)

    def _process(self, tx: Transaction, attempt: _SignupAttempt) -> None:
        signup = attempt.signup
        if self.config.signup.confirm:
            self._request_confirmation(tx, attempt, signup.newsletters)
            return
        was_known = tx.subscribers.by_email(signup.email) is not None
        new, returning = [], []
        for newsletter in signup.newsletters:
            outcome = tx.subscribers.subscribe(
                signup.email, newsletter.name, name=signup.name, cause=attempt.cause, at=attempt.at
            )
            if outcome is SubscribeOutcome.NEW:
                new.append(newsletter)
            elif outcome in {SubscribeOutcome.LEFT, SubscribeOutcome.ERASED}:
                returning.append(newsletter)
        reader = tx.subscribers.by_email(signup.email)
        if reader is not None and new:
            if not was_known:
                tx.subscribers.update(
                    reader.key, fields=signup.fields, cause=attempt.cause, at=attempt.at
                )
            self.letters.add_welcome(tx, reader.key, new, at=attempt.at)
        if returning:
            self._request_confirmation(tx, attempt, returning)

    def _request_confirmation(
        self, tx: Transaction, attempt: _SignupAttempt, newsletters: Sequence[Newsletter]
    ) -> None:
        """Queue the letter that asks for confirmation, unless the address is suppressed."""
        signup, at = attempt.signup, attempt.at
        names = [newsletter.name for newsletter in newsletters]
        reader = tx.subscribers.add_pending(signup.email, names, cause=attempt.cause, at=at)
        if reader is None:
            return
        asked = {"newsletters": names, "name": signup.name, "fields": dict(signup.fields)}
        self.letters.add_confirmation(
            tx,
            self.letters.compose(Letter.CONFIRM, attempt.language, newsletters),
            to=reader,
            kind=ConfirmationKind.SUBSCRIBE,
            asked=asked | {"how": attempt.cause.how},
            at=at,
            expires_at=at + self.config.signup.expire_after,
        )
