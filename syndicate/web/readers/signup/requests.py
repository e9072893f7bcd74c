"""What a valid sign-up does in the store, within the limits.

Until the owner of the address confirms it, nothing stored is changed: anybody may have filled
in the form.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.config import Config, Newsletter
from syndicate.model.subscribers import Cause, SubscribeOutcome
from syndicate.render.mail.letter import Letter
from syndicate.store import ConfirmationKind, Store, Transaction
from syndicate.web.readers.letters import LetterSender
from syndicate.web.readers.signup.limits import SignupLimit, SignupLimits
from syndicate.web.readers.signup.validation import SignupRequest


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
        with self.store.write() as tx:  # what one limit refuses doesn't use up the next
            wait = self.limits.take_signup(tx, cause.origin, at, proven=proven)
            if wait is not None:
                return SignupThrottled(SignupLimit.NETWORK, wait, proof_helps=not proven)
            wait = self.limits.take_letter(tx, at)
            if wait is not None:
                return SignupThrottled(SignupLimit.ALL, wait)
            # this limit is silent: others must not learn that an address got letters
            if self.limits.take_letter_to(tx, signup.email, at) is None:
                self._process(tx, signup, language, cause=cause, at=at)
        self.letters.notify_sender()
        return None

    def _process(
        self, tx: Transaction, signup: SignupRequest, language: str, *, cause: Cause, at: datetime
    ) -> None:
        returning = list(signup.newsletters)
        if not self.config.signup.confirm:
            returning = self._subscribe(tx, signup, cause=cause, at=at)
        if not returning:
            return
        names = [newsletter.name for newsletter in returning]
        reader = tx.subscribers.add_pending(signup.email, names, cause=cause, at=at)
        if reader is None:  # the address is suppressed
            return
        self.letters.add_confirmation(
            tx,
            self.letters.compose(Letter.CONFIRM, language, returning),
            to=reader,
            kind=ConfirmationKind.SUBSCRIBE,
            asked={
                "newsletters": names,
                "name": signup.name,
                "fields": dict(signup.fields),
                "how": cause.how,
            },
            at=at,
            expires_at=at + self.config.signup.expire_after,
        )

    def _subscribe(
        self, tx: Transaction, signup: SignupRequest, *, cause: Cause, at: datetime
    ) -> list[Newsletter]:
        """Subscribe at once; return the newsletters that the reader once left."""
        was_known = tx.subscribers.by_email(signup.email) is not None
        new, returning = [], []
        for newsletter in signup.newsletters:
            outcome = tx.subscribers.subscribe(
                signup.email, newsletter.name, name=signup.name, cause=cause, at=at
            )
            if outcome is SubscribeOutcome.NEW:
                new.append(newsletter)
            elif outcome in {SubscribeOutcome.LEFT, SubscribeOutcome.ERASED}:
                returning.append(newsletter)
        reader = tx.subscribers.by_email(signup.email)
        if reader is not None and new:
            if not was_known:
                tx.subscribers.update(reader.key, fields=signup.fields, cause=cause, at=at)
            self.letters.add_welcome(tx, reader.key, new, at=at)
        return returning
