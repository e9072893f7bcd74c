"""Erases subscribers and their traces elsewhere, and what is too old to be kept.

A hash of an erased address stays, so that no import adds it again; the ledger's rows stay, by
number alone.
"""

import binascii
import hmac
import quopri
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, exists, or_, select, tuple_

from syndicate.model.editions import EditionKind
from syndicate.model.feedback import HOOK_SOURCE
from syndicate.model.subscribers import Action, Cause, SubscriptionState, normalise_email
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.audience.merges import Merges
from syndicate.store.database.repository import LOCK_AUDIENCE, Repository, lock
from syndicate.store.database.schema import (
    changes,
    clicks,
    confirmations,
    deliveries,
    delivery_events,
    editions,
    erasures,
    former_addresses,
    private_feeds,
    subscriber_tags,
    subscribers,
    subscriptions,
)
from syndicate.store.database.schema import keys as key_table
from syndicate.store.database.schema_feedback import (
    feedback,
    held_reports,
    processed_reports,
    suppressions,
)

STEP = 1000
"""Rows, or people, per transaction: others want to write as well."""
_CONSENT = (
    *(Action.ASKED, Action.SUBSCRIBED, Action.CONFIRMED, Action.REJOINED),
    *(Action.DECLINED, Action.LEFT_ELSEWHERE),
)
_REPORTS = 50
"""Reports for a person that are read at once; each has up to 256 KiB."""
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{40,100}\r?\n){0,4000}[A-Za-z0-9+/]{8,100}={0,2}")
_SECRET = "erasures"  # noqa: S105 - its name; every store has it from the start


class Erasures(Repository):
    """Erases people, knows the addresses that were erased, and deletes what is too old."""

    def erase(self, key: int, *, cause: Cause) -> bool:
        """Erase everything about a subscriber; return False where there is none.

        Since nothing else is left, their suppressions go, too.
        """
        lock(self._connection, LOCK_AUDIENCE)
        address = self._scalar(subscribers.c.address, subscribers.c.key == key)
        if address is None:
            return False
        merges = Merges(self._connection)
        addresses = [address, *merges.addresses(key)]
        rows = [{"hash": self._hash(erased), "at": cause.at} for erased in addresses]
        self._insert_new(erasures, rows)
        self._delete(suppressions, suppressions.c.address.in_(addresses))
        # one random number that is nobody's, so that readers can still be counted
        nobody = -1 - secrets.randbelow(2**31 - 1)
        self._update(clicks, clicks.c.subscriber == key, subscriber=nobody)
        numbers = merges.all_numbers(key)
        for table in (deliveries, delivery_events):  # replies may quote the address
            theirs = table.c.edition.in_(select(editions.c.key)), table.c.subscriber.in_(numbers)
            self._update(table, *theirs, table.c.reply != "", reply="")
        reported = feedback.c.subscriber.in_(numbers)
        self._update(feedback, reported, text="", host="", domain="")
        self._delete_held(addresses)
        self.delete_people([key], history=True)
        AuditLog(self._connection).add(key, Action.ERASED, cause)
        return True

    def _delete_held(self, addresses: Sequence[str]) -> None:
        """Delete the reports for a person that are about some addresses, or contain one."""
        query = select(held_reports.c.key, held_reports.c.recipient, held_reports.c.raw)
        streamed = query.execution_options(yield_per=_REPORTS)
        keys = [
            row.key
            for row in self._execute(streamed)
            if row.recipient in addresses or mentions(row.raw, addresses)
        ]
        self._delete(held_reports, held_reports.c.key.in_(keys))

    def any(self) -> bool:
        """Whether anybody was ever erased."""
        return self._exists(erasures)

    def contains(self, email: str) -> bool:
        """Whether the owner of an address was erased."""
        return self._exists(erasures, erasures.c.hash == self._hash(normalise_email(email)))

    def delete(self, email: str) -> None:
        """Let the owner of an address subscribe again, at their own wish."""
        self._delete(erasures, erasures.c.hash == self._hash(normalise_email(email)))

    def delete_people(self, keys: Sequence[int], *, history: bool = False) -> None:
        """Delete people and everything that is theirs; with `history`, what the audit log says."""
        tables = [subscriptions, subscriber_tags, confirmations, private_feeds, former_addresses]
        for table in [*tables, changes] if history else tables:
            self._delete(table, table.c.subscriber.in_(keys))
        self._delete(subscribers, subscribers.c.key.in_(keys))

    def secret(self) -> bytes:
        """Return the key of the hashes: without it, nobody can try out addresses."""
        query = select(key_table.c.secret).where(key_table.c.name == _SECRET)
        return bytes(self._execute(query).scalar_one())

    # what is too old

    def unconfirmed(self, before: datetime) -> list[int]:
        """Return the keys of those who signed up before then and never confirmed anything."""
        query = select(subscribers.c.key).where(_unconfirmed(before)).order_by(subscribers.c.key)
        return self._column(query)

    def delete_unconfirmed(self, keys: Sequence[int], before: datetime, *, cause: Cause) -> int:
        """Delete people, unless they have confirmed meanwhile; return how many.

        The audit log keeps, by number alone, that it was done.
        """
        lock(self._connection, LOCK_AUDIENCE)
        query = select(subscribers.c.key).where(subscribers.c.key.in_(keys), _unconfirmed(before))
        keys = self._column(query)
        if keys:
            self.delete_people(keys, history=True)
            AuditLog(self._connection).add_all(((key, "") for key in keys), Action.ERASED, cause)
        return len(keys)

    def count_letters(self, before: datetime) -> int:
        """Count letters that expired before then."""
        return self._count(editions, _letters(before))

    def delete_letters(self, before: datetime) -> int:
        """Delete some of them with their confirmations; return how many, 0 when none is left."""
        oldest = select(editions.c.key).where(_letters(before)).order_by(editions.c.key).limit(STEP)
        keys = self._column(oldest)
        self._delete(confirmations, confirmations.c.letter.in_(keys))
        for table in (deliveries, delivery_events, feedback):
            self._delete(table, table.c.edition.in_(keys))
        return self._delete(editions, editions.c.key.in_(keys))

    def count_events(self, before: datetime) -> int:
        """Count servers' replies, reports, audit entries and clicks from before then."""
        return sum(self._count(table, old) for table, old in _events(before))

    def delete_events(self, before: datetime) -> int:
        """Delete some of them; return how many, 0 when none is left."""
        return sum(self._delete_some(table, old) for table, old in _events(before))

    def delete_processed(self, *, mail: datetime, events: datetime) -> int:
        """Delete some marks of what was processed before then; return how many.

        Reports by mail may come again for as long as they count, and providers repeat their
        events for a few days.
        """
        by_hook = processed_reports.c.source.startswith(HOOK_SOURCE)
        at = processed_reports.c.at
        return self._delete_some(processed_reports, or_(at < mail, and_(by_hook, at < events)))

    def _delete_some(self, table: Table, old: ColumnElement[bool]) -> int:
        keys = list(table.primary_key.columns)
        oldest = select(*keys).where(old).order_by(*keys).limit(STEP)
        return self._delete(table, (tuple_(*keys) if len(keys) > 1 else keys[0]).in_(oldest))

    def _hash(self, address: str) -> str:
        return hash_address(address, self.secret())


def hash_address(address: str, secret: bytes) -> str:
    """Return the hash that is kept of an erased address, which is in its normal form."""
    return hmac.digest(secret, address.encode(), "sha256").hex()


def _letters(before: datetime) -> ColumnElement[bool]:
    return and_(editions.c.kind == EditionKind.LETTER, editions.c.expires_at < before)


def _unconfirmed(before: datetime) -> ColumnElement[bool]:
    """Match people whose every subscription, if any, is pending since before then.

    A person with a private feed is a reader, though no mail goes to them.
    """
    is_reader = exists().where(
        subscriptions.c.subscriber == subscribers.c.key,
        or_(subscriptions.c.state != SubscriptionState.PENDING, subscriptions.c.at >= before),
    )
    requested = exists().where(
        confirmations.c.subscriber == subscribers.c.key, confirmations.c.at >= before
    )
    has_feed = exists().where(private_feeds.c.subscriber == subscribers.c.key)
    return and_(subscribers.c.created_at < before, ~is_reader, ~requested, ~has_feed)


def _events(before: datetime) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    # merges stay, so that links in old mail find their readers; so does the proof of consent
    # to what a reader still gets
    consent = and_(
        changes.c.action.in_(_CONSENT),
        exists().where(
            subscriptions.c.subscriber == changes.c.subscriber,
            subscriptions.c.newsletter == changes.c.newsletter,
        ),
    )
    changed = and_(changes.c.at < before, changes.c.action != Action.MERGED, ~consent)
    return (
        (delivery_events, delivery_events.c.at < before),
        (changes, changed),
        (clicks, clicks.c.at < before),
        (feedback, feedback.c.received_at < before),
        (held_reports, held_reports.c.received_at < before),
    )


def mentions(raw: bytes, addresses: Sequence[str]) -> bool:
    """Whether a message contains an address, also where it is encoded, or another's return path.

    Addresses are in their normal form.
    """
    words = [address.encode() for address in addresses]
    words += [word.replace(b"@", b"=") for word in words]
    texts = [raw]
    if b"base64" in raw or b"?b?" in raw.lower():
        blocks = (b"".join(match[0].split()) for match in _BASE64.finditer(raw))
        texts += [binascii.a2b_base64(block[: len(block) // 4 * 4]) for block in blocks]
    if b"=" in raw:
        texts.append(quopri.decodestring(raw))
    return any(word in text.lower() for text in texts for word in words)
