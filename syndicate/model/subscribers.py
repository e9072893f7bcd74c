"""Subscribers: people with an address, and their relation to each newsletter."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import idna


class SubscriptionState(StrEnum):
    """Where a subscription stands; only confirmed ones are mailed."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One person's relation to one newsletter."""

    newsletter: str
    state: SubscriptionState
    since: int
    """The newest public number when it was made: it begins after this one."""
    at: datetime
    """When it came into this state."""
    source: str
    """How consent was given, as the operator would have to show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person with an address."""

    key: int
    email: str
    name: str = ""
    language: str | None = None
    """What they are spoken to in, as in BCP 47; None: the publication's."""
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The publication's own fields, by name."""
    tags: tuple[str, ...] = ()
    paused_until: datetime | None = None
    """Until when they want no editions, if ever they said so."""
    created_at: datetime
    subscriptions: tuple[Subscription, ...] = ()
    suppressed: str | None = None
    """Why this address is not mailed at all, if it isn't."""

    def is_subscribed(self, newsletter: str) -> bool:
        """Whether they are subscribed to a newsletter, and have confirmed it."""
        confirmed = SubscriptionState.CONFIRMED
        return (newsletter, confirmed) in ((s.newsletter, s.state) for s in self.subscriptions)


class Actor(StrEnum):
    """Whose doing a change was."""

    READER = "reader"
    OPERATOR = "operator"
    IMPORT = "import"
    SERVER = "mail server"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why something about a subscriber changed, as the operator would have to show it."""

    who: Actor
    how: str
    """Such as "one click in the mail program (RFC 8058)"."""
    origin: str = ""
    """From which network, where it came over one: never a whole address."""


class Action(StrEnum):
    """What changed."""

    ASKED = "asked"
    """Somebody asked to subscribe the address, which is still to be confirmed."""
    SUBSCRIBED = "subscribed"
    CONFIRMED = "confirmed"
    LEFT = "left"
    DECLINED = "declined"
    """They left what they had not confirmed."""
    LEFT_ELSEWHERE = "left elsewhere"
    """A file says that they had left before they came here."""
    REJOINED = "rejoined"
    PAUSED = "paused"
    RESUMED = "resumed"
    CHANGED = "changed"
    """Name, language, own fields or tags."""
    MOVED = "moved"
    """They have another address now."""
    MERGED = "merged"
    RENAMED = "renamed"
    """The newsletter has another name now."""
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    EXPORTED = "exported"
    """They downloaded what is held on them."""
    GRANTED = "granted"
    """They were given a private feed, and the address of an earlier one ended."""
    REVOKED = "revoked"
    """Their private feed ended."""
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberChange:
    """One line of the audit trail."""

    at: datetime
    action: Action
    newsletter: str | None
    """Of one subscription; None where it concerns the person."""
    cause: Cause
    detail: str = ""


UNDO_FOR = timedelta(hours=1)
"""How long the reader, or anybody else who has a link of theirs, can undo unsubscribing."""
_MOVES = (Action.SUBSCRIBED, Action.CONFIRMED, Action.REJOINED, Action.LEFT)


def may_undo(changes: Iterable[SubscriberChange], newsletter: str, at: datetime) -> bool:
    """Whether a reader has just left a newsletter themselves that they were subscribed to."""
    moves = [
        change for change in changes if change.newsletter == newsletter and change.action in _MOVES
    ]
    if [change.action is Action.LEFT for change in moves[-2:]] != [False, True]:
        return False
    return moves[-1].cause.who is Actor.READER and at - moves[-1].at < UNDO_FOR


class SubscribeOutcome(StrEnum):
    """What came of asking to subscribe somebody."""

    NEW = "new"
    KNOWN = "known"
    LEFT = "left"
    """They left once, and only they can come back."""
    SUPPRESSED = "suppressed"
    """The address is not mailed at all."""
    ERASED = "erased"
    """They had everything about them erased, and only they can come back."""


def normalise_email(email: str) -> str:
    """Return the form that makes an address unique: lower case, the domain in ASCII (RFC 5891)."""
    local, _, domain = email.strip().rpartition("@")
    with suppress(idna.IDNAError):  # what a lenient source let in still has one form
        domain = idna.encode(domain, uts46=True).decode()
    return f"{local}@{domain}".lower()


_GMAIL = frozenset({"gmail.com", "googlemail.com"})


def mailbox(email: str) -> str:
    """Return what addresses have in common that are one mailbox, to count what comes to it.

    That is the address without what follows a `+`, and at Gmail without dots. Nobody is
    mailed there: some hosts tell such addresses apart.
    """
    local, _, domain = normalise_email(email).rpartition("@")
    local = local[:1] + local[1:].partition("+")[0]
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"
