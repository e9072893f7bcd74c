"""Quoted-printable (RFC 2045, 6.7) in pieces that can be joined in any order.

Every piece begins and ends at the start of a line, if need be by a soft line break. So
pieces that are encoded separately decode as one text.

No line begins with a dot or with "From ": the first would have to be doubled for SMTP
(RFC 5321, 4.5.2), the second is changed by programs that keep mail in mbox files, which
breaks a signature. Lines are 7-bit, and at most 76 octets long.
"""

import re

_LINE_LENGTH = 75
"""Octets of a line, without the "=" of a soft line break."""
_SOFT_BREAK = b"=\r\n"
_LITERAL = re.compile(r"(?!\.|From )[ -<>-~]+")
"""Text that needs no encoding at the start of a line: most names, and all our URLs."""
_UNSAFE = re.compile(rb"[^\n\t -<>-~]+|[\t ](?=\n)")
_FITTING = re.compile(rb".{1,75}(?<!=)(?<!=.)")
"""As much as fits in a line, without splitting an encoded octet."""
_DOT_OR_FROM = re.compile(rb"^(?:\.|From ).*", re.MULTILINE)


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
