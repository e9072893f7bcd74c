"""Alarms: what is wrong with a publication, since when, and when people are notified of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.text import shorten

REPEAT_AFTER = timedelta(hours=1)
"""How often at most people are notified of one cause."""
REPEAT_DAILY = timedelta(days=1)
"""The same where nobody can mend it within hours."""
_MAX_LENGTH = 1000
"""Characters of what is wrong."""
_CERTIFICATE_LEFT = timedelta(days=14)
"""A certificate of 90 days is usually renewed well before."""


class AlarmKind(StrEnum):
    """What is wrong. The values are in the webhook's JSON and in the metrics: don't change them."""

    SLOT = "slot"
    """A slot of a schedule failed, was too late, or did not fire."""
    MAIL = "mail"
    """Mail is due, and no mail server has accepted any for a while."""
    PAUSED = "paused"
    """An edition paused itself, since too much of it was refused."""
    APPROVAL = "approval"
    """An edition has waited for approval for half of its time."""
    PREFLIGHT = "preflight"
    """An edition waits because of mistakes in it, or complaints about its newsletter."""
    DISK = "disk"
    """A disk of a machine is nearly full."""
    CERTIFICATE = "certificate"
    """The TLS certificate of a mail server ends soon."""
    SECRET = "secret"  # noqa: S105 - no password
    """A password or a signing key that mail needs can't be read."""
    BUILD = "build"
    """A page or a feed could not be built."""
    INTAKE = "intake"
    """The file of a breaking story was refused."""
    BOUNCES = "bounces"
    """The mailbox or the Maildir that bounces arrive in can't be read."""
    COMPLAINTS = "complaints"
    """Readers called too much of a newsletter's mail spam."""
    BLOCKED = "blocked"
    """A mail domain refuses much of our mail by policy."""


_DAILY = frozenset({AlarmKind.COMPLAINTS, AlarmKind.BLOCKED})

HEADLINES: Mapping[AlarmKind, str] = {
    AlarmKind.SLOT: "a slot of the timetable failed or was missed",
    AlarmKind.MAIL: "no mail is accepted while mail waits",
    AlarmKind.PAUSED: "an edition paused itself",
    AlarmKind.APPROVAL: "an edition still waits for approval",
    AlarmKind.PREFLIGHT: "an edition waits because of what was found",
    AlarmKind.DISK: "a disk is nearly full",
    AlarmKind.CERTIFICATE: "the certificate of a mail server ends soon",
    AlarmKind.SECRET: "mail can't be sent",
    AlarmKind.BUILD: "a page or a feed could not be built",
    AlarmKind.INTAKE: "a breaking story was refused",
    AlarmKind.BOUNCES: "bounces can't be read",
    AlarmKind.COMPLAINTS: "the mail of a newsletter needs a look",
    AlarmKind.BLOCKED: "a mail domain refuses mail",
}
"""What anybody may know of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCause:
    """Something that is wrong now."""

    kind: AlarmKind
    subject: str
    """What it is about: a schedule, an edition, a relay, a file. One alarm for each."""
    text: str
    """What is wrong, in one line for operators."""
    remedy: str
    """What to do, with the command."""
    machine: str = ""
    """The host on which it is so; empty for what is wrong on all of them."""
    since: datetime | None = None
    """Since when, where that is known; else since it was first seen."""

    def __post_init__(self) -> None:
        # replies of servers and names of files are in it
        object.__setattr__(self, "text", shorten(self.text, _MAX_LENGTH))

    @property
    def key(self) -> tuple[AlarmKind, str, str]:
        """Its identity: people are notified once an hour of each."""
        return self.kind, self.subject, self.machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A cause as it is stored: on, or over."""

    kind: AlarmKind
    subject: str
    machine: str = ""
    text: str
    remedy: str
    since: datetime
    seen_at: datetime
    """When a process last saw it; a machine that is gone reports nothing more."""
    notified: bool = False
    """Whether people know that it is on."""
    notified_at: datetime | None = None
    """When they were last notified of it."""
    over_at: datetime | None = None

    @classmethod
    def of(cls, cause: AlarmCause, at: datetime) -> "Alarm":
        """Return the alarm of a cause that is first seen at a time."""
        return cls(
            kind=cause.kind,
            subject=cause.subject,
            machine=cause.machine,
            text=cause.text,
            remedy=cause.remedy,
            since=cause.since or at,
            seen_at=at,
        )

    @property
    def key(self) -> tuple[AlarmKind, str, str]:
        """The same as that of its cause."""
        return self.kind, self.subject, self.machine

    @property
    def name(self) -> str:
        """The key as text: `slot breaking`, `disk store web-1`."""
        return " ".join(filter(None, self.key))

    @property
    def is_on(self) -> bool:
        """Whether it is not over."""
        return self.over_at is None

    @property
    def repeat_after(self) -> timedelta:
        """How often at most people are notified that it is on."""
        return REPEAT_DAILY if self.kind in _DAILY else REPEAT_AFTER

    def is_due(self, at: datetime) -> bool:
        """Whether people are to be notified: that it is on, at most so often, or over."""
        if not self.is_on:
            return self.notified
        return self.notified_at is None or at - self.notified_at >= self.repeat_after


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayCertificate:
    """The TLS certificate of a mail server, as a session last saw it."""

    relay: str
    starts_at: datetime
    ends_at: datetime
    seen_at: datetime

    def is_ending(self, at: datetime) -> bool:
        """Whether less than two weeks are left, or less than a quarter of a short validity."""
        left = min(_CERTIFICATE_LEFT, (self.ends_at - self.starts_at) / 4)
        return self.ends_at - at < left
