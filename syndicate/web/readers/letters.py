"""Letters: mail to one reader, queued with the confirmation that its button leads to.

Anybody may have the links of a forwarded mail, so a new subscription and access to a reader's
data begin with a letter to the address, within limits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache, partial
from typing import Any

import structlog

from syndicate.config import Config, Newsletter
from syndicate.errors import TemplateError
from syndicate.model.editions import Content
from syndicate.model.subscribers import Action, Cause, Subscriber
from syndicate.render.mail.letter import Letter, compose_letter
from syndicate.render.templates import Templates
from syndicate.store import ConfirmationKind, PendingConfirmation, Store, Transaction
from syndicate.web.readers.limits import SignupLimits

_log = structlog.get_logger(__name__)
DATA_LINK_LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class LetterSender:
    """Composes and queues the letters of one publication.

    `request_…` return how long to wait when there were too many letters, and raise StoreError
    or TemplateError.
    """

    store: Store
    config: Config
    limits: SignupLimits
    notify_sender: Callable[[], None] = lambda: None
    """Starts delivery; called after the commit."""

    @cached_property
    def _composed(self) -> Callable[..., Content]:
        composed = partial(compose_letter, config=self.config, templates=Templates.of(self.config))
        return lru_cache(maxsize=128)(composed)

    def choose_language(
        self, reader: Subscriber | None, newsletters: Sequence[Newsletter] = ()
    ) -> str:
        """Return the reader's language, else that of all newsletters, else the publication's."""
        default = self.config.publication.language
        if reader is not None and reader.language:
            return reader.language
        languages = {newsletter.language or default for newsletter in newsletters}
        return languages.pop() if len(languages) == 1 else default

    def compose(
        self, letter: Letter, language: str, newsletters: Sequence[Newsletter] = ()
    ) -> Content:
        """Compose a letter (slow the first time, then cached); raise TemplateError."""
        return self._composed(letter, language=language, newsletters=tuple(newsletters))

    def request_subscription(
        self, reader: Subscriber, newsletter: Newsletter, *, cause: Cause, at: datetime
    ) -> timedelta | None:
        """Send a known reader the letter that confirms a subscription."""
        language = self.choose_language(reader, [newsletter])
        content = self.compose(Letter.CONFIRM, language, [newsletter])
        names = [newsletter.name]
        with self.store.write() as tx:
            wait = self._take(tx, reader, at)
            if wait is None and tx.subscribers.add_pending(reader.email, names, cause=cause, at=at):
                asked = {"newsletters": names, "how": cause.how}
                self.add_confirmation(tx, content, to=reader.key, asked=asked, at=at)
        self.notify_sender()
        return wait

    def request_data_link(
        self, reader: Subscriber, *, cause: Cause, at: datetime
    ) -> timedelta | None:
        """Send the letter with the link to the reader's data."""
        content = self.compose(Letter.DATA, self.choose_language(reader))
        with self.store.write() as tx:
            wait = self._take(tx, reader, at)
            if wait is None:
                self.add_confirmation(
                    tx,
                    content,
                    to=reader.key,
                    kind=ConfirmationKind.DATA,
                    asked={},
                    at=at,
                    lifetime=DATA_LINK_LIFETIME,
                )
                tx.audit_log.add(
                    reader.key, Action.ASKED, cause=cause, at=at, detail="link to their data"
                )
        self.notify_sender()
        return wait

    def _take(self, tx: Transaction, reader: Subscriber, at: datetime) -> timedelta | None:
        wait = self.limits.take_letter(tx, at)
        return self.limits.take_letter_to(tx, reader.email, at) if wait is None else wait

    def add_confirmation(
        self,
        tx: Transaction,
        content: Content,
        *,
        to: int,
        kind: ConfirmationKind = ConfirmationKind.SUBSCRIBE,
        asked: Mapping[str, Any],
        at: datetime,
        lifetime: timedelta | None = None,
    ) -> None:
        """Queue a letter with the confirmation that its button leads to.

        It expires after `signup.expire_after`, unless it has a `lifetime` of its own.
        """
        expires_at = at + (lifetime or self.config.signup.expire_after)
        number = tx.editions.add_letter(content, to=to, created_at=at, expires_at=expires_at)
        confirmation = PendingConfirmation(
            letter=number, subscriber=to, kind=kind, asked=dict(asked), at=at, expires_at=expires_at
        )
        tx.confirmations.add(confirmation)

    def add_welcome(
        self, tx: Transaction, reader: int, newsletters: Sequence[Newsletter], *, at: datetime
    ) -> None:
        """Queue a welcome letter, if `signup.welcome` is on; a template error is only logged."""
        if not self.config.signup.welcome or not newsletters:
            return
        language = self.choose_language(tx.subscribers.by_key(reader), newsletters)
        try:
            content = self.compose(Letter.WELCOME, language, newsletters)
        except TemplateError as error:
            _log.error("no welcome letter", reason=str(error))
            return
        expires_at = at + self.config.mail.expire_after
        tx.editions.add_letter(content, to=reader, created_at=at, expires_at=expires_at)
