"""Enrolment: what a sign-up does to the store, and how often it may.

What somebody asks for becomes true when the reader of the address confirms it. Until
then nothing that stands is changed, since it may be anybody who asks.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from syndicate.config import Config, Newsletter
from syndicate.model.subscribers import Cause, Subscribed, normal_address
from syndicate.render.mail.letter import Letter
from syndicate.store import RequestKind, Store, Transaction
from syndicate.web.readers.letters import Letters
from syndicate.web.readers.wish import Wish

_log = structlog.get_logger(__name__)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A sign-up on its way into the store."""

    wish: Wish
    cause: Cause
    at: datetime
    language: str


class Enrolment:
    """Enters wishes into the store, within the limits of the config."""

    def __init__(self, store: Store, config: Config, letters: Letters, secret: bytes) -> None:
        self._store = store
        self._config = config
        self._letters = letters
        self._secret = secret

    def enter(self, wish: Wish, *, cause: Cause, at: datetime) -> None:
        """Do what a wish takes, and say nothing about it: nobody learns who is known here.

        Raise StoreError.
        """
        with self._store.read() as tx:
            reader = tx.subscribers.by_email(wish.email)
        language = self._letters.language(reader, wish.newsletters)
        # composed here, it is at hand while the store is held
        self._letters.compose(Letter.CONFIRM, language, wish.newsletters)
        entry = _Entry(wish=wish, cause=cause, at=at, language=language)
        with self._store.write() as tx:
            if self._within_limits(tx, entry):
                self._enter(tx, entry)
        self._letters.hand_over()

    def _within_limits(self, tx: Transaction, entry: _Entry) -> bool:
        """Count a sign-up; what one limit refuses doesn't use up the next."""
        limits, at, signup = tx.limits, entry.at, self._config.signup
        network = f"signup from {entry.cause.origin or 'nowhere'}"
        address = to_address(entry.wish.email, self._secret)
        return (
            limits.take(network, most=signup.per_network, per=HOUR, at=at)
            and limits.take(address, most=signup.per_address, per=DAY, at=at)
            and has_room(tx, self._config, at=at)
        )

    def _enter(self, tx: Transaction, entry: _Entry) -> None:
        if self._config.signup.confirm:
            self._ask(tx, entry, entry.wish.newsletters)
            return
        known = tx.subscribers.by_email(entry.wish.email) is not None
        came = {one: self._subscribe(tx, entry, one) for one in entry.wish.newsletters}
        gone = [one for one, how in came.items() if how in {Subscribed.LEFT, Subscribed.ERASED}]
        new = [one for one, how in came.items() if how is Subscribed.NEW]
        reader = tx.subscribers.by_email(entry.wish.email)
        if reader is not None and new:
            if not known:
                fields = entry.wish.fields
                tx.subscribers.change(reader.key, fields=fields, cause=entry.cause, at=entry.at)
            self._letters.welcome(tx, reader.key, new, at=entry.at)
        if gone:
            self._ask(tx, entry, gone)

    def _subscribe(self, tx: Transaction, entry: _Entry, newsletter: Newsletter) -> Subscribed:
        wish = entry.wish
        return tx.subscribers.subscribe(
            wish.email, newsletter.name, name=wish.name, cause=entry.cause, at=entry.at
        )

    def _ask(self, tx: Transaction, entry: _Entry, newsletters: Sequence[Newsletter]) -> None:
        """Have a letter ask, unless the address is not mailed at all."""
        wish, at = entry.wish, entry.at
        names = [newsletter.name for newsletter in newsletters]
        reader = tx.subscribers.ask(wish.email, names, cause=entry.cause, at=at)
        if reader is None:
            return
        letter = self._letters.compose(Letter.CONFIRM, entry.language, newsletters)
        asked = {"newsletters": names, "name": wish.name, "fields": dict(wish.fields)}
        self._letters.ask(
            tx,
            letter,
            to=reader,
            kind=RequestKind.SUBSCRIBE,
            asked=asked | {"how": entry.cause.how},
            at=at,
            expires_at=at + self._config.signup.expire_after,
        )


def to_address(email: str, secret: bytes) -> str:
    """Name the limit of letters to one address; the address is nobody's to read there."""
    mark = hmac.new(secret, normal_address(email).encode(), hashlib.sha256).hexdigest()
    return f"signup to {mark}"


def has_room(tx: Transaction, config: Config, *, at: datetime) -> bool:
    """Count one question to an address among all; False where there were too many this hour.

    The operator is told so once an hour: it may be a flood.
    """
    most = config.signup.in_all
    if tx.limits.take("signup", most=most, per=HOUR, at=at):
        return True
    if tx.limits.once("signup flood told", per=HOUR, at=at):
        _log.warning("sign-ups are being refused: signup.in_all is reached", in_all=most)
    return False
