"""AVIF: nested boxes; metadata are items located by a table (ISO 14496-12, 8.11; av1-avif).

Moving bytes would change every table. So EXIF and XMP are overwritten in place, and
their type becomes `free`, which is ignored. The orientation is in other boxes (`irot`,
`imir`).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_BRANDS = (b"avif", b"avis")
_CONTAINERS = (b"moov", b"trak")
_PRIVATE = (b"Exif", b"mime", b"uri ")
_BLANK_KIND = b"free"
_IN_FILE, _IN_META = 0, 1
_MAX_HEAD_LENGTH = 1024
_MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    """Position of its content."""
    end: int


def is_avif(data: bytes) -> bool:
    """Whether the data have the signature of AVIF."""
    if data[4:8] != b"ftyp":
        return False
    length = int.from_bytes(data[:4])
    end = min(length, len(data), _MAX_HEAD_LENGTH)
    brands = (data[8:12], *(data[at : at + 4] for at in range(16, end, 4)))
    return any(brand in _BRANDS for brand in brands)


def strip(data: bytes) -> bytes:
    """Overwrite EXIF and XMP, of the picture and of the tracks of an animated one."""
    blanked = bytearray(data)
    try:
        for meta in _metas(data, 0, len(data)):
            _blank(data, meta, blanked)
    except (struct.error, IndexError):
        raise ValueError("an AVIF that is truncated") from None
    return bytes(blanked)


def _metas(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[_Box]:
    if depth > _MAX_DEPTH:
        raise ValueError("an AVIF with too many nested boxes")
    for box in _boxes(data, start, end):
        if box.kind == b"meta":
            yield box
        elif box.kind in _CONTAINERS:
            yield from _metas(data, box.start, box.end, depth + 1)


def _boxes(data: bytes, at: int, end: int) -> Iterator[_Box]:
    while at < end:
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        size = size or end - at
        if size < head or at + size > end:
            raise ValueError("an AVIF with a damaged box")
        yield _Box(kind, at + head, at + size)
        at += size


def _blank(data: bytes, meta: _Box, blanked: bytearray) -> None:
    inside = {box.kind: box for box in _boxes(data, meta.start + 4, meta.end)}
    if b"iinf" not in inside or b"iloc" not in inside:
        return
    private = dict(_private_items(data, inside[b"iinf"]))
    left = len(data)
    for item, extents in _Locations(data, inside[b"iloc"], inside.get(b"idat")).items():
        if item not in private:
            continue
        for start, length in extents:
            if not length or start + length > len(data):
                raise ValueError("an AVIF that is truncated")
            left -= length
            if left < 0:
                raise ValueError("an AVIF whose parts overlap")
            blanked[start : start + length] = bytes(length)
    for kind_at in private.values():
        blanked[kind_at : kind_at + 4] = _BLANK_KIND


def _private_items(data: bytes, iinf: _Box) -> Iterator[tuple[int, int]]:
    """Iterate over the numbers of private items, with the position of their type."""
    count_size = 2 if data[iinf.start] == 0 else 4
    for box in _boxes(data, iinf.start + 4 + count_size, iinf.end):
        wide = data[box.start] >= 3  # noqa: PLR2004 - the box's version
        (item,) = struct.unpack_from(">I" if wide else ">H", data, box.start + 4)
        kind_at = box.start + (10 if wide else 8)
        if data[kind_at : kind_at + 4] in _PRIVATE:
            yield item, kind_at


class _Locations:
    """The table of item locations (14496-12, 8.11.3)."""

    def __init__(self, data: bytes, iloc: _Box, idat: _Box | None) -> None:
        self._data = data
        self._at = iloc.start + 6
        self._version = data[iloc.start]
        self._idat = idat
        sizes = struct.unpack_from(">BB", data, iloc.start + 4)
        self._offset, self._length = divmod(sizes[0], 16)
        self._base, self._index = divmod(sizes[1], 16)
        if not self._length:
            raise ValueError("an AVIF without the length of its parts")

    def items(self) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """Iterate over items, each with start and length of its extents."""
        wide = self._version >= 2  # noqa: PLR2004 - the box's version
        for _ in range(self._number(4 if wide else 2)):
            item = self._number(4 if wide else 2)
            method = self._number(2) & 15 if self._version else _IN_FILE
            self._number(2)  # which file: always this one
            base = self._number(self._base) + self._origin(method)
            yield item, [self._extent(base) for _ in range(self._number(2))]

    def _extent(self, base: int) -> tuple[int, int]:
        if self._version:
            self._number(self._index)
        return base + self._number(self._offset), self._number(self._length)

    def _origin(self, method: int) -> int:
        return self._idat.start if method == _IN_META and self._idat else 0

    def _number(self, size: int) -> int:
        if self._at + size > len(self._data):
            raise ValueError("an AVIF that is truncated")
        read = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(read)
