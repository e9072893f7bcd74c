"""The EXIF orientation of a picture, the only part of EXIF that is kept.

Exif 2.32, 4.6.4 (tag 0x0112 of the first directory) and TIFF 6.0, section 2.
"""

import struct

_TAG, _SHORT = 0x0112, 3
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_PREFIX = b"Exif\0\0"


def keep_orientation(exif: bytes) -> bytes:
    """Return EXIF data with only the orientation; empty for an upright picture."""
    turned = _read(exif.removeprefix(_PREFIX))
    if turned not in range(2, 9):
        return b""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _TAG, _SHORT, 1, turned, 0, 0)


def _read(tiff: bytes) -> int | None:
    """Return the orientation; None if it is missing or damaged."""
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return None
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
            if (tag, kind) == (_TAG, _SHORT):
                return int(value)
    except struct.error:
        return None
    return None
