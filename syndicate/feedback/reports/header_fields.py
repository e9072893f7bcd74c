"""Header fields of a report: 8-bit, of unknown charsets, folded, broken.

Everything that is returned is text without line breaks; nothing raises.
"""

import codecs
import re
from binascii import Error as Base64Error
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from syndicate.text import one_line

MAX_FIELDS = 400
"""Fields of one header that are read."""
_MAX_VALUE = 4000
"""Bytes of one field that are read."""
_FIELD = re.compile(rb"([!-9;-~]{1,80})[ \t]*:[ \t]*(.*)", re.DOTALL)
_UNFOLDED = re.compile(rb"\n(?=[ \t])")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([BbQq])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")
_ADDRESS = re.compile(
    r"[^\s<>()\[\]\\,;:\"'\u3001\u3002\u300c\u300d\u3010\u3011\uff08\uff09\uff0c\uff1a\uff1b]{1,200}"
    r"@(?:[\w.-]{1,255}|\[[\w.:]{3,60}\])"
)
"""Punctuation of Chinese and Japanese ends an address as well."""
_UTF_8_ADDRESS = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
"""A character in an address (RFC 6533, 3: utf-8-addr-xtext)."""
_CHARSETS = (
    "ascii", "utf-8", "utf-16", "utf-7", "iso8859", "iso2022", "latin", "cp", "koi8", "euc",
    "shift_jis", "big5", "gb", "johab", "hz", "mac-", "tis-620", "kz1048", "ptcp154",
)  # fmt: skip
"""How Python's names of charsets begin; its other codecs are none, and one takes quadratic time."""
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What UTF-7, quoted-printable and others can encode, and neither a database nor UTF-8 can."""
_YEARS = range(2000, 2100)
"""A date of another year is a clock that was never set."""


@dataclass(frozen=True, slots=True)
class HeaderFields:
    """The fields of one header, in their order: names in lower case, values decoded."""

    fields: tuple[tuple[str, str], ...]

    def all(self, *names: str) -> Iterator[str]:
        """Yield the values of all fields with one of these names, which aren't empty."""
        return (value for name, value in self.fields if name in names and value)

    def get(self, *names: str) -> str:
        """Return the first value that isn't empty, of the first name that has one."""
        for name in names:
            for value in self.all(name):
                return value
        return ""

    def has(self, *names: str) -> bool:
        """Whether there is a field with one of these names, even an empty one."""
        return any(name in names for name, _ in self.fields)


def parse_fields(header: bytes) -> HeaderFields:
    """Parse a header, with line feeds only; lines that are no field are skipped."""
    fields = list[tuple[str, str]]()
    for line in _UNFOLDED.sub(b" ", header).split(b"\n", MAX_FIELDS * 2):
        if (match := _FIELD.match(line[:_MAX_VALUE])) and len(fields) < MAX_FIELDS:
            fields.append((match[1].decode("ascii").lower(), decode_text(match[2]).strip()))
    return HeaderFields(tuple(fields))


def decode_text(data: bytes, charset: str = "") -> str:
    """Decode text of a charset, without what can't be stored; see `_decode` for those without."""
    return _UNSTORABLE.sub("", _decode(data, charset))


def _decode(data: bytes, charset: str) -> str:
    """Decode text of a charset; without one: ISO-2022-JP, UTF-8, else Latin-1."""
    if charset and (codec := _codec(charset)):
        return data.decode(codec, "replace")
    if b"\x1b$" in data:  # RFC 1468, also in header fields
        return data.decode("iso-2022-jp", "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _codec(charset: str) -> str:
    if not re.fullmatch(r"[\w.:-]{1,40}", charset, re.ASCII):
        return ""
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return ""
    return name if name.startswith(_CHARSETS) else ""


def decode_words(value: str) -> str:
    """Decode the encoded words of a field (RFC 2047), on one line."""
    if "=?" in value:
        value = _ENCODED_WORD.sub(_decode_word, _BETWEEN_WORDS.sub(r"\1", value))
    return one_line(value)


def _decode_word(match: re.Match[str]) -> str:
    charset, encoding, text = match.groups()
    data = text.encode("utf-8", "replace")
    data = decode_base64(data) if encoding in "Bb" else a2b_qp(data, header=True)
    return decode_text(data, charset.partition("*")[0])  # "*" and a language: RFC 2231, 5


def decode_base64(data: bytes) -> bytes:
    """Decode base64, also where its end is missing; return empty where it is none."""
    data = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    try:
        return a2b_base64(data[: len(data) - (len(data) % 4 == 1)] + b"==")
    except Base64Error:
        return b""


def find_addresses(value: str) -> tuple[str, ...]:
    """Return the addresses in a field, as they are written."""
    return tuple(match[0].strip(".") for match in _ADDRESS.finditer(value))


def read_recipient(value: str) -> str:
    """Return the address of `rfc822; ada@example.org` or `utf-8; …`; empty where it is none."""
    kind, separator, address = value.partition(";")
    if not separator:
        kind, address = "", value
    if kind.strip().lower() == "utf-8":
        address = _UTF_8_ADDRESS.sub(_character, address)
    return next(iter(find_addresses(address)), "")


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if 0xA0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""  # noqa: PLR2004


def read_date(value: str) -> datetime | None:
    """Return a date of RFC 5322 in UTC; None where it is none, or not one of our century."""
    try:
        date = parsedate_to_datetime(value[:100])
        date = (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date if date.year in _YEARS else None
