"""Recordings of a second of silence or so, one of each kind that Syndicate takes."""

import io
import struct
import wave


def wav(seconds: int = 3) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(1)
        written.setframerate(8000)
        written.writeframes(b"\x80" * 8000 * seconds)
    return file.getvalue()


def mp3(frames: int = 200) -> bytes:
    """Frames of 1,152 samples at 44.1 kHz and 128 kbit/s."""
    return (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def opus() -> bytes:
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 312, 48000, 0, 0)
    return _ogg((head, 2, 0), (b"OpusTags" + _comments(), 0, 0), (b"\xf8\xff\xfe", 4, 48312))


def vorbis() -> bytes:
    head = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 1, 44100, 0, 64000, 0, 0xB8, 1)
    comments = b"\x03vorbis" + _comments() + b"\x01"
    return _ogg((head, 2, 0), (comments, 0, 0), (b"\x05vorbis", 0, 0), (bytes(9), 4, 44100))


def flac() -> bytes:
    packed = (44100 << 44) | (0 << 41) | (15 << 36) | 44100
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8) + bytes(16)
    comments = _comments()
    return (
        b"fLaC"
         b"\x00" + len(info).to_bytes(3) + info
        + b"\x84" + len(comments).to_bytes(3) + comments
        + b"\xff\xf8" + bytes(60)
    )  # fmt: skip


def m4a() -> bytes:
    mdhd = _atom(b"mdhd", bytes(12) + struct.pack(">II", 44100, 44100) + bytes(4))
    hdlr = _atom(b"hdlr", bytes(8) + b"soun" + bytes(13))
    sound = bytes(6) + struct.pack(">HIIHHHHI", 1, 0, 0, 1, 16, 0, 0, 44100 << 16)
    entry = _atom(b"mp4a", sound + _atom(b"free", b""))
    stsd = _atom(b"stsd", bytes(4) + struct.pack(">I", 1) + entry)
    mdia = _atom(b"mdia", mdhd + hdlr + _atom(b"minf", _atom(b"stbl", stsd)))
    name = _atom(b"\xa9nam", _atom(b"data", struct.pack(">II", 1, 0) + b"Tram"))
    track = _atom(b"trkn", _atom(b"data", bytes(8) + struct.pack(">HHHH", 0, 1, 9, 0)))
    meta = _atom(b"meta", bytes(4) + _atom(b"ilst", name + track))
    mvhd = _atom(b"mvhd", bytes(12) + struct.pack(">II", 1000, 1000) + bytes(80))
    moov = _atom(b"moov", mvhd + _atom(b"trak", mdia) + _atom(b"udta", meta))
    return _atom(b"ftyp", b"M4A " + bytes(4) + b"M4A mp42") + moov + _atom(b"mdat", bytes(40))


ALL = {"WAV": wav, "MP3": mp3, "Opus": opus, "Ogg": vorbis, "FLAC": flac, "M4A": m4a}


def _comments() -> bytes:
    vendor, title = b"Syndicate", b"TITLE=Tram"
    return b"".join(
        (struct.pack("<I", len(vendor)), vendor, struct.pack("<II", 1, len(title)), title)
    )


def _ogg(*packets: tuple[bytes, int, int]) -> bytes:
    """Put each packet on a page of its own, with the page's flags and position."""
    return b"".join(
        b"OggS"
        + struct.pack("<BBqIII", 0, flags, position, 7, number, 0)
        + bytes((1, len(packet)))
        + packet
        for number, (packet, flags, position) in enumerate(packets)
    )


def _atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content
