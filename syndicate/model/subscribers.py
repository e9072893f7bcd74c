"""Subscribers, their subscriptions to newsletters, and the changes in the audit log."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import idna


class SubscriptionState(StrEnum):
    """The state of a subscription; only confirmed ones get mail."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscriber's subscription to one newsletter."""

    newsletter: str
    state: SubscriptionState
    since: int
    """The newest public number when it was made; it starts after this one."""
    at: datetime
    """When it entered this state."""
    source: str
    """How consent was given, as the operator may have to prove it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person with an address."""

    key: int
    email: str
    name: str = ""
    language: str | None = None
    """Their language as a BCP 47 tag; None for the publication's."""
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The custom fields, by name."""
    tags: tuple[str, ...] = ()
    paused_until: datetime | None = None
    """Until when they paused their mail, if they did."""
    created_at: datetime
    subscriptions: tuple[Subscription, ...] = ()
    suppressed: str | None = None
    """Why this address gets no mail at all; None if it does."""
    suppression: "SuppressionKind | None" = None
    """The kind of that reason."""

    def is_subscribed(self, newsletter: str) -> bool:
        """Whether they have a confirmed subscription to a newsletter."""
        confirmed = SubscriptionState.CONFIRMED
        return (newsletter, confirmed) in ((s.newsletter, s.state) for s in self.subscriptions)


class Actor(StrEnum):
    """Who made a change."""

    READER = "reader"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    SCHEDULE = "schedule"
    """Nobody: the time for it had come."""
    IMPORT = "import"
    SERVER = "mail server"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who changed something, how and when, as the operator may have to prove it."""

    who: Actor
    how: str
    """Such as "one click in the mail program (RFC 8058)"."""
    at: datetime
    why: str = ""
    """The reason that they gave, if any."""
    origin: str = ""
    """The network that the request came from, never a whole IP address; empty if none."""


class Action(StrEnum):
    """What changed."""

    ASKED = "asked"
    """A subscription was requested and waits for confirmation."""
    SUBSCRIBED = "subscribed"
    CONFIRMED = "confirmed"
    LEFT = "left"
    DECLINED = "declined"
    """They left before they had confirmed."""
    LEFT_ELSEWHERE = "left elsewhere"
    """According to an imported file they had left before."""
    REJOINED = "rejoined"
    PAUSED = "paused"
    RESUMED = "resumed"
    CHANGED = "changed"
    """Name, language, custom fields or tags."""
    MOVED = "moved"
    """Their address changed."""
    MERGED = "merged"
    RENAMED = "renamed"
    """The newsletter's name changed."""
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    EXPORTED = "exported"
    """They downloaded their personal data."""
    GRANTED = "granted"
    """They got a private feed; an earlier one is no longer valid."""
    REVOKED = "revoked"
    """Their private feed is no longer valid."""
    ERASED = "erased"


class SuppressionKind(StrEnum):
    """Why an address is never mailed again."""

    OPERATOR = "operator"
    """A person or an imported file said so."""
    HARD_BOUNCE = "hard bounce"
    SOFT_BOUNCES = "soft bounces"
    """Too many of them, in too short a time."""
    COMPLAINT = "complaint"
    """The reader called our mail spam: only an operator can take that back."""

    @property
    def is_bounce(self) -> bool:
        """Whether its owner can lift it, by a letter that does arrive."""
        return self in {SuppressionKind.HARD_BOUNCE, SuppressionKind.SOFT_BOUNCES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that is never mailed, and why."""

    address: str
    """In its normal form."""
    kind: SuppressionKind
    reason: str
    at: datetime


class ConfirmationKind(StrEnum):
    """What the reader is asked to confirm."""

    SUBSCRIBE = "subscribe"
    ADDRESS = "address"
    """A change of address; it takes a letter to each of the two."""
    DATA = "data"
    """Access to their data: to see, correct, download or erase it, until the letter expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberChange:
    """One entry of the audit log."""

    action: Action
    newsletter: str | None
    """The newsletter concerned; None if the change concerns the person."""
    cause: Cause
    detail: str = ""


UNDO_FOR = timedelta(hours=1)
"""How long anybody with a reader's link can undo an unsubscription."""
_MOVES = (Action.SUBSCRIBED, Action.CONFIRMED, Action.REJOINED, Action.LEFT)


def may_undo(changes: Iterable[SubscriberChange], newsletter: str, at: datetime) -> bool:
    """Whether a reader's own unsubscription from a newsletter can still be undone."""
    moves = [
        change for change in changes if change.newsletter == newsletter and change.action in _MOVES
    ]
    if [change.action is Action.LEFT for change in moves[-2:]] != [False, True]:
        return False
    return moves[-1].cause.who is Actor.READER and at - moves[-1].cause.at < UNDO_FOR


class SubscribeOutcome(StrEnum):
    """The outcome of a request to subscribe somebody."""

    NEW = "new"
    KNOWN = "known"
    LEFT = "left"
    """They had left, so only they can resubscribe."""
    SUPPRESSED = "suppressed"
    """The address gets no mail at all."""
    ERASED = "erased"
    """They had their data erased, so only they can resubscribe."""


def normalise_email(email: str) -> str:
    """Return an address in lower case with its domain in ASCII (RFC 5891), as the unique key."""
    local, _, domain = email.strip().rpartition("@")
    return f"{local}@{domain_to_ascii(domain)}".lower()


def domain_to_ascii(domain: str) -> str:
    """Return a domain in ASCII; unchanged if it is not a valid one, as a lenient source takes."""
    with suppress(idna.IDNAError):
        return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    return domain


def mailbox(email: str) -> str:
    """Return the same key for all addresses of one mailbox, for rate limits.

    It is the address without the part after a `+`, and at Gmail without dots. It is never
    mailed: some hosts distinguish such addresses.
    """
    local, _, domain = normalise_email(email).rpartition("@")
    local = local[:1] + local[1:].partition("+")[0]
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"
