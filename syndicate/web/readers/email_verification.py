"""Requests that the owner of an address confirms by letter, within limits.

Anybody may have the links of a forwarded mail. So what they don't allow by themselves, such
as subscribing to a newsletter or looking at one's data, begins with a letter to the address.
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
"""How long the link to a reader's data works."""


class EmailVerification:
    """Sends letters to known readers, as requested with one of their links."""

    def __init__(
        self, store: Store, config: Config, letters: LetterSender, limits: SignupLimits
    ) -> None:
        self._store = store
        self._config = config
        self._letters = letters
        self._limits = limits

    def subscribe(
        self, person: Subscriber, newsletter: Newsletter, *, cause: Cause, at: datetime
    ) -> timedelta | None:
        """Ask whether somebody wants a newsletter; return how long to wait where it's too often.

        Raise StoreError or TemplateError.
        """
        language = self._letters.language(person, [newsletter])
        content = self._letters.compose(Letter.CONFIRM, language, [newsletter])
        names = [newsletter.name]
        with self._store.write() as tx:
            wait = self._wait(tx, person, at)
            if wait is None and tx.subscribers.add_pending(person.email, names, cause=cause, at=at):
                self._letters.ask(
                    tx,
                    content,
                    to=person.key,
                    kind=ConfirmationKind.SUBSCRIBE,
                    asked={"newsletters": names, "how": cause.how},
                    at=at,
                    expires_at=at + self._config.signup.expire_after,
                )
        self._letters.hand_over()
        return wait

    def data(self, person: Subscriber, *, cause: Cause, at: datetime) -> timedelta | None:
        """Send the link to somebody's data; return how long to wait where it's too often.

        Raise StoreError or TemplateError.
        """
        content = self._letters.compose(Letter.DATA, self._letters.language(person))
        with self._store.write() as tx:
            wait = self._wait(tx, person, at)
            if wait is None:
                self._letters.ask(
                    tx,
                    content,
                    to=person.key,
                    kind=ConfirmationKind.DATA,
                    asked={},
                    at=at,
                    expires_at=at + DATA_LINK_LIFETIME,
                )
                line = AuditEntry(
                    subscriber=person.key,
                    action=Action.ASKED,
                    cause=cause,
                    at=at,
                    detail="link to their data",
                )
                tx.audit_log.add(line)
        self._letters.hand_over()
        return wait

    def _wait(self, tx: Transaction, person: Subscriber, at: datetime) -> timedelta | None:
        """Count a letter; return how long to wait where there were too many."""
        wait = self._limits.of_all(tx, at)
        return self._limits.of_address(tx, person.email, at) if wait is None else wait
