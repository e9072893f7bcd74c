"""Requests that take effect when the owner of the address confirms a letter, within limits.

Anybody may have the links of a forwarded mail, so a new subscription and access to a reader's
data begin with a letter to the address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.config import Config, Newsletter
from syndicate.model.subscribers import Action, Cause, Subscriber
from syndicate.render.mail.letter import Letter
from syndicate.store import ConfirmationKind, Store, Transaction
from syndicate.web.readers.letters import LetterSender
from syndicate.web.readers.signup.limits import SignupLimits

DATA_LINK_LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class EmailVerification:
    """Sends letters to known readers who used one of their links.

    Its methods return how long to wait when there were too many letters, and raise StoreError
    or TemplateError.
    """

    store: Store
    config: Config
    letters: LetterSender
    limits: SignupLimits

    def request_subscription(
        self, reader: Subscriber, newsletter: Newsletter, *, cause: Cause, at: datetime
    ) -> timedelta | None:
        """Send the letter that confirms a subscription."""
        language = self.letters.choose_language(reader, [newsletter])
        content = self.letters.compose(Letter.CONFIRM, language, [newsletter])
        names = [newsletter.name]
        with self.store.write() as tx:
            wait = self._take(tx, reader, at)
            if wait is None and tx.subscribers.add_pending(reader.email, names, cause=cause, at=at):
                self.letters.add_confirmation(
                    tx,
                    content,
                    to=reader.key,
                    kind=ConfirmationKind.SUBSCRIBE,
                    asked={"newsletters": names, "how": cause.how},
                    at=at,
                    expires_at=at + self.config.signup.expire_after,
                )
        self.letters.notify_sender()
        return wait

    def request_data_link(
        self, reader: Subscriber, *, cause: Cause, at: datetime
    ) -> timedelta | None:
        """Send the letter with the link to the reader's data."""
        content = self.letters.compose(Letter.DATA, self.letters.choose_language(reader))
        with self.store.write() as tx:
            wait = self._take(tx, reader, at)
            if wait is None:
                self.letters.add_confirmation(
                    tx,
                    content,
                    to=reader.key,
                    kind=ConfirmationKind.DATA,
                    asked={},
                    at=at,
                    expires_at=at + DATA_LINK_LIFETIME,
                )
                tx.audit_log.add(
                    reader.key, Action.ASKED, cause=cause, at=at, detail="link to their data"
                )
        self.letters.notify_sender()
        return wait

    def _take(self, tx: Transaction, reader: Subscriber, at: datetime) -> timedelta | None:
        wait = self.limits.take_letter(tx, at)
        return self.limits.take_letter_to(tx, reader.email, at) if wait is None else wait
