"""Editions: one mailing of one newsletter, with frozen content and audience.

Their progress, what stops and resumes them, and when failures pause them automatically.
"""

import hashlib
import json
import math
from collections import deque
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from syndicate.model.deliveries import DeliveryTotals

if TYPE_CHECKING:
    from syndicate.config import Criteria
    from syndicate.model.corrections import WrongCopies
    from syndicate.model.subscribers import Cause


class EditionKind(StrEnum):
    """What an edition is made of."""

    ALERT = "alert"
    DIGEST = "digest"
    CORRECTION = "correction"
    """One article, for those who had it wrong."""
    LETTER = "letter"


class EditionState(StrEnum):
    """Whether an edition may be sent."""

    SENDING = "sending"
    """While it is being sent, and after."""
    PAUSED = "paused"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    """A corrected edition goes to the readers who didn't get this one."""
    WAITING = "waiting"
    """Until it is released: nobody is in its ledger yet."""
    REJECTED = "rejected"
    """It was never released, and counts as never composed: its articles are new again."""


NEVER_SENT = (EditionState.WAITING, EditionState.REJECTED)


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
class EditionNote:
    """An article whose corrections an edition names: those that an earlier revision lacks."""

    article: int
    since: int
    """The revision that the edition's readers had."""
    revision: int


EVERYBODY = 2**31 - 1
"""A public number above all others, as the `newest` of an edition for all who have subscribed."""


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
    left_out: tuple[int, ...] = ()
    """Articles that its schedule never carries, since an editor left them out."""
    file_version: str = ""
    """The version of the edition files that it was made from; empty without any."""
    notes: tuple[EditionNote, ...] = ()
    corrects: "WrongCopies | None" = None
    """Whose readers a correction is for, in place of the newsletter's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTerms:
    """What an edition waits for before it is released."""

    hold: timedelta = timedelta()
    """How long it can still be stopped after nothing else keeps it."""
    approve_by: datetime | None = None
    """When it is rejected unless a person has approved it; None where nobody has to."""
    findings: tuple[str, ...] = ()
    """The mistakes for which a person has to approve it, or mend it."""
    warnings: tuple[str, ...] = ()
    """What a person may want to know before it is sent."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedArticle:
    """An edition that carried an article."""

    edition: int
    newsletter: str
    kind: EditionKind
    state: EditionState
    at: datetime
    """When the edition was composed."""
    revision: int
    accepted: int
    """How many copies were accepted."""
    is_leaving: bool
    """Whether copies still wait to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEdition:
    """An edition that isn't released yet."""

    edition: Edition
    terms: ReleaseTerms
    release_at: datetime | None
    """When it is released unless somebody stops it; None while it waits for a person."""
    newest: int
    """Subscriptions since this public number don't get it."""
    segment: str | None
    """The segment it is for; None for all readers."""
    corrects: "WrongCopies | None" = None
    """Whose readers a correction is for, in place of the newsletter's."""


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


CANCELLED = "cancelled"
"""The reason recorded for skipped readers of a cancelled edition."""


def replaced_by(edition: int) -> str:
    """Return the reason recorded for skipped readers who get a corrected edition instead."""
    return f"replaced by edition {edition}"


class ControlAction(StrEnum):
    """What an operator, or a limit, did to an edition."""

    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    RESENT = "sent again"
    """Another edition went to those who didn't get it."""
    SETTLED = "settled"
    APPROVED = "approved"
    RELEASED = "released"
    REJECTED = "rejected"
    SENT_BACK = "sent back"
    """A reviewer wants it changed: it waits until it is composed again."""
    PROOFED = "proof mailed"
    """The reviewers got its proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """One action on an edition: what, when and by whom."""

    act: ControlAction
    cause: "Cause"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """How many deliveries were in which state when an edition was acted on."""

    accepted: int = 0
    in_flight: int = 0
    """Being sent: these may still be accepted."""
    held_back: int = 0
    failed: int = 0
    expired: int = 0
    skipped: int = 0
    unknown: int = 0

    @property
    def audience(self) -> int:
        """All readers of the edition."""
        return sum(getattr(self, field.name) for field in fields(self))

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to send."""
        return not self.in_flight and not self.held_back

    def __str__(self) -> str:
        return self.summary(pending="held back")

    def summary(self, *, pending: str) -> str:
        """Write the counts, calling those not begun `pending`: "812 accepted, 184 waiting"."""
        counts = f"{self.accepted} accepted, {self.in_flight} in flight, {self.held_back} {pending}"
        for name in ("failed", "expired", "skipped", "unknown"):
            if count := getattr(self, name):
                counts += f", {count} {name}"
        return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlOutcome:
    """The outcome of an action on an edition."""

    changed: bool
    """False if the edition was in that state already, or complete."""
    before: EditionState
    left: Remaining


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionWait:
    """What an edition, or an operator, waits for."""

    paused: ControlRecord | None = None
    put_off: int = 0
    """How many deliveries wait for their next attempt."""
    next_attempt_at: datetime | None = None
    """When the first of them is due."""
    reply: str = ""
    """The reply that deferred most of them."""
    unsettled: int = 0
    """How many unknown deliveries are not settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureThreshold:
    """How many permanent failures pause an edition automatically."""

    share: float = 0.05
    """The share of failures among those tried, from 0 to 1."""
    after: int = 200
    """The number tried from which the share counts."""

    def is_reached(self, tried: int, failed: int) -> bool:
        """Whether enough of those tried failed to pause the edition."""
        return tried >= self.after and failed >= self.share * tried and failed > 0

    def failures_left(self, tried: int, failed: int) -> int:
        """Return the fewest further failures that can reach the threshold.

        With `x` more failures, the share is reached at the earliest where
        `failed + x >= share * max(tried + x, after)`.
        """
        soonest = self.share * self.after - failed
        if self.share < 1:
            soonest = max(soonest, (self.share * tried - failed) / (1 - self.share))
        return max(1, math.ceil(soonest))
