"""Letters: mail to one reader, queued with the confirmation that its button leads to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

import structlog

from syndicate.config import Config, Newsletter
from syndicate.errors import TemplateError
from syndicate.model.editions import Content
from syndicate.model.subscribers import Subscriber
from syndicate.render.mail.letter import Letter, compose_letter
from syndicate.render.templates import Templates
from syndicate.store import ConfirmationKind, PendingConfirmation, Transaction

_log = structlog.get_logger(__name__)


class LetterSender:
    """Composes and queues the letters of one publication."""

    def __init__(self, config: Config, due: Callable[[], None] = lambda: None) -> None:
        """Have `notify_sender`, called after the commit, call `due` to start delivery."""
        self._config = config
        composed = partial(compose_letter, config=config, templates=Templates.of(config))
        self._composed = lru_cache(maxsize=128)(composed)
        self.notify_sender = due

    def choose_language(
        self, reader: Subscriber | None, newsletters: Sequence[Newsletter] = ()
    ) -> str:
        """Return the reader's language, else that of all newsletters, else the publication's."""
        default = self._config.publication.language
        if reader is not None and reader.language:
            return reader.language
        languages = {newsletter.language or default for newsletter in newsletters}
        return languages.pop() if len(languages) == 1 else default

    def compose(
        self, letter: Letter, language: str, newsletters: Sequence[Newsletter] = ()
    ) -> Content:
        """Compose a letter (slow the first time, then cached); raise TemplateError."""
        return self._composed(letter, language=language, newsletters=tuple(newsletters))

    def add_confirmation(
        self,
        tx: Transaction,
        content: Content,
        *,
        to: int,
        kind: ConfirmationKind,
        asked: Mapping[str, Any],
        at: datetime,
        expires_at: datetime,
    ) -> None:
        """Queue a letter with the confirmation that its button leads to."""
        number = tx.editions.add_letter(content, to=to, created_at=at, expires_at=expires_at)
        confirmation = PendingConfirmation(
            letter=number, subscriber=to, kind=kind, asked=dict(asked), at=at, expires_at=expires_at
        )
        tx.confirmations.add(confirmation)

    def add_welcome(
        self, tx: Transaction, reader: int, newsletters: Sequence[Newsletter], *, at: datetime
    ) -> None:
        """Queue a welcome letter, if `signup.welcome` is on; a template error is only logged."""
        if not self._config.signup.welcome or not newsletters:
            return
        language = self.choose_language(tx.subscribers.by_key(reader), newsletters)
        try:
            content = self.compose(Letter.WELCOME, language, newsletters)
        except TemplateError as error:
            _log.error("no welcome letter", reason=str(error))
            return
        expires_at = at + self._config.mail.expire_after
        tx.editions.add_letter(content, to=reader, created_at=at, expires_at=expires_at)
