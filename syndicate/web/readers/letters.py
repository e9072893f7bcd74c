"""Letters on their way: composed, frozen with what they ask, and first in line."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
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
    """Writes the letters of one publication."""

    def __init__(self, config: Config, due: Callable[[], None] = lambda: None) -> None:
        """Call `due` by `hand_over`: whoever delivers is to look now."""
        self._config = config
        self._templates = Templates.of(config)
        self.hand_over = due
        """Tell that letters wait; to be called once they are committed."""

    def language(self, reader: Subscriber | None, newsletters: Sequence[Newsletter] = ()) -> str:
        """Return what to write in: the reader's language, that of all newsletters, or our own."""
        own = self._config.publication.language
        if reader is not None and reader.language:
            return reader.language
        spoken = {newsletter.language or own for newsletter in newsletters}
        return spoken.pop() if len(spoken) == 1 else own

    def compose(
        self, letter: Letter, language: str, newsletters: Sequence[Newsletter] = ()
    ) -> Content:
        """Compose a letter, which takes its time only once; raise TemplateError."""
        return compose_letter(
            letter,
            language=language,
            config=self._config,
            templates=self._templates,
            newsletters=newsletters,
        )

    def ask(
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
        """Freeze a letter together with the question that its button answers."""
        number = tx.editions.add_letter(content, to=to, created_at=at, expires_at=expires_at)
        question = PendingConfirmation(
            letter=number, subscriber=to, kind=kind, asked=dict(asked), at=at, expires_at=expires_at
        )
        tx.confirmations.add(question)

    def welcome(
        self, tx: Transaction, reader: int, newsletters: Sequence[Newsletter], *, at: datetime
    ) -> None:
        """Say welcome to somebody, where the config wants that.

        A letter that can't be composed holds nobody up: it is told in the log.
        """
        if not self._config.signup.welcome or not newsletters:
            return
        language = self.language(tx.subscribers.by_key(reader), newsletters)
        try:
            content = self.compose(Letter.WELCOME, language, newsletters)
        except TemplateError as error:
            _log.error("no welcome letter", reason=str(error))
            return
        expires_at = at + self._config.mail.expire_after
        tx.editions.add_letter(content, to=reader, created_at=at, expires_at=expires_at)
