"""Requests that take effect when the owner of the address confirms a letter, within limits.

Anybody may have the links of a forwarded mail, so a new subscription and access to a reader's
data begin with a letter to the address.
"""

from datetime import datetime, timedelta

from syndicate.config import Config, Newsletter
from syndicate.model.subscribers import Action, Cause, Subscriber
from syndicate.render.mail.letter import Letter
from syndicate.store import ConfirmationKind, Store, Transaction
from syndicate.store.audience.audit_log import AuditEntry
from syndicate.web.readers.letters import LetterSender
from syndicate.web.readers.signup.limits import SignupLimits

DATA_LINK_LIFETIME = timedelta(days=1)


class EmailVerification:
    """Sends letters to known readers who used one of their links.

    Its methods return how long to wait when there were too many letters, and raise StoreError
    or TemplateError.
    """

    def __init__(
        self, store: Store, config: Config, letters: LetterSender, limits: SignupLimits
    ) -> None:
        self._store = store
        self._config = config
        self._letters = letters
        self._limits = limits

    def request_subscription(
        self, reader: Subscriber, newsletter: Newsletter, *, cause: Cause, at: datetime
    ) -> timedelta | None:
        """Send the letter that confirms a subscription."""
        language = self._letters.choose_language(reader, [newsletter])
        content = self._letters.compose(Letter.CONFIRM, language, [newsletter])
        names = [newsletter.name]
        with self._store.write() as tx:
            wait = self._take(tx, reader, at)
            if wait is None and tx.subscribers.add_pending(reader.email, names, cause=cause, at=at):
                self._letters.add_confirmation(
                    tx,
                    content,
                    to=reader.key,
                    kind=ConfirmationKind.SUBSCRIBE,
                    asked={"newsletters": names, "how": cause.how},
                    at=at,
                    expires_at=at + self._config.signup.expire_after,
                )
        self._letters.notify_sender()
        return wait

    def request_data_link(
        self, reader: Subscriber, *, cause: Cause, at: datetime
    ) -> timedelta | None:
        """Send the letter with the link to the reader's data."""
        content = self._letters.compose(Letter.DATA, self._letters.choose_language(reader))
        with self._store.write() as tx:
            wait = self._take(tx, reader, at)
            if wait is None:
                self._letters.add_confirmation(
                    tx,
                    content,
                    to=reader.key,
                    kind=ConfirmationKind.DATA,
                    asked={},
                    at=at,
                    expires_at=at + DATA_LINK_LIFETIME,
                )
                entry = AuditEntry(
                    subscriber=reader.key,
                    action=Action.ASKED,
                    cause=cause,
                    at=at,
                    detail="link to their data",
                )
                tx.audit_log.add(entry)
        self._letters.notify_sender()
        return wait

    def _take(self, tx: Transaction, reader: Subscriber, at: datetime) -> timedelta | None:
        wait = self._limits.take_letter(tx, at)
        return self._limits.take_letter_to(tx, reader.email, at) if wait is None else wait
