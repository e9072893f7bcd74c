"""How other newsletter tools write down their subscribers: one table for each.

Columns are compared by their letters and digits alone, so "Email Address",
EMAIL_ADDRESS and "e-mail address" are one. The first column of a tuple that the
file has is taken; where several say when, the first that is filled in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_ADDRESS = (
    "email", "e mail", "email address", "e mail address", "mail", "mail address", "emailaddress",
    "e mail adresse", "subscriber email",
)  # fmt: skip
_NAME = ("name", "full name", "fullname")
_FIRST = ("first name", "firstname", "fname", "given name", "vorname")
_LAST = ("last name", "lastname", "lname", "surname", "family name", "nachname")
_TAGS = ("tags", "tag", "labels")
_LANGUAGE = ("language", "lang", "locale", "preferred language", "sprache")
_STATUS = ("status", "subscription status", "email status", "subscriber status")


class ExportedStatus(StrEnum):
    """How somebody stood with the other tool."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BLOCKED = "blocklisted"


SUPPRESSED = frozenset({ExportedStatus.BOUNCED, ExportedStatus.COMPLAINED, ExportedStatus.BLOCKED})

_STATUS_WORDS = {
    ExportedStatus.CONFIRMED: (
        "confirmed active subscribed enabled regular premium gifted trialed free paid comped "
        "past_due churning"
    ),
    ExportedStatus.LEFT: "left unsubscribed inactive removed opted_out optout unsub",
    ExportedStatus.BOUNCED: "bounced bounce cleaned undeliverable invalid hard_bounced",
    ExportedStatus.COMPLAINED: "complained complaint junk spam abuse spammy",
    ExportedStatus.BLOCKED: "blocklisted blacklisted blocked suppressed banned disabled",
    ExportedStatus.PENDING: (
        "pending unconfirmed unactivated validating not_subscribed nonsubscribed non_subscribed "
        "transactional archived upcoming"
    ),
}
STATUS_WORDS = {word: status for status, words in _STATUS_WORDS.items() for word in words.split()}
"""What the tools call it, by their words with "_" for every gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """How one tool writes."""

    name: str
    """Of the tool; "" for nobody's in particular."""
    marks: tuple[frozenset[str], ...]
    """A header with all columns of one of these is the tool's."""
    email: tuple[str, ...] = _ADDRESS
    name_columns: tuple[str, ...] = _NAME
    first: tuple[str, ...] = _FIRST
    last: tuple[str, ...] = _LAST
    tags: tuple[str, ...] = _TAGS
    language: tuple[str, ...] = _LANGUAGE
    status: tuple[str, ...] = _STATUS
    willing: tuple[str, ...] = ()
    """Columns that say with yes or no whether somebody gets mail."""
    unwilling: tuple[str, ...] = ()
    """The same the other way round."""
    confirmed_at: tuple[str, ...] = ()
    left_at: tuple[str, ...] = ()
    """Whoever has something but "no" in one of these has left."""
    bounced_at: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    """Columns of JSON that may hold own fields and a language."""
    newsletter: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    """How consent was given, in words."""
    suppressed: tuple[str, ...] = ()
    """Why the address is not mailed, in words."""
    files: tuple[tuple[str, ExportedStatus], ...] = ()
    """What the beginning of the file's name says of everybody in it."""


def _marks(*headers: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(one.split(", ")) for one in headers)


OWN_FORMAT = ExportFormat(
    name="Syndicate",
    marks=_marks("newsletter, state, at, source"),
    status=("state",),
    confirmed_at=("at",),
    newsletter=("newsletter",),
    source=("source",),
    suppressed=("suppressed",),
)
REFUSAL_COLUMNS = ("refused line", "refused because")
"""What an import adds to the rows that it refused, whoever wrote them."""
GENERIC_FORMAT = ExportFormat(
    name="",
    marks=(),
    willing=("subscribed",),
    unwilling=("unsubscribed", "complained"),
    confirmed_at=("confirmed at", "consent at", "opt in at", "subscribed at"),
    left_at=("unsubscribed at",),
    bounced_at=("bounced at", "bounced"),
    newsletter=("newsletter",),
)
# fmt: off
EXPORT_FORMATS = (
    OWN_FORMAT,
    ExportFormat(
        name="Mailchimp",
        marks=_marks(
            "member rating", "optin time", "confirm time", "unsub time", "clean time", "leid, euid"
        ),
        confirmed_at=("confirm time", "optin time"),
        left_at=("unsub time",),
        bounced_at=("clean time",),
        files=(
            ("nonsubscribed", ExportedStatus.PENDING),
            ("unsubscribed", ExportedStatus.LEFT),
            ("cleaned", ExportedStatus.BOUNCED),
        ),
    ),
    ExportFormat(
        name="Ghost",
        marks=_marks("subscribed to emails", "complimentary plan, stripe customer id"),
        willing=("subscribed to emails", "subscribed"),
        confirmed_at=("created at",),
        left_at=("deleted at",),
    ),
    ExportFormat(
        name="listmonk",
        marks=_marks("uuid, attributes", "uuid, status", "email, attributes"),
        confirmed_at=("created at",),
        attributes=("attributes", "attribs"),
    ),
    ExportFormat(
        name="Substack",
        marks=_marks(
            "active subscription", "email disabled", "subscription type, subscription date"
        ),
        unwilling=("email disabled",),
        confirmed_at=("created at", "subscription date", "start date"),
    ),
    ExportFormat(
        name="Buttondown",
        marks=_marks(
            "subscriber type", "type, creation date", "type, metadata", "type, referrer url",
            "email address, type", "type, unsubscription date",
        ),
        status=("type", "subscriber type"),
        confirmed_at=("creation date", "confirmation date"),
        left_at=("unsubscription date", "unsubscribed at"),
        attributes=("metadata",),
    ),
    ExportFormat(
        name="beehiiv",
        marks=_marks(
            "status, subscription tier", "status, tier", "status, created at, utm source",
            "status, created at, stripe customer id",
        ),
        confirmed_at=("created at", "subscribed at"),
        left_at=("unsubscribed at",),
    ),
    ExportFormat(
        name="MailerLite",
        marks=_marks(
            "subscriber, subscribed", "subscriber, status", "subscriber, sent", "subscribed date",
            "date subscribed", "confirmation timestamp", "signup timestamp", "opted in, optin ip",
        ),
        email=("subscriber", *_ADDRESS),
        status=(*_STATUS, "type"),
        confirmed_at=(
            "confirmation timestamp", "confirmed", "opted in", "optin date", "signup timestamp",
            "subscribed", "subscribed date", "date subscribed", "subscribed at",
        ),
        left_at=(
            "unsubscribed", "unsubscribed date", "date unsubscribed", "unsubscribe date",
            "unsubscribed at",
        ),
    ),
)
# fmt: on


def normalise_column(column: str) -> str:
    """Return what columns are compared by."""
    return re.sub(r"[^a-z0-9]+", " ", column.casefold()).strip()


def recognise_format(header: Sequence[str]) -> ExportFormat | None:
    """Recognise whose header it is; None where nothing is an address."""
    columns = {normalise_column(cell) for cell in header}
    for export_format in (*EXPORT_FORMATS, GENERIC_FORMAT):
        marked = export_format is GENERIC_FORMAT or any(
            mark <= columns for mark in export_format.marks
        )
        if marked and not columns.isdisjoint(export_format.email):
            return export_format
    return None


def has_escaped_formulas(header: Sequence[str]) -> bool:
    """Whether we wrote a file ourselves, so that its cells are guarded against being formulas."""
    columns = {normalise_column(cell) for cell in header}
    return any(mark <= columns for mark in (*OWN_FORMAT.marks, frozenset(REFUSAL_COLUMNS)))


def status_from_file_name(export_format: ExportFormat, file: Path) -> ExportedStatus:
    """Return how everybody in a file stands whose row says nothing else."""
    name = file.name.casefold()
    return next(
        (status for begin, status in export_format.files if name.startswith(begin)),
        ExportedStatus.CONFIRMED,
    )
