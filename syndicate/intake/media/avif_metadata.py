"""Strip the metadata of AVIF: items of nested boxes, located by a table.

Moving bytes would change every table. So EXIF and XMP are overwritten in place, and
their type becomes `free`, which is ignored. The orientation is in other boxes (`irot`,
`imir`). The specifications are ISO 14496-12, 8.11, and av1-avif.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

_BRANDS = (b"avif", b"avis")
_CONTAINERS = (b"moov", b"trak")
_METADATA_TYPES = (b"Exif", b"mime", b"uri ")
_FREE_TYPE = b"free"
_IN_FILE, _IN_META = 0, 1
_MAX_HEAD_LENGTH = 1024
_MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class _Box:
    type: bytes
    start: int
    """The position of its content, after the header."""
    end: int


def is_avif(data: bytes) -> bool:
    """Whether the data have the signature of AVIF."""
    if data[4:8] != b"ftyp":
        return False
    length = int.from_bytes(data[:4])
    end = min(length, len(data), _MAX_HEAD_LENGTH)
    brands = (data[8:12], *(data[at : at + 4] for at in range(16, end, 4)))
    return any(brand in _BRANDS for brand in brands)


def strip_avif(data: bytes) -> bytes:
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
        if box.type == b"meta":
            yield box
        elif box.type in _CONTAINERS:
            yield from _metas(data, box.start, box.end, depth + 1)


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    while start < end:
        size, box_type = struct.unpack_from(">I4s", data, start)
        header_size = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            header_size = 16
        size = size or end - start
        if size < header_size or start + size > end:
            raise ValueError("an AVIF with a damaged box")
        yield _Box(box_type, start + header_size, start + size)
        start += size


def _blank(data: bytes, meta: _Box, blanked: bytearray) -> None:
    boxes = {box.type: box for box in _boxes(data, meta.start + 4, meta.end)}
    if b"iinf" not in boxes or b"iloc" not in boxes:
        return
    metadata = dict(_metadata_items(data, boxes[b"iinf"]))
    bytes_left = len(data)
    for item, extents in _item_extents(data, boxes[b"iloc"], boxes.get(b"idat")):
        if item not in metadata:
            continue
        for start, length in extents:
            if not length or start + length > len(data):
                raise ValueError("an AVIF that is truncated")
            bytes_left -= length
            if bytes_left < 0:
                raise ValueError("an AVIF whose items overlap")
            blanked[start : start + length] = bytes(length)
    for type_position in metadata.values():
        blanked[type_position : type_position + 4] = _FREE_TYPE


def _metadata_items(data: bytes, iinf: _Box) -> Iterator[tuple[int, int]]:
    """Yield the id of each metadata item, and the position of its type."""
    count_size = 2 if data[iinf.start] == 0 else 4
    for box in _boxes(data, iinf.start + 4 + count_size, iinf.end):
        wide = data[box.start] >= 3  # noqa: PLR2004 - the box's version
        (item,) = struct.unpack_from(">I" if wide else ">H", data, box.start + 4)
        type_position = box.start + (10 if wide else 8)
        if data[type_position : type_position + 4] in _METADATA_TYPES:
            yield item, type_position


def _item_extents(
    data: bytes, iloc: _Box, idat: _Box | None
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield the id of each item, with start and length of its extents (14496-12, 8.11.3)."""
    file = BytesIO(data)
    file.seek(iloc.start)

    def number(size: int) -> int:
        read = file.read(size)
        if len(read) < size:
            raise ValueError("an AVIF that is truncated")
        return int.from_bytes(read)

    version, _flags = number(1), number(3)
    offset_size, length_size = divmod(number(1), 16)
    base_size, index_size = divmod(number(1), 16)
    if not length_size:
        raise ValueError("an AVIF without the lengths of its items")
    id_size = 4 if version >= 2 else 2  # noqa: PLR2004 - the box's version
    for _ in range(number(id_size)):
        item = number(id_size)
        method = number(2) & 15 if version else _IN_FILE
        number(2)  # data_reference_index: always this file
        base = number(base_size)
        if method == _IN_META and idat:
            base += idat.start
        extents = []
        for _ in range(number(2)):
            number(index_size if version else 0)
            extents.append((base + number(offset_size), number(length_size)))
        yield item, extents
