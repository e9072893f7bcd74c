"""Header fields as the wire has them: encoded (RFC 2047), folded (RFC 5322), on guard.

The email package's own folding depends on the Python version and loses
characters of long names; these few lines are the same everywhere.
"""

import re
from base64 import b64encode
from functools import lru_cache

import idna

from syndicate.errors import Refused

_WIDTH = 76
_WORD = 42
"""Bytes of UTF-8 in one encoded word: 56 of base64 and 12 around them, within 75."""
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_NAME = re.compile(r"[A-Za-z0-9]{1,40}(?: [A-Za-z0-9]{1,40})*")
"""What most names are: words that stand for themselves."""
_HOST = re.compile(r"[A-Za-z0-9_.-]+")
_HALF = re.compile("[\ud800-\udfff]")
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff\u2028\u2029\x85]")


def field(name: str, *words: str) -> bytes:
    """Write one field, folded between `words`, with its CRLF; UTF-8 where a word is."""
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
    """Write free text, such as a subject, as words for `field`."""
    _guard(value)
    return _plain(value) or _encoded(value)


def mailbox(name: str, address: str) -> list[str]:
    """Write `Name <address>`, or the address alone, as words for `field`."""
    return [*phrase(name), f"<{address}>"] if name else [address]


def phrase(value: str) -> list[str]:
    """Write a name (RFC 5322, phrase): atoms as they are, else quoted, else encoded."""
    if _NAME.fullmatch(value):
        return value.split(" ")
    _guard(value)
    words = _plain(value)
    if words is None:
        return _encoded(value)
    if _ATOMS.fullmatch(value):
        return words
    quoted = re.sub(r'(["\\])', r"\\\1", value)
    return f'"{quoted}"'.split(" ")


@lru_cache(maxsize=256)
def address(written: str) -> str:
    """Return an address with its domain in ASCII (IDNA); raise Refused when it can't be."""
    local, at, domain = written.rpartition("@")
    if not (local and at and domain) or re.search(r"[\s<>()\[\],;:\\\"\x00-\x20\x7f]", local):
        raise Refused(f"{written!r} can't be used as an address")
    if _HALF.search(local):
        raise Refused(f"{written!r} can't be used as an address")
    if _HOST.fullmatch(domain):
        return written
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as error:
        raise Refused(f"{written!r} can't be used as an address: {error}") from error


def _plain(value: str) -> list[str] | None:
    """Split at spaces for folding, or None where that would not read back the same."""
    words = value.split(" ")
    tame = all(words) and value.isascii() and "=?" not in value and "\t" not in value
    return words if tame and max(map(len, words)) < _WIDTH else None


def _encoded(value: str) -> list[str]:
    """Write encoded words (RFC 2047), each of whole characters."""
    chunks, chunk = [], b""
    for letter in value:
        raw = letter.encode()
        if len(chunk) + len(raw) > _WORD:
            chunks.append(chunk)
            chunk = b""
        chunk += raw
    return [f"=?utf-8?b?{b64encode(part).decode()}?=" for part in (*chunks, chunk) if part]


def _guard(value: str) -> None:
    if _FORBIDDEN.search(value):
        raise Refused(f"{value!r} can't stand in a header: control characters")
