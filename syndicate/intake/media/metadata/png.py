"""PNG: a signature and chunks (w3.org/TR/png-3, 5)."""

import struct
import zlib

from syndicate.intake.media.metadata import orientation

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset((
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
    b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT",
))  # fmt: skip
"""The picture, its colours, its animation: no texts, times or unknown chunks."""


def strip(data: bytes) -> bytes:
    """Remove texts (and XMP), time, EXIF except the orientation, and anything after the end."""
    kept, at = [_SIGNATURE], len(_SIGNATURE)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        if name in _KEPT:
            kept.append(data[at:end])
        elif name == b"eXIf":
            turned = orientation.keep_orientation(data[at + 8 : end - 4])
            kept.append(_chunk(name, turned) if turned else b"")
        if name == b"IEND":
            return b"".join(kept)
        at = end
    raise ValueError("a PNG that is truncated")


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
