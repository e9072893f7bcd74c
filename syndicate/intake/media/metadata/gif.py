"""GIF: a header, then blocks of sub-blocks (w3.org/Graphics/GIF/spec-gif89a.txt)."""

_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
_KEPT_APPLICATIONS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0", b"\x0bICCRGBG1012")
"""The number of repetitions, in two dialects, and the colour profile."""
_HEAD = 13


def strip(data: bytes) -> bytes:
    """Remove comments, XMP and all other extensions, and anything after the end."""
    try:
        return _strip(data)
    except IndexError:
        raise ValueError("a GIF that is truncated") from None


def _strip(data: bytes) -> bytes:
    at = _HEAD + _palette(data[10])
    kept = [data[:at]]
    while data[at] != _END:
        start = at
        if data[at] == _IMAGE:
            at = _blocks_end(data, at + 11 + _palette(data[at + 9]))
            kept.append(data[start:at])
        elif data[at] == _EXTENSION:
            at = _blocks_end(data, at + 2)
            if _is_kept(data[start + 1], data[start + 2 : start + 14]):
                kept.append(data[start:at])
        else:
            raise ValueError("a GIF with a damaged block")
    return b"".join((*kept, b";"))


def _palette(flags: int) -> int:
    """Return the size of the colour table in bytes."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks_end(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _is_kept(label: int, opening: bytes) -> bool:
    known = label == _APPLICATION and opening.startswith(_KEPT_APPLICATIONS)
    return known or label == _GRAPHIC_CONTROL
