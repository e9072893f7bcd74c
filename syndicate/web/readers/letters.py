"""Letters: mail to one reader, queued with the confirmation that its button leads to.

Anybody may have the links of a forwarded mail, so a new subscription and access to a reader's
data begin with a letter to the address. There are limits of letters, and of the sign-ups that
make us send them.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache, partial
from typing import Any

import structlog

from syndicate.config import Config, Newsletter
from syndicate.errors import TemplateError
from syndicate.model.editions import Content
from syndicate.model.subscribers import Action, Cause, ConfirmationKind, Subscriber, mailbox
from syndicate.render.mail.letter import Letter, compose_letter
from syndicate.render.templates import Templates
from syndicate.store import PendingConfirmation, Store, Transaction
from syndicate.store.database.attempt_limits import MONTHLY
from syndicate.web.telemetry.counters import RequestCounters

_log = structlog.get_logger(__name__)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PROOF_FACTOR = 10
"""How many times as many sign-ups a network may send with proofs of work."""
DATA_LINK_LIFETIME = DAY
AFTER_BOUNCE = timedelta(days=30)
"""How often an address that is suppressed for bounces gets a letter, if somebody asks for it."""


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
        signup = config.signup
        self._limits = {
            SignupLimit.NETWORK: (signup.per_network, HOUR),
            SignupLimit.ADDRESS: (signup.per_address, DAY),
            SignupLimit.ALL: (signup.in_all, HOUR),
        }
        self._secret = secret
        self._counters = counters

    def take_signup(self, tx: Transaction, cause: Cause, *, proven: bool) -> timedelta | None:
        """Take a sign-up of the network that it came from; `proven` by a proof of work."""
        at, network, factor = cause.at, cause.origin, PROOF_FACTOR if proven else 1
        name = f"signup from {network or 'nowhere'}"
        wait = self._take(tx, SignupLimit.NETWORK, name, at, factor)
        if wait is not None and tx.attempt_limits.once("signup network logged", per=HOUR, at=at):
            limit, _ = self._limits[SignupLimit.NETWORK]
            event = "a network sends more sign-ups than signup.per_network"
            _log.warning(event, network=network, per_network=limit)
        return wait

    def take_letter(self, tx: Transaction, at: datetime) -> timedelta | None:
        """Take a letter from the limit of all letters."""
        wait = self._take(tx, SignupLimit.ALL, "signup", at)
        if wait is not None and tx.attempt_limits.once("signup flood logged", per=HOUR, at=at):
            limit, _ = self._limits[SignupLimit.ALL]
            _log.warning("sign-ups are being refused: signup.in_all is reached", in_all=limit)
        return wait

    def take_letter_to(self, tx: Transaction, email: str, at: datetime) -> timedelta | None:
        """Take a letter to an address; aliases of one mailbox count together.

        An address that bounced gets one in a while, which finds out whether it works again.
        """
        digest = hmac.new(self._secret, mailbox(email).encode(), hashlib.sha256).hexdigest()
        suppressed = tx.subscribers.suppression(email)
        if suppressed is not None and suppressed.kind.is_bounce:
            name = f"{MONTHLY}letter to bounced {digest}"
            wait = tx.attempt_limits.take(name, limit=1, per=AFTER_BOUNCE, at=at)
            if wait is not None:
                self._counters.count_limited(SignupLimit.ADDRESS)
                return wait
        return self._take(tx, SignupLimit.ADDRESS, f"signup to {digest}", at)

    def take_address_change(self, tx: Transaction, key: int, cause: Cause) -> timedelta | None:
        """Take a change of address that the reader `key` requested."""
        name = f"address change from {cause.origin or 'nowhere'}"
        wait = self._take(tx, SignupLimit.NETWORK, name, cause.at)
        return wait or self._take(tx, SignupLimit.ADDRESS, f"address change of {key}", cause.at)

    def _take(
        self, tx: Transaction, kind: SignupLimit, name: str, at: datetime, factor: int = 1
    ) -> timedelta | None:
        limit, per = self._limits[kind]
        wait = tx.attempt_limits.take(name, limit=limit * factor, per=per, at=at)
        if wait is not None:
            self._counters.count_limited(kind)
        return wait


@dataclass(frozen=True)
class LetterSender:
    """Composes and queues the letters of one publication."""

    store: Store
    config: Config
    limits: SignupLimits
    notify_sender: Callable[[], None] = lambda: None
    """Starts delivery; called after the commit."""

    @cached_property
    def _composed(self) -> Callable[..., Content]:
        templates = Templates(self.config.templates)
        return lru_cache(128)(partial(compose_letter, config=self.config, templates=templates))

    def choose_language(
        self, reader: Subscriber | None, newsletters: Sequence[Newsletter] = ()
    ) -> str:
        """Return the reader's language, else that of all newsletters, else the publication's."""
        if reader is not None and reader.language:
            return reader.language
        languages = set(map(self.config.language_of, newsletters))
        return languages.pop() if len(languages) == 1 else self.config.publication.language

    def compose(
        self, letter: Letter, language: str, newsletters: Sequence[Newsletter] = ()
    ) -> Content:
        """Compose a letter (slow the first time, then cached); raise TemplateError."""
        return self._composed(letter, language=language, newsletters=tuple(newsletters))

    def request_confirmation(
        self, reader: Subscriber, newsletters: Sequence[Newsletter], cause: Cause
    ) -> timedelta | None:
        """Send a known reader the letter that confirms subscriptions.

        Return how long to wait when there were too many letters. Raise StoreError or
        TemplateError.
        """
        language = self.choose_language(reader, newsletters)
        content = self.compose(Letter.CONFIRM, language, newsletters)
        names = [newsletter.name for newsletter in newsletters]
        with self.store.write() as tx:
            wait = self._take_letter(tx, reader, cause.at)
            if wait is None and tx.subscribers.add_pending(reader.email, names, cause=cause):
                asked = {"newsletters": names, "how": cause.how}
                self.add_confirmation(tx, content, to=reader.key, asked=asked, at=cause.at)
        self.notify_sender()
        return wait

    def request_data_link(self, reader: Subscriber, cause: Cause) -> timedelta | None:
        """Send a reader the letter with the link to their data; as `request_confirmation` does."""
        content = self.compose(Letter.DATA, self.choose_language(reader))
        with self.store.write() as tx:
            wait = self._take_letter(tx, reader, cause.at)
            if wait is None:
                kind = ConfirmationKind.DATA
                self.add_confirmation(tx, content, to=reader.key, kind=kind, asked={}, at=cause.at)
                tx.audit_log.add(reader.key, Action.ASKED, cause, detail="link to their data")
        self.notify_sender()
        return wait

    def _take_letter(self, tx: Transaction, reader: Subscriber, at: datetime) -> timedelta | None:
        limits = self.limits
        return limits.take_letter(tx, at) or limits.take_letter_to(tx, reader.email, at)

    def add_confirmation(
        self,
        tx: Transaction,
        content: Content,
        *,
        to: int,
        kind: ConfirmationKind = ConfirmationKind.SUBSCRIBE,
        asked: Mapping[str, Any],
        at: datetime,
    ) -> None:
        """Queue a letter with the confirmation that its button leads to."""
        expire_after = self.config.signup.expire_after
        expires_at = at + (DATA_LINK_LIFETIME if kind is ConfirmationKind.DATA else expire_after)
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
