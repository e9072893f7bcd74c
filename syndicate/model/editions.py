"""Editions: one mailing of one newsletter, with frozen content and audience; their progress."""

import hashlib
import json
import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from syndicate.model.deliveries import DeliveryTotals

if TYPE_CHECKING:
    from syndicate.config import Criteria


class EditionKind(StrEnum):
    """What an edition is made of."""

    ALERT = "alert"
    DIGEST = "digest"
    LETTER = "letter"


class EditionState(StrEnum):
    """Whether an edition may be sent."""

    SENDING = "sending"
    """While it is being sent, and after."""
    PAUSED = "paused"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    """A corrected edition goes to the readers who didn't get this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The content of an edition, the same for all of its readers.

    `html` and `text` have `placeholder(nonce, name)` for what is personal; the nonce keeps
    articles from forging it. Values are escaped when they are filled into `html`.
    """

    subject: str
    preheader: str
    html: str
    text: str
    nonce: str

    @property
    def hash(self) -> str:
        """The key of this content in the store: editions with the same content share it."""
        parts = [self.subject, self.preheader, self.html, self.text, self.nonce]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


PLACEHOLDERS = ("name", "email", "unsubscribe", "preferences", "view", "confirm")
"""The personal values that a template may use, as `{{ slot.unsubscribe }}`.

`confirm` is the link in a letter that asks for confirmation; it is for letters only.
"""

LETTERS = "letters"
"""The newsletter name of letters, which belong to none."""


def placeholder(nonce: str, name: str) -> str:
    """Return the placeholder of a personal value, in ASCII letters and digits.

    mrml garbles anything else in attributes (see docs/decisions.md).
    """
    return f"SLOT{nonce}{name.upper()}END"


def link_marker(nonce: str, number: int) -> str:
    """Return the marker of a tracked link's address, which differs for each reader.

    Links are numbered from 1, each address once; `CANARY` is the hidden link.
    """
    return placeholder(nonce, f"link{number}")


CANARY = 0
"""The number of the hidden link to the home page: only machines follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article in an edition, in the revision of that time."""

    article: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edition before it is frozen."""

    newsletter: str
    schedule: str | None
    kind: EditionKind
    content: Content
    items: tuple[Item, ...]
    upto: int
    """The last public number of its window; the next window begins above it."""
    newest: int
    """Subscriptions since this public number don't get it."""
    created_at: datetime
    expires_at: datetime
    """When deliveries that were not accepted expire."""
    slot_at: datetime | None = None
    """The time of its slot; None for `created_at`."""
    segment: "Criteria | None" = None
    """Which of the newsletter's readers get it; None for all."""
    links: tuple[str, ...] = ()
    """The addresses of its tracked links, from number 1; empty if none is tracked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One mailing of one newsletter; its content never changes."""

    key: int
    newsletter: str
    schedule: str | None
    kind: EditionKind
    subject: str
    content: str
    """The hash of its content."""
    upto: int
    created_at: datetime
    expires_at: datetime
    on_unknown: str = "skip"
    state: EditionState = EditionState.SENDING
    successor: int | None = None
    """The edition that replaced it."""
    slot_at: datetime
    """When its slot was due; for an edition sent manually, when it was composed."""
    original: int | None = None
    """The first of the editions that it corrects or repeats."""


RATE_WINDOW = 10.0
"""Seconds over which a rate is measured."""


class CountRate:
    """The rate of a growing count, over `RATE_WINDOW` or the last two samples."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, now: float, count: int) -> None:
        """Add a sample; `now` is in seconds of a monotonic clock."""
        self._samples.append((now, count))
        while len(self._samples) > 2 and now - self._samples[1][0] >= RATE_WINDOW:  # noqa: PLR2004
            self._samples.popleft()

    @property
    def per_second(self) -> float | None:
        """The rate, never below 0; None before the second sample."""
        if len(self._samples) < 2:  # noqa: PLR2004 - a rate needs two samples
            return None
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        return max(0.0, (after - before) / (end - start)) if end > start else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionProgress:
    """The progress of one edition."""

    edition: Edition
    totals: DeliveryTotals
    per_second: float = 0.0
    """Deliveries that leave the queue in a second, whatever their outcome."""
    next_attempt_at: datetime | None = None
    """When the first deferred delivery is due again."""

    @property
    def share(self) -> float:
        """The share of deliveries that are final, from 0 to 1."""
        audience = self.totals.audience
        return 1 - self.totals.waiting / audience if audience else 1.0

    @property
    def left(self) -> timedelta | None:
        """The time until each delivery was attempted once; None if unknown."""
        untried = self.totals.queued + self.totals.sending
        if not untried or not self.per_second or self.edition.state is not EditionState.SENDING:
            return None
        return timedelta(seconds=math.ceil(untried / self.per_second))
