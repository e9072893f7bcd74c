"""The export formats of newsletter tools, with the columns of each.

Columns are compared by letters and digits only, so "Email Address", EMAIL_ADDRESS and
"e-mail address" are the same. Of a tuple of columns, the first in the file is used; for
times, the first that has a value.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
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
    """A subscriber's status in the other tool, by rising severity."""

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
"""The tools' words, with "_" between words → status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """The format of one tool."""

    tool: str
    """Its name; "" for the generic format."""
    signatures: tuple[frozenset[str], ...]
    """Sets of columns: a header with all of one set is the tool's; an empty set fits any."""
    email: tuple[str, ...] = _ADDRESS
    name: tuple[str, ...] = _NAME
    first_name: tuple[str, ...] = _FIRST
    last_name: tuple[str, ...] = _LAST
    tags: tuple[str, ...] = _TAGS
    language: tuple[str, ...] = _LANGUAGE
    status: tuple[str, ...] = _STATUS
    opted_in: tuple[str, ...] = ()
    """Columns with yes or no, where no means unsubscribed."""
    opted_out: tuple[str, ...] = ()
    """Columns with yes or no, where yes means unsubscribed."""
    confirmed_at: tuple[str, ...] = ()
    left_at: tuple[str, ...] = ()
    """Columns where any value but "no" means unsubscribed."""
    bounced_at: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    """Columns of JSON that may have custom fields and a language."""
    newsletter: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    """How consent was given."""
    suppressed: tuple[str, ...] = ()
    """Why the address is suppressed."""
    files: tuple[tuple[str, ExportedStatus], ...] = ()
    """Start of the file's name → status of all its rows."""

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Role, such as `email` → its columns."""
        roles = {field.name for field in fields(self)} - {"tool", "signatures", "files"}
        return {role: getattr(self, role) for role in roles}


def _signatures(*headers: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(header.split(", ")) for header in headers)


OWN_FORMAT = ExportFormat(
    tool="Syndicate",
    signatures=_signatures("newsletter, state, at, source"),
    status=("state",),
    confirmed_at=("at",),
    newsletter=("newsletter",),
    source=("source",),
    suppressed=("suppressed",),
)
REFUSAL_COLUMNS = ("refused line", "refused because")
"""Columns that an import adds to the file of refused rows."""
GENERIC_FORMAT = ExportFormat(
    tool="",
    signatures=(frozenset(),),
    opted_in=("subscribed",),
    opted_out=("unsubscribed", "complained"),
    confirmed_at=("confirmed at", "consent at", "opt in at", "subscribed at"),
    left_at=("unsubscribed at",),
    bounced_at=("bounced at", "bounced"),
    newsletter=("newsletter",),
)
# fmt: off
EXPORT_FORMATS = (
    OWN_FORMAT,
    ExportFormat(
        tool="Mailchimp",
        signatures=_signatures(
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
        tool="Ghost",
        signatures=_signatures("subscribed to emails", "complimentary plan, stripe customer id"),
        opted_in=("subscribed to emails", "subscribed"),
        confirmed_at=("created at",),
        left_at=("deleted at",),
    ),
    ExportFormat(
        tool="listmonk",
        signatures=_signatures("uuid, attributes", "uuid, status", "email, attributes"),
        confirmed_at=("created at",),
        attributes=("attributes", "attribs"),
    ),
    ExportFormat(
        tool="Substack",
        signatures=_signatures(
            "active subscription", "email disabled", "subscription type, subscription date"
        ),
        opted_out=("email disabled",),
        confirmed_at=("created at", "subscription date", "start date"),
    ),
    ExportFormat(
        tool="Buttondown",
        signatures=_signatures(
            "subscriber type", "type, creation date", "type, metadata", "type, referrer url",
            "email address, type", "type, unsubscription date",
        ),
        status=("type", "subscriber type"),
        confirmed_at=("creation date", "confirmation date"),
        left_at=("unsubscription date", "unsubscribed at"),
        attributes=("metadata",),
    ),
    ExportFormat(
        tool="beehiiv",
        signatures=_signatures(
            "status, subscription tier", "status, tier", "status, created at, utm source",
            "status, created at, stripe customer id",
        ),
        confirmed_at=("created at", "subscribed at"),
        left_at=("unsubscribed at",),
    ),
    ExportFormat(
        tool="MailerLite",
        signatures=_signatures(
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
    """Return a column's name in the form in which columns are compared."""
    return re.sub(r"[^a-z0-9]+", " ", column.casefold()).strip()


def recognise_format(header: Sequence[str]) -> ExportFormat | None:
    """Return the format of a header; None if no column is an address."""
    columns = {normalise_column(cell) for cell in header}
    for export_format in (*EXPORT_FORMATS, GENERIC_FORMAT):
        matches = any(signature <= columns for signature in export_format.signatures)
        if matches and not columns.isdisjoint(export_format.email):
            return export_format
    return None


def has_escaped_formulas(header: Sequence[str]) -> bool:
    """Whether Syndicate wrote a file, so that cells which look like formulas are escaped."""
    columns = {normalise_column(cell) for cell in header}
    own = (*OWN_FORMAT.signatures, frozenset(REFUSAL_COLUMNS))
    return any(signature <= columns for signature in own)


def status_from_file_name(export_format: ExportFormat, file: Path) -> ExportedStatus:
    """Return the status of the rows in a file that have none themselves."""
    name = file.name.casefold()
    statuses = (status for start, status in export_format.files if name.startswith(start))
    return next(statuses, ExportedStatus.CONFIRMED)
