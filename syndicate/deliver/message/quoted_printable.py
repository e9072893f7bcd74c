"""Quoted-printable (RFC 2045, 6.7) in pieces that fit together in any order.

Every piece begins and ends where a line begins: a soft line break closes one that does
not end with a line of its own. So pieces that were encoded apart read back as one text.

No line begins with a dot or with "From ": the first would have to be doubled for SMTP
(RFC 5321, 4.5.2), the second is changed by programs that keep mail in mbox files, which
spoils a signature. Lines are at most 76 octets, of seven bits.
"""

import re

_ROOM = 75
"""Octets of a line beside the "=" that may end it."""
_SOFT = b"=\r\n"
_TAME = re.compile(r"(?!\.|From )[ -<>-~]+")
"""What stands for itself where a line begins: most names, and all addresses of ours."""
_UNSAFE = re.compile(rb"[^\n\t -<>-~]+|[\t ](?=\n)")
_FITTING = re.compile(rb".{1,75}(?<!=)(?<!=.)")
"""As much as there is room for, without parting what stands for one octet."""
_MISTAKABLE = re.compile(rb"^(?:\.|From ).*", re.MULTILINE)


def quoted(said: str) -> bytes:
    """Encode a piece of text, with CRLF for its line ends; raise UnicodeEncodeError."""
    if _TAME.fullmatch(said):
        line = said.encode()
        if len(line) <= _ROOM:
            return line + _SOFT
        lines = [line[at : at + _ROOM] for at in range(0, len(line), _ROOM)]
        return _unmistakable(_SOFT.join(lines)) + _SOFT
    text = said.replace("\r\n", "\n").replace("\r", "\n").encode()
    lines = _UNSAFE.sub(_in_hexadecimal, text).split(b"\n")
    whole = _unmistakable(b"\r\n".join(map(_broken, lines)))
    return whole + _SOFT if lines[-1] else whole


def _in_hexadecimal(found: re.Match[bytes]) -> bytes:
    return b"=" + found[0].hex("=").upper().encode()


def _broken(line: bytes) -> bytes:
    return _SOFT.join(_FITTING.findall(line)) if len(line) > _ROOM else line


def _unmistakable(lines: bytes) -> bytes:
    some = b"\n." in lines or b"\nFrom " in lines or lines.startswith((b".", b"From "))
    return _MISTAKABLE.sub(_with_first_quoted, lines) if some else lines


def _with_first_quoted(found: re.Match[bytes]) -> bytes:
    line = found[0]
    first, rest = b"=%02X" % line[0], line[1:]
    if len(first + rest.rstrip(b"=\r")) <= _ROOM:
        return first + rest
    return first + _SOFT + _unmistakable(rest)
