"""A body part in base64 (RFC 2045, 6.8) that is encoded once, with places for a reader's values.

Base64 writes three octets as four characters, so what a piece becomes depends on how many octets
precede it. Each piece between two places is therefore encoded for all three cases. For a reader
only the values are encoded, each with the one or two octets at the edges of the pieces beside it.
"""

from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

_LINE_OCTETS = 57
"""Octets of a line of 76 characters."""
_LINE_LENGTH = 76
_GROUP = 3

Place: TypeAlias = tuple[str, int]
"""A placeholder's name, and the part that it is in."""
_Piece: TypeAlias = tuple[bytes, bytes, bytes]
"""Octets that complete a group begun before the piece, lines of whole groups, and what is left."""


@dataclass(frozen=True, slots=True)
class Base64Text:
    """A part with places; threads may share it."""

    places: tuple[Place, ...]
    _pieces: tuple[tuple[tuple[_Piece, _Piece, _Piece], Place | None], ...]
    """What is before, between and after the places, by how many octets complete the group before
    it; each with the place that follows.
    """

    @classmethod
    def of(cls, pieces: Sequence[str], part: int) -> Self:
        """Encode a part as `split_placeholders` returns it; raise UnicodeEncodeError."""
        places = tuple((name, part) for name in pieces[1::2])
        encoded = map(_encode_piece, pieces[::2])
        return cls(places, tuple(zip(encoded, (*places, None), strict=True)))

    def fill(self, octets: Mapping[Place, bytes]) -> list[bytes]:
        """Return the lines with a value in each place, as `to_octets` returns it.

        They are at most 76 characters long, not all equally.
        """
        lines: list[bytes] = []
        pending = b""
        for piece, place in self._pieces:
            head, whole, rest = piece[-len(pending) % _GROUP]
            if whole:
                lines += (_encode(pending + head), whole)
                pending = rest
            else:
                pending += head + rest
            if place is not None:
                pending += octets[place]
        lines.append(_encode(pending))
        return lines


def to_octets(text: str) -> bytes:
    """Return text as UTF-8 with CRLF line ends; raise UnicodeEncodeError."""
    if "\n" in text or "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return text.encode()


def encoded_size(octets: int) -> int:
    """Return how many characters so many octets become, in whole lines."""
    return -(-octets // _LINE_OCTETS) * (_LINE_LENGTH + 2)


def _encode_piece(text: str) -> tuple[_Piece, _Piece, _Piece]:
    octets = to_octets(text)
    return (_split(octets, 0), _split(octets, 1), _split(octets, 2))


def _split(octets: bytes, missing: int) -> _Piece:
    end = len(octets) - (len(octets) - missing) % _GROUP if len(octets) > missing else missing
    return octets[:missing], _encode(octets[missing:end]), octets[end:]


def _encode(octets: bytes) -> bytes:
    """Encode octets as lines, each with its CRLF; nothing becomes nothing."""
    written = b2a_base64(octets, newline=False)
    if len(written) <= _LINE_LENGTH:
        return written + b"\r\n" if written else b""
    starts = range(0, len(written), _LINE_LENGTH)
    return b"\r\n".join([written[at : at + _LINE_LENGTH] for at in starts]) + b"\r\n"
