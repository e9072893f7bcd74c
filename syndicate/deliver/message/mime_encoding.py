"""Encodes and folds header fields (RFC 2047, RFC 5322), and encodes bodies as quoted-printable.

Fields: the email package's own folding depends on the Python version and loses characters of
long names. Control characters are refused.

Bodies: quoted-printable (RFC 2045, 6.7) in pieces that can be joined in any order. Every piece
begins and ends at the start of a line, if need be by a soft line break. So pieces that are
encoded separately decode as one text. No line begins with a dot or with "From ": the first
would have to be doubled for SMTP (RFC 5321, 4.5.2), the second is changed by programs that keep
mail in mbox files, which breaks a signature. Lines are 7-bit, and at most 76 octets long.
"""

import re
from base64 import b64encode
from functools import lru_cache

import idna

from syndicate.errors import Refused

_WIDTH = 76
"""Characters of a line."""
_WORD_BYTES = 42
"""UTF-8 in one encoded word: it becomes 56 characters of base64 and 12 around them, within 75."""
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_SIMPLE_NAME = re.compile(r"[A-Za-z0-9]{1,40}(?: [A-Za-z0-9]{1,40})*")
"""Most names: they need no encoding."""
_HOST = re.compile(r"[A-Za-z0-9_.-]+")
_INVALID_IN_LOCAL = re.compile(r"[\s<>()\[\],;:\\\"\x00-\x20\x7f\ud800-\udfff]")
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff\u2028\u2029\x85]")
_LINE_LENGTH = 75
"""Octets of a line, without the "=" of a soft line break."""
_SOFT_BREAK = b"=\r\n"
_LITERAL = re.compile(r"(?!\.|From )[ -<>-~]+")
"""Text that needs no encoding at the start of a line: most names, and all our URLs."""
_UNSAFE = re.compile(rb"[^\n\t -<>-~]+|[\t ](?=\n)")
_FITTING = re.compile(rb".{1,75}(?<!=)(?<!=.)")
"""As much as fits in a line, without splitting an encoded octet."""
_UNCHANGED = bytes({*range(0x20, 0x7F), *b"\t\r\n"} - {*b"="})
"""Octets that quoted-printable leaves as they are, but at some edges of lines."""
_DOT_OR_FROM = re.compile(rb"^(?:\.|From ).*", re.MULTILINE)


def field(name: str, *words: str) -> bytes:
    """Return one field with its CRLF, folded between `words`; non-ASCII words become UTF-8."""
    line = f"{name}: {' '.join(words)}"
    if words and len(line) <= _WIDTH:
        return f"{line}\r\n".encode()
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _WIDTH and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return ("\r\n".join(lines) + "\r\n").encode()


def text(value: str) -> list[str]:
    """Return free text, such as a subject, as words for `field`."""
    _refuse_control_characters(value)
    return _plain_words(value) or _encoded_words(value)


def mailbox(name: str, address: str) -> list[str]:
    """Return `Name <address>`, or the address alone, as words for `field`; also for a List-Id."""
    return [*phrase(name), f"<{address}>"] if name else [address]


def phrase(value: str) -> list[str]:
    """Return a name (RFC 5322, phrase) as words: atoms as they are, else quoted, else encoded."""
    if _SIMPLE_NAME.fullmatch(value):
        return value.split(" ")
    _refuse_control_characters(value)
    words = _plain_words(value)
    if words is None:
        return _encoded_words(value)
    if _ATOMS.fullmatch(value):
        return words
    quoted = re.sub(r'(["\\])', r"\\\1", value)
    return f'"{quoted}"'.split(" ")


@lru_cache(maxsize=256)
def ascii_domain(address: str) -> str:
    """Return an address with its domain in ASCII (IDNA); raise Refused for an invalid one."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or _INVALID_IN_LOCAL.search(local):
        raise Refused(f"{address!r} can't be used as an address")
    if _HOST.fullmatch(domain):
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as error:
        raise Refused(f"{address!r} can't be used as an address: {error}") from error


def _plain_words(value: str) -> list[str] | None:
    """Split at spaces for folding; None if that would not decode to the same value."""
    words = value.split(" ")
    plain = all(words) and value.isascii() and "=?" not in value and "\t" not in value
    return words if plain and max(map(len, words)) < _WIDTH else None


def _encoded_words(value: str) -> list[str]:
    """Return encoded words (RFC 2047), each of whole characters."""
    chunks, chunk = [], b""
    for character in value:
        raw = character.encode()
        if len(chunk) + len(raw) > _WORD_BYTES:
            chunks.append(chunk)
            chunk = b""
        chunk += raw
    return [f"=?utf-8?b?{b64encode(part).decode()}?=" for part in (*chunks, chunk) if part]


def _refuse_control_characters(value: str) -> None:
    if _FORBIDDEN.search(value):
        raise Refused(f"{value!r} can't be used in a header: it has control characters")


def encode_qp(text: str) -> bytes:
    """Encode a piece of text, with CRLF line ends; raise UnicodeEncodeError."""
    if _LITERAL.fullmatch(text):
        line = text.encode()
        if len(line) <= _LINE_LENGTH:
            return line + _SOFT_BREAK
        lines = [line[at : at + _LINE_LENGTH] for at in range(0, len(line), _LINE_LENGTH)]
        return _protect_starts(_SOFT_BREAK.join(lines)) + _SOFT_BREAK
    raw = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    safe = _UNSAFE.sub(lambda match: b"=" + match[0].hex("=").upper().encode(), raw)
    lines = [
        _SOFT_BREAK.join(_FITTING.findall(line)) if len(line) > _LINE_LENGTH else line
        for line in safe.split(b"\n")
    ]
    encoded = _protect_starts(b"\r\n".join(lines))
    return encoded + _SOFT_BREAK if lines[-1] else encoded


def qp_size(octets: bytes) -> int:
    """Return about how many octets a text in UTF-8 becomes, with the breaks of long lines."""
    length = len(octets) + 2 * len(octets.translate(None, _UNCHANGED))
    return length + length // _LINE_LENGTH * len(_SOFT_BREAK)


def _protect_starts(lines: bytes) -> bytes:
    """Encode the first octet of lines that begin with a dot or with "From "."""
    needs_encoding = b"\n." in lines or b"\nFrom " in lines or lines.startswith((b".", b"From "))
    return _DOT_OR_FROM.sub(_encode_first, lines) if needs_encoding else lines


def _encode_first(match: re.Match[bytes]) -> bytes:
    line = match[0]
    first, rest = b"=%02X" % line[0], line[1:]
    if len(first + rest.rstrip(b"=\r")) <= _LINE_LENGTH:
        return first + rest
    return first + _SOFT_BREAK + _protect_starts(rest)
