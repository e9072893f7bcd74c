"""Editions: one mailing of one newsletter, content and audience frozen."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syndicate.config import Criteria


class EditionKind(StrEnum):
    """What an edition is made of."""

    ALERT = "alert"
    DIGEST = "digest"
    LETTER = "letter"


class EditionState(StrEnum):
    """Whether an edition may go on."""

    SENDING = "sending"
    """Until all of its readers are served, and after."""
    PAUSED = "paused"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    """A corrected one took over the readers who didn't have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an edition says, once for all of its readers.

    `html` and `text` hold markers where something personal goes; a marker is
    `slot_marker(nonce, name)`, with name one of `SLOTS`. The values are escaped
    for HTML when they are filled in, and stand as they are in the text.
    """

    subject: str
    preheader: str
    html: str
    text: str
    nonce: str

    @property
    def hash(self) -> str:
        """The name of this content: editions that say the same share it."""
        said = [self.subject, self.preheader, self.html, self.text, self.nonce]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


SLOTS = ("name", "email", "unsubscribe", "preferences", "view", "confirm")
"""The personal places a template may use, as `{{ slot.unsubscribe }}`.

`confirm` is where a letter's question is answered, and means nothing elsewhere.
"""

LETTERS = "letters"
"""What stands in the place of a letter's newsletter, since it belongs to none."""


def slot_marker(nonce: str, name: str) -> str:
    """Return the marker of one personal place: ASCII letters and digits only.

    mrml spoils anything else inside an attribute (see docs/decisions.md).
    """
    return f"SLOT{nonce}{name.upper()}END"


def link_marker(nonce: str, number: int) -> str:
    """Return the marker of where a link leads, where that is told for each reader apart.

    Links are numbered from 1, each address once. `CANARY` marks a place for a link
    that no person sees.
    """
    return slot_marker(nonce, f"link{number}")


CANARY = 0
"""The number of the hidden link, which leads home: who follows it is a machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article that an edition carried, in the revision it had then."""

    article: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edition before it is frozen: what it says, carries and covers."""

    newsletter: str
    schedule: str | None
    kind: EditionKind
    content: Content
    items: tuple[Item, ...]
    upto: int
    """The public number that its window ends with; the next one begins above it."""
    newest: int
    """Subscriptions made at this public number, or later, don't get it."""
    created_at: datetime
    expires_at: datetime
    """After this, what could not be handed over is given up."""
    slot_at: datetime | None = None
    """The time that it is of: its slot's; None for that of its making."""
    segment: "Criteria | None" = None
    """Who of the newsletter's readers gets it; None: all of them."""
    links: tuple[str, ...] = ()
    """Where its numbered links lead, from number 1; empty where none is marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One mailing of one newsletter; what it says is never changed once it is there."""

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
    """When its slot was due; where it was sent by hand, when it was composed."""
    original: int | None = None
    """The first one of those that it corrects or repeats."""
