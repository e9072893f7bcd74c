"""Integrity of files in `media/`: whether their content matches their name.

Pictures and recordings are named by the hash of their bytes. Renditions have the name of
their picture, so only their signature, end and length are checked.
"""

import hashlib
import re
from io import BufferedReader, BytesIO

File = BufferedReader | BytesIO
_HASHED = re.compile(r"([0-9a-f]{32})(-[0-9x]+)?\.([a-z0-9]+)")
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"


def is_intact(name: str, file: File) -> bool:
    """Whether an open file's content has the hash in its name; True for names without one."""
    match = _HASHED.fullmatch(name.rpartition("/")[2])
    if match is None:
        return True
    digest, size, suffix = match.groups()
    if size:
        return _is_complete(suffix, file)
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()[:32] == digest


def _is_complete(suffix: str, file: File) -> bool:
    match suffix:
        case "jpg" | "jpeg":
            return _head(file, 2) == b"\xff\xd8" and _tail(file, 2) == b"\xff\xd9"
        case "png":
            return _head(file, len(_PNG)) == _PNG and _tail(file, len(_PNG_END)) == _PNG_END
        case "webp":
            head = _head(file, 12)
            length = int.from_bytes(head[4:8], "little") + 8
            return head[:4] == b"RIFF" and head[8:] == b"WEBP" and length == _length(file)
        case "avif":
            return _is_avif(file)
    return _length(file) > 0


def _is_avif(file: File) -> bool:
    """Walk the boxes of the file: the last one must end where the file does."""
    if _head(file, 8)[4:] != b"ftyp":
        return False
    length, at = _length(file), 0
    while at < length:
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8:  # noqa: PLR2004 - a box has eight bytes at least; 0 is "to the end"
            return size == 0
        at += size
    return at == length


def _head(file: File, count: int) -> bytes:
    file.seek(0)
    return file.read(count)


def _tail(file: File, count: int) -> bytes:
    file.seek(max(_length(file) - count, 0))
    return file.read(count)


def _length(file: File) -> int:
    return file.seek(0, 2)
