"""The message header: From, To, Subject, Date, List-Id, List-Unsubscribe and the rest.

Fields that are the same for all readers are written once; those that differ are functions
of the reader.
"""

from collections.abc import Callable
from email.utils import format_datetime
from typing import TypeAlias

from syndicate.deliver.message.header_encoding import ascii_domain, field, mailbox, phrase, text
from syndicate.deliver.message.message import EditionHeaders, Recipient

HeaderField: TypeAlias = bytes | Callable[[Recipient], bytes]
"""A field with its CRLF, or the function that writes it for a reader."""


def header_fields(
    subject: str, headers: EditionHeaders, content_type: tuple[str, ...]
) -> tuple[HeaderField, ...]:
    """Return the header of an edition's messages; raise Refused, UnicodeEncodeError."""
    fields: list[HeaderField] = [
        field("From", *mailbox(headers.sender.name, ascii_domain(headers.sender.address))),
        _to,
        field("Subject", *text(subject)),
        field("Date", format_datetime(headers.date)),
        lambda reader: field("Message-ID", reader.message_id),
    ]
    if headers.reply_to:
        address = ascii_domain(headers.reply_to.address)
        fields.append(field("Reply-To", *mailbox(headers.reply_to.name, address)))
    if not headers.letter:  # what marks bulk mail: RFC 2919, RFC 8058
        list_id = f"<{headers.newsletter}.{headers.domain}>"
        fields += [
            field("List-Id", *phrase(headers.title), list_id),
            lambda reader: field(
                "List-Unsubscribe", f"<{reader.personalisation.links['unsubscribe']}>"
            ),
            field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            field("Precedence", "bulk"),
        ]
    return (
        *fields,
        field("Feedback-ID", *text(headers.feedback_id)),
        field("Auto-Submitted", "auto-generated"),
        field("MIME-Version", "1.0"),
        field("Content-Type", *content_type),
    )


def _to(reader: Recipient) -> bytes:
    person = reader.personalisation
    return field("To", *mailbox(person.name, ascii_domain(person.email)))
