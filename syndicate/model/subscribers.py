"""Subscribers: people with an address, and their relation to each newsletter."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
    created_at: datetime
    subscriptions: tuple[Subscription, ...] = ()
    suppressed: str | None = None
    """Why this address is not mailed at all, if it isn't."""


class Subscribed(StrEnum):
    """What came of asking to subscribe somebody."""

    NEW = "new"
    KNOWN = "known"
    LEFT = "left"
    """They left once, and only they can come back."""
    SUPPRESSED = "suppressed"
    """The address is not mailed at all."""


def normal_address(email: str) -> str:
    """Return the form that makes an address unique: lower case, the domain in ASCII (RFC 5891)."""
    local, _, domain = email.strip().rpartition("@")
    with suppress(idna.IDNAError):  # what a lenient source let in still has one form
        domain = idna.encode(domain, uts46=True).decode()
    return f"{local}@{domain}".lower()
