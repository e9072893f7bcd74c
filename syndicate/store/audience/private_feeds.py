"""Private feeds: who may follow the publication in full, under addresses that are theirs alone.

An address holds a token: the reader's number and a secret, of which no more than a
hash is kept. So nobody reads addresses out of a backup, and one that is lost can't be
told again: it is granted anew.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from syndicate.model.subscribers import Action, Cause
from syndicate.store.audience.audit_log import AuditEntry, AuditLog
from syndicate.store.audience.merges import Merges
from syndicate.store.database.schema import private_feeds, subscribers
from syndicate.store.database.sql_engine import insert_new

_BYTES = 32
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NUMBER = re.compile("[1-9a-z][0-9a-z]{0,6}")
"""One way alone to write a number, so that a feed has one address."""
_GREATEST = 2**31 - 1
_NOBODY = 0
_NO_SECRET = "0" * 64
"""What is compared where there is nobody; no secret is known to have this hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateFeedGrant:
    """A private feed that somebody has."""

    subscriber: int
    email: str
    since: datetime


class PrivateFeedTokens:
    """Tokens, as the store knows them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._audit_log = AuditLog(connection)

    def grant(self, key: int, *, at: datetime, cause: Cause) -> str:
        """Give somebody who is there a new token, and end the one that they had; return it."""
        secret = secrets.token_urlsafe(_BYTES)
        values = {"secret": _hash(secret), "granted_at": at}
        if not insert_new(self._connection, private_feeds, {"subscriber": key, **values}):
            mine = update(private_feeds).where(private_feeds.c.subscriber == key)
            self._connection.execute(mine, values)
        self._note(key, Action.GRANTED, at=at, cause=cause)
        return f"{_written(key)}-{secret}"

    def revoke(self, key: int, *, at: datetime, cause: Cause, why: str = "") -> bool:
        """End somebody's private feed at once; False where they have none."""
        mine = delete(private_feeds).where(private_feeds.c.subscriber == key)
        gone = self._connection.execute(mine).rowcount == 1
        if gone:
            self._note(key, Action.REVOKED, at=at, cause=cause, detail=why)
        return gone

    def is_valid(self, token: str) -> bool:
        """Whether a token is one that is good now.

        It takes as long where there is nobody: the same queries, and a comparison in
        constant time.
        """
        number, _, secret = token.partition("-")
        key = Merges(self._connection).current_number(_read(number))
        query = select(private_feeds.c.secret).where(private_feeds.c.subscriber == key)
        kept = self._connection.execute(query).scalar()
        same = hmac.compare_digest(_hash(secret), kept or _NO_SECRET)
        return same and kept is not None

    def granted_at(self, key: int) -> datetime | None:
        """Return since when somebody has the address that is good now, if they have one."""
        query = select(private_feeds.c.granted_at).where(private_feeds.c.subscriber == key)
        return self._connection.execute(query).scalar()

    def all(self) -> Iterator[PrivateFeedGrant]:
        """Iterate over everybody who has one, those who have it longest first."""
        query = (
            select(private_feeds, subscribers.c.email)
            .join(subscribers, subscribers.c.key == private_feeds.c.subscriber)
            .order_by(private_feeds.c.granted_at, private_feeds.c.subscriber)
        )
        for row in self._connection.execute(query):
            yield PrivateFeedGrant(subscriber=row.subscriber, email=row.email, since=row.granted_at)

    def hand_over(self, key: int, into: int, *, at: datetime, cause: Cause) -> None:
        """Give the private feed of one number to another, which keeps its own where it has one.

        The address stays as it is: the number in it finds its holder by `Merges`.
        """
        if self.granted_at(key) is None:
            return
        if self.granted_at(into) is not None:
            self.revoke(key, at=at, cause=cause, why=f"that of number {key}")
            return
        theirs = update(private_feeds).where(private_feeds.c.subscriber == key)
        self._connection.execute(theirs, {"subscriber": into})

    def _note(
        self, key: int, action: Action, *, at: datetime, cause: Cause, detail: str = ""
    ) -> None:
        line = AuditEntry(subscriber=key, action=action, cause=cause, at=at, detail=detail)
        self._audit_log.add(line)


def _written(key: int) -> str:
    """Write a number in base 36, which is short and has no hyphen."""
    digits = ""
    while key:
        key, digit = divmod(key, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def _read(number: str) -> int:
    """Read a number as `_written` writes it; anything else is nobody's."""
    key = int(number, len(_DIGITS)) if _NUMBER.fullmatch(number) else _NOBODY
    return key if key <= _GREATEST else _NOBODY


def _hash(secret: str) -> str:
    """Return what is kept of a secret; it is random and long, so a plain hash tells nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
