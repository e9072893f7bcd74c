"""Strip the metadata of a picture's file: place, camera, author.

The rest of the file is unchanged: pixels are not encoded again. The colour profile and
the orientation stay, which browsers need.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

_ORIENTATION, _SHORT = 0x0112, 3
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_EXIF, _JFIF, _PROFILE, _ADOBE = b"Exif\0\0", b"JFIF\0", b"ICC_PROFILE\0", b"Adobe"

_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd8])", re.DOTALL)
"""The code of a segment, with optional fill bytes before it."""
_MARKER_IN_DATA = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
"""In coded data, 0xFF is followed by a zero or is a restart marker."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS = frozenset((
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
    b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT",
))  # fmt: skip
"""The picture, its colours, its animation: no texts, times or unknown chunks."""

_GIF_HEAD, _GIF_IMAGE, _GIF_EXTENSION, _GIF_END = 13, 0x2C, 0x21, 0x3B
_GIF_EXTENSIONS = (
    b"\xf9", b"\xff\x0bNETSCAPE2.0", b"\xff\x0bANIMEXTS1.0", b"\xff\x0bICCRGBG1012",
)  # fmt: skip
"""Graphic control; the number of repetitions, in two dialects; the colour profile."""

_WEBP_CHUNKS = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_HAS_EXIF, _HAS_XMP = 0x08, 0x04

_BRANDS = (b"avif", b"avis")
_CONTAINERS = (b"moov", b"trak")
_METADATA_TYPES = (b"Exif", b"mime", b"uri ")
_FREE_TYPE = b"free"
_IN_FILE, _IN_META = 0, 1
_MAX_HEAD_LENGTH = 1024
_MAX_DEPTH = 4


def strip_metadata(data: bytes) -> bytes:
    """Return a picture's bytes without metadata; raise ValueError if its file is damaged."""
    for has_signature, strip in _FORMATS:
        if has_signature(data):
            return strip(data)
    raise ValueError("not a GIF, PNG, JPEG, WebP or AVIF picture")


def _strip_jpeg(data: bytes) -> bytes:
    """Remove application data except JFIF, colour and orientation, and anything after the end.

    Cameras and phones put more pictures after the end, with their own EXIF. A file is segments
    with a marker and a length, around coded data (ITU T.81, B.1).
    """
    kept, at = [data[:2]], 2
    while True:
        marker = _MARKER.match(data, at)
        if marker is None:
            raise ValueError("a JPEG with a damaged segment")
        code, at = marker[1][0], marker.end()
        if code == _JPEG_END:
            return b"".join((*kept, b"\xff\xd9"))
        end = at + int.from_bytes(data[at : at + 2])
        if not at + 2 <= end <= len(data):
            raise ValueError("a JPEG that is truncated")
        payload = _jpeg_payload(code, data[at + 2 : end])
        if payload is not None:
            kept.append(struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload)
        at = end
        if code == _JPEG_SCAN:
            following = _MARKER_IN_DATA.search(data, at)
            if following is None:
                raise ValueError("a JPEG that is truncated")
            kept.append(data[at : following.start()])
            at = following.start()


def _jpeg_payload(code: int, payload: bytes) -> bytes | None:
    """Return what to keep of a segment; None to remove it."""
    if code == _APP1 and payload.startswith(_EXIF):
        turned = _keep_orientation(payload)
        return _EXIF + turned if turned else None
    if code == _APP0 and payload.startswith(_JFIF):
        return payload[:12] + b"\0\0"  # without its thumbnail
    colour = (code == _APP2 and payload.startswith(_PROFILE)) or (
        code == _APP14 and payload.startswith(_ADOBE)
    )
    private = _APP0 <= code <= _APP15 or code == _COMMENT
    return payload if colour or not private else None


def _strip_png(data: bytes) -> bytes:
    """Remove texts (and XMP), time, EXIF except the orientation, and anything after the end.

    A file is a signature and chunks (w3.org/TR/png-3, 5).
    """
    kept, at = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        if name in _PNG_CHUNKS:
            kept.append(data[at:end])
        elif name == b"eXIf" and (turned := _keep_orientation(data[at + 8 : end - 4])):
            check = struct.pack(">I", zlib.crc32(name + turned))
            kept.append(struct.pack(">I", len(turned)) + name + turned + check)
        if name == b"IEND":
            return b"".join(kept)
        at = end
    raise ValueError("a PNG that is truncated")


def _strip_gif(data: bytes) -> bytes:
    """Remove comments, XMP and all other extensions, and anything after the end.

    A file is a header, then blocks of sub-blocks (w3.org/Graphics/GIF/spec-gif89a.txt).
    """
    try:
        at = _GIF_HEAD + _gif_palette_size(data[10])
        kept = [data[:at]]
        while data[at] != _GIF_END:
            start = at
            if data[at] not in (_GIF_IMAGE, _GIF_EXTENSION):
                raise ValueError("a GIF with a damaged block")
            is_image = data[at] == _GIF_IMAGE
            at += 11 + _gif_palette_size(data[at + 9]) if is_image else 2
            while data[at]:
                at += 1 + data[at]
            at += 1
            if is_image or data.startswith(_GIF_EXTENSIONS, start + 1):
                kept.append(data[start:at])
    except IndexError:
        raise ValueError("a GIF that is truncated") from None
    return b"".join((*kept, b";"))


def _gif_palette_size(flags: int) -> int:
    """Return the size of the colour table in bytes."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _strip_webp(data: bytes) -> bytes:
    """Remove XMP, unknown chunks, EXIF except the orientation, and anything after the end.

    A RIFF file of chunks, with flags in the first for the others (RFC 9649, 2).
    """
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
            content = _keep_orientation(content)
        if name in _WEBP_CHUNKS or (name == b"EXIF" and content):
            kept.append((name, content))
        at += 8 + length + length % 2
    has_exif = _HAS_EXIF if any(name == b"EXIF" for name, _ in kept) else 0
    body = [b"WEBP"]
    for name, content in kept:
        updated = content
        if name == b"VP8X" and content:
            flags = content[0] & ~(_HAS_EXIF | _HAS_XMP) | has_exif
            updated = bytes((flags,)) + content[1:]
        body += (struct.pack("<4sI", name, len(updated)), updated, b"\0" * (len(updated) % 2))
    return b"RIFF" + struct.pack("<I", sum(map(len, body))) + b"".join(body)


def _keep_orientation(exif: bytes) -> bytes:
    """Return EXIF data with only the orientation; empty for an upright picture."""
    turned = _read_orientation(exif.removeprefix(_EXIF))
    if turned not in range(2, 9):
        return b""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, _SHORT, 1, turned, 0, 0)


def _read_orientation(tiff: bytes) -> int | None:
    """Return the orientation (Exif 2.32, 4.6.4; TIFF 6.0, 2); None if missing or damaged."""
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return None
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return int(value)
    except struct.error:
        return None
    return None


def _is_avif(data: bytes) -> bool:
    """Whether the data have the signature of AVIF."""
    if data[4:8] != b"ftyp":
        return False
    length = int.from_bytes(data[:4])
    end = min(length, len(data), _MAX_HEAD_LENGTH)
    brands = (data[8:12], *(data[at : at + 4] for at in range(16, end, 4)))
    return any(brand in _BRANDS for brand in brands)


@dataclass(frozen=True, slots=True)
class _Box:
    type: bytes
    start: int
    """The position of its content, after the header."""
    end: int


def _strip_avif(data: bytes) -> bytes:
    """Overwrite EXIF and XMP, of the picture and of the tracks of an animated one.

    A file is items of nested boxes, located by a table, so moving bytes would change every table.
    The items are overwritten in place, and their type becomes `free`, which is ignored. The
    orientation is in other boxes, `irot` and `imir` (ISO 14496-12, 8.11; av1-avif).
    """
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


_FORMATS = (
    (re.compile(rb"\xff\xd8\xff").match, _strip_jpeg),
    (re.compile(_PNG_SIGNATURE).match, _strip_png),
    (re.compile(rb"GIF8[79]a").match, _strip_gif),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL).match, _strip_webp),
    (_is_avif, _strip_avif),
)
