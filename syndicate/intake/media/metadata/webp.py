"""WebP: a RIFF file of chunks, with flags in the first for the others (RFC 9649, 2)."""

import struct

from syndicate.intake.media.metadata import orientation

_KEPT = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_HAS_EXIF, _HAS_XMP = 0x08, 0x04


def strip(data: bytes) -> bytes:
    """Remove XMP, unknown chunks, EXIF except the orientation, and anything after the end."""
    end: int = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise ValueError("a WebP that is truncated")
    kept: list[tuple[bytes, bytes]] = []
    at = 12
    while at + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise ValueError("a WebP that is truncated")
        content = data[at + 8 : at + 8 + length]
        if name == b"EXIF":
            content = orientation.keep_orientation(content)
        if name in _KEPT or (name == b"EXIF" and content):
            kept.append((name, content))
        at += 8 + length + length % 2
    return _file(kept)


def _file(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return a file of chunks, with the flags of the first updated."""
    turned = any(name == b"EXIF" for name, _ in chunks)
    written = [b"WEBP"]
    for name, content in chunks:
        updated = content
        if name == b"VP8X" and content:
            flags = content[0] & ~(_HAS_EXIF | _HAS_XMP) | turned * _HAS_EXIF
            updated = bytes((flags,)) + content[1:]
        written.append(
            struct.pack("<4sI", name, len(updated)) + updated + b"\0" * (len(updated) % 2)
        )
    body = b"".join(written)
    return b"RIFF" + struct.pack("<I", len(body)) + body
