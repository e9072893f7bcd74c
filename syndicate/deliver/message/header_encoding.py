"""Encodes header fields (RFC 2047), folds them (RFC 5322), and refuses control characters.

The email package's own folding depends on the Python version and loses characters of
long names.
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
_SURROGATE = re.compile("[\ud800-\udfff]")
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff\u2028\u2029\x85]")


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
    """Return `Name <address>`, or the address alone, as words for `field`."""
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
    if not (local and at and domain) or re.search(r"[\s<>()\[\],;:\\\"\x00-\x20\x7f]", local):
        raise Refused(f"{address!r} can't be used as an address")
    if _SURROGATE.search(local):
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
