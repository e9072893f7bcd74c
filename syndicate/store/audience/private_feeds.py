"""Private feeds: readers who get the publication in full, each at a secret address.

The address has a token: the reader's number and a secret, of which the store keeps only a
hash. So a backup does not reveal addresses, and a lost one can't be shown again: grant a
new one.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from syndicate.model.subscribers import Action, Cause
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.audience.merges import Merges
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import private_feeds, subscribers

_SECRET_BYTES = 32
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NUMBER = re.compile("[1-9a-z][0-9a-z]{0,6}")
"""A number has one spelling, so that a feed has one address."""
_MAX_NUMBER = 2**31 - 1
_NOBODY = 0
_NO_SECRET = "0" * 64
"""Compared if there is no such reader; no secret is known to have this hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateFeedGrant:
    """A subscriber's private feed."""

    subscriber: int
    email: str
    since: datetime


class PrivateFeedTokens(Repository):
    """Grants, checks and revokes tokens."""

    def grant(self, key: int, *, cause: Cause) -> str:
        """Return a new token for a reader, in place of the one that they had."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        row = {"subscriber": key, "secret": _hash(secret), "granted_at": cause.at}
        self._save(private_feeds, row)
        AuditLog(self._connection).add(key, Action.GRANTED, cause)
        return f"{_encode(key)}-{secret}"

    def revoke(self, key: int, *, cause: Cause, why: str = "") -> bool:
        """End a subscriber's private feed at once; return False where they have none."""
        revoked = self._delete(private_feeds, private_feeds.c.subscriber == key) == 1
        if revoked:
            AuditLog(self._connection).add(key, Action.REVOKED, cause, detail=why)
        return revoked

    def is_valid(self, token: str) -> bool:
        """Whether a token is valid.

        It takes as long for an unknown number: the same queries, and a comparison
        in constant time.
        """
        number, _, secret = token.partition("-")
        key = Merges(self._connection).current_number(_decode(number))
        stored = self._scalar(private_feeds.c.secret, private_feeds.c.subscriber == key)
        matches = hmac.compare_digest(_hash(secret), stored or _NO_SECRET)
        return matches and stored is not None

    def granted_at(self, key: int) -> datetime | None:
        """Return since when a subscriber has a private feed; None where they have none."""
        return self._scalar(private_feeds.c.granted_at, private_feeds.c.subscriber == key)

    def all(self) -> list[PrivateFeedGrant]:
        """Return all private feeds, oldest first."""
        since = private_feeds.c.granted_at.label("since")
        query = select(private_feeds.c.subscriber, subscribers.c.email, since).join(subscribers)
        return self._values(PrivateFeedGrant, query.order_by(since, private_feeds.c.subscriber))

    def reassign(self, key: int, into: int, *, cause: Cause) -> None:
        """Give one person's private feed to another, unless that one has a feed.

        The address stays valid: `Merges` follows the number in it.
        """
        if self.granted_at(key) is None:
            return
        if self.granted_at(into) is not None:
            self.revoke(key, cause=cause, why=f"that of number {key}")
        else:
            self._update(private_feeds, private_feeds.c.subscriber == key, subscriber=into)


def _encode(key: int) -> str:
    """Write a number in base 36, which is short and has no hyphen."""
    digits = ""
    while key:
        key, digit = divmod(key, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def _decode(number: str) -> int:
    """Read a number as `_encode` writes it; return `_NOBODY` for anything else."""
    key = int(number, len(_DIGITS)) if _NUMBER.fullmatch(number) else _NOBODY
    return key if key <= _MAX_NUMBER else _NOBODY


def _hash(secret: str) -> str:
    """Return the hash of a secret, which is long and random, so that no salt is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
