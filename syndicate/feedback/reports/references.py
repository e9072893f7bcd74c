"""Collects from a report everything that may name our delivery; nothing of it is verified.

The tokens at our address, the Original-Envelope-Id, the Message-IDs of the message that came
back, and the List-Unsubscribe in its header. Their signatures are verified later.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote

from syndicate.feedback.reports.header_fields import HeaderFields, find_addresses
from syndicate.feedback.reports.mime_parts import MimePart, ReceivedMail, split_header
from syndicate.model.feedback import DeliveryReference

_MAX_FOUND = 10
"""How many of each kind are kept: a report about one delivery names few."""
_MAX_LENGTH = 1000
_MAX_HEADER = 16 * 1024
"""Characters of a header that is quoted in a text."""
_RECIPIENT_FIELDS = (
    "to", "cc", "delivered-to", "x-delivered-to", "x-original-to", "envelope-to", "x-envelope-to",
    "x-rcpt-to", "x-forwarded-to", "apparently-to", "resent-to", "received",
)  # fmt: skip
"""Where a message says what it was sent to; Received in its clause "for"."""
_SENDER_FIELDS = (
    "return-path", "x-return-path", "errors-to", "x-envelope-from", "original-mail-from",
    "x-original-mail-from", "x-envelope-sender", "x-postfix-sender",
)  # fmt: skip
"""Where a report or the message in it names the envelope sender that we used."""
_RETURNED_TYPES = (
    "message/rfc822", "message/global", "text/rfc822-headers", "text/rfc822-header",
    "message/global-headers", "message/rfc822-headers", "message/partial",
)  # fmt: skip
_MESSAGE_ID = re.compile(r"<([^<>\s]{3,300}@[^<>\s]{1,255})>")
_QUOTED_ID = re.compile(
    r"^[>|\s]{0,20}(?:[\w-]{0,40}-)?Message-?ID\s{0,5}:\s{0,80}<?([^<>\s]{3,300}@[^<>\s]{1,255})>?",
    re.IGNORECASE | re.MULTILINE,
)
_OUR_ID = re.compile(r"(?<![\w.])(\d{1,20}\.\d{1,20}\.[0-9a-f]{16}@[\w.-]{1,255})", re.IGNORECASE)
"""The form of our Message-IDs, wherever a text has one."""
_URL = re.compile(r"<\s*((?:https?|mailto):[^<>\s]{1,2000})\s*>", re.IGNORECASE)
_QUOTED_HEADER = re.compile(
    r"^[>| \t]{0,8}(?:Received|Return-Path|Message-ID|DKIM-Signature|From|To|Subject|Date"
    r"|MIME-Version|List-Unsubscribe|X-[\w-]{1,40}): ",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTE_MARKS = re.compile(r"^[>|] ?", re.MULTILINE)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_REPORT_TYPES = re.compile(
    r"multipart/report|message/(?:delivery|feedback|disposition)-", re.IGNORECASE
)
_REPORTER = re.compile(r"mailer-?daemon@?", re.IGNORECASE)


class ReferenceCollector:
    """Collects the references of one report."""

    def __init__(self, mail: ReceivedMail, address: str, recipients: Sequence[str]) -> None:
        self._mail = mail
        self._address = address.lower()
        self._tagged = _tagged(address)
        self._recipients = recipients
        self.returned = tuple(_returned_headers(mail))
        """The headers of the message that came back."""
        self.quoted_at: int | None = None
        """Where in the text its header begins; None where it isn't quoted."""
        if found := _quoted_header(mail.text):
            self.quoted_at, quoted = found
            self.returned = self.returned or (quoted,)

    def is_ours(self, address: str) -> bool:
        """Whether an address is the one that reports are sent to."""
        return address.lower() == self._address or bool(self._tagged.fullmatch(address))

    def find(
        self, recipient: str = "", *, report: Iterable[HeaderFields] = ()
    ) -> DeliveryReference:
        """Return the references; `report` are fields that the report has in a part for them."""
        report = tuple(report)
        return DeliveryReference(
            tokens=_some(self._tokens(report)),
            envelope_ids=_some(_envelope_ids(report)),
            message_ids=_some(self._message_ids(report)),
            unsubscribe_urls=_some(self._unsubscribe_urls()),
            recipient=recipient or self.returned_recipient,
        )

    @property
    def returned_recipient(self) -> str:
        """Whom the message that came back was for, if it was one."""
        addresses = [find_addresses(fields.get("to")) for fields in self.returned]
        return next((found[0] for found in addresses if len(found) == 1), "")

    @property
    def is_about_a_report(self) -> bool:
        """Whether the message that came back is a report itself, which we never sent."""
        return any(
            _REPORT_TYPES.match(fields.get("content-type")) or _REPORTER.search(fields.get("from"))
            for fields in self.returned
        )

    @property
    def tokens(self) -> tuple[str, ...]:
        """What follows the "+" of our address in those that the message was sent to."""
        return _some(self._own_tokens())

    def _tokens(self, report: Iterable[HeaderFields]) -> Iterator[str]:
        yield from self._own_tokens()
        for fields in (*report, *self.returned):
            yield from self._tokens_in(fields.all(*_SENDER_FIELDS))

    def _own_tokens(self) -> Iterator[str]:
        yield from self._tokens_in(self._recipients)
        for name in _RECIPIENT_FIELDS:
            yield from self._tokens_in(self._mail.fields.all(name))

    def _tokens_in(self, values: Iterable[str]) -> Iterator[str]:
        for value in values:
            yield from self._tagged.findall(value[: _MAX_LENGTH * 10])

    def _message_ids(self, report: Iterable[HeaderFields]) -> Iterator[str]:
        for fields in self.returned:
            yield from _ids(value for name, value in fields.fields if name.endswith("message-id"))
        for fields in report:
            yield from _ids(value for name, value in fields.fields if name.endswith("message-id"))
        own = self._mail.fields
        yield from _ids(
            value
            for name, value in own.fields
            if name.endswith("-message-id") or name in {"in-reply-to", "references"}
        )
        yield from _QUOTED_ID.findall(self._mail.text)
        yield from _OUR_ID.findall(self._mail.text)

    def _unsubscribe_urls(self) -> Iterator[str]:
        for fields in self.returned:
            yield from _URL.findall(" ".join(fields.all("list-unsubscribe")))


@lru_cache(maxsize=8)
def _tagged(address: str) -> re.Pattern[str]:
    """Match our address with a token, also after what a relay puts before it (BATV's prvs=)."""
    local, _, domain = address.rpartition("@")
    if not address:
        return re.compile(r"(?!)()")  # there is no address, so nothing is at it
    return re.compile(
        rf"(?<![\w.+-]){re.escape(local)}\+([^@\s<>\"+]{{1,64}})@{re.escape(domain)}(?![\w.-])",
        re.IGNORECASE,
    )


def _returned_headers(mail: ReceivedMail) -> Iterator[HeaderFields]:
    """Yield the header of the message that came back: what a part contains, or has itself."""
    for part in mail.parts[1:]:
        if part.content_type in _RETURNED_TYPES and (fields := _header_of(part)).fields:
            yield fields
        elif part.fields.has("received", "message-id") and part.fields.has("from"):
            yield part.fields


def _header_of(part: MimePart) -> HeaderFields:
    content = part.content.replace(b"\r\n", b"\n").lstrip(b"\n")
    return split_header(content).fields


def _quoted_header(text: str) -> tuple[int, HeaderFields] | None:
    """Find the first run of lines in a text that are a message's header, and parse it."""
    for match in islice(_QUOTED_HEADER.finditer(text), _MAX_FOUND):
        quoted = _QUOTE_MARKS.sub("", text[match.start() :][:_MAX_HEADER].lstrip())
        fields = split_header(quoted.encode("utf-8", "replace")).fields
        if len(fields.fields) > 2 and fields.has("message-id", "received", "return-path"):  # noqa: PLR2004
            return match.start(), fields
    return None


def _ids(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        found = _MESSAGE_ID.findall(value)
        yield from found or ([value] if "@" in value and " " not in value else [])


def _envelope_ids(report: Iterable[HeaderFields]) -> Iterator[str]:
    for fields in report:
        for value in fields.all("original-envelope-id", "x-original-envelope-id"):
            yield value.strip()
            yield unquote(_XTEXT.sub(r"%\1", value.replace("%", "%25"))).strip()


def _some(values: Iterable[str]) -> tuple[str, ...]:
    """Return the first values, each once."""
    found = dict[str, None]()
    for value in values:
        if value and len(value) <= _MAX_LENGTH:
            found[value] = None
        if len(found) == _MAX_FOUND:
            break
    return tuple(found)
