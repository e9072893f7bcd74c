"""WebP: a RIFF file of chunks, of which the first says which others there are (RFC 9649, 2)."""

import struct

from syndicate.intake.media.metadata import orientation

_KEPT = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_HAS_EXIF, _HAS_XMP = 0x08, 0x04


def accepts(data: bytes) -> bool:
    """Whether the data begin as a WebP does."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def strip(data: bytes) -> bytes:
    """Drop XMP, unknown chunks, EXIF but for the orientation; and what follows the file's end."""
    end: int = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise ValueError("a WebP that breaks off")
    kept: list[tuple[bytes, bytes]] = []
    at = 12
    while at + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise ValueError("a WebP that breaks off")
        content = data[at + 8 : at + 8 + length]
        if name == b"EXIF":
            content = orientation.keep_orientation(content)
        if name in _KEPT or (name == b"EXIF" and content):
            kept.append((name, content))
        at += 8 + length + length % 2
    return _file(kept)


def _file(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Write a file of these chunks; its first says whether there still is EXIF."""
    turned = any(name == b"EXIF" for name, _ in chunks)
    written = [b"WEBP"]
    for name, content in chunks:
        told = content
        if name == b"VP8X" and content:
            flags = content[0] & ~(_HAS_EXIF | _HAS_XMP) | turned * _HAS_EXIF
            told = bytes((flags,)) + content[1:]
        written.append(struct.pack("<4sI", name, len(told)) + told + b"\0" * (len(told) % 2))
    body = b"".join(written)
    return b"RIFF" + struct.pack("<I", len(body)) + body
