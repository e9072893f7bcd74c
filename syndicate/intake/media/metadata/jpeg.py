"""JPEG: segments with a marker and a length, around coded data (ITU T.81, B.1)."""

import re
import struct

from syndicate.intake.media.metadata import orientation

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_EXIF, _JFIF, _PROFILE, _ADOBE = b"Exif\0\0", b"JFIF\0", b"ICC_PROFILE\0", b"Adobe"
_MARKER_IN_DATA = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
"""In coded data, 0xFF is followed by a zero or is a restart marker."""


def strip(data: bytes) -> bytes:
    """Remove application data except JFIF, colour and orientation, and anything after the end.

    Cameras and phones put more pictures after the end, with their own EXIF.
    """
    kept, at = [data[:2]], 2
    while True:
        code, at = _marker(data, at)
        if code == _END:
            return b"".join((*kept, b"\xff\xd9"))
        if at + 2 > len(data):
            raise ValueError("a JPEG that is truncated")
        end = at + struct.unpack_from(">H", data, at)[0]
        if end < at + 2 or end > len(data):
            raise ValueError("a JPEG that is truncated")
        payload = _payload(code, data[at + 2 : end])
        if payload is not None:
            kept.append(struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload)
        at = end
        if code == _SCAN:
            following = _MARKER_IN_DATA.search(data, at)
            if following is None:
                raise ValueError("a JPEG that is truncated")
            kept.append(data[at : following.start()])
            at = following.start()


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """Read a marker, with optional fill bytes before it; return its code and its end."""
    start = at
    while data[at : at + 1] == b"\xff":
        at += 1
    if at == start or at >= len(data) or data[at] in (0, _START):
        raise ValueError("a JPEG with a damaged segment")
    return data[at], at + 1


def _payload(code: int, payload: bytes) -> bytes | None:
    """Return what to keep of a segment; None to remove it."""
    if code == _APP1 and payload.startswith(_EXIF):
        turned = orientation.keep_orientation(payload)
        return _EXIF + turned if turned else None
    if code == _APP0 and payload.startswith(_JFIF):
        return payload[:12] + b"\0\0"  # without its thumbnail
    colour = (code == _APP2 and payload.startswith(_PROFILE)) or (
        code == _APP14 and payload.startswith(_ADOBE)
    )
    private = _APP0 <= code <= _APP15 or code == _COMMENT
    return payload if colour or not private else None
