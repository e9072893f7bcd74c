"""What a picture's file says besides the picture: gone, while the picture stays to the bit."""

import contextlib
import io
import random
import struct
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from syndicate.intake.media import image_codec
from syndicate.intake.media.metadata import strip_metadata

SECRETS = (b"Hanoi", b"Mara", b"adobe.com", b"Canon", b"secret")
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:e="http://ns.adobe.com/e" e:City="Hanoi"/></rdf:RDF></x:xmpmeta>'
)
ORIENTATION, GPS, MAKE, ARTIST = 0x0112, 0x8825, 0x010F, 0x013B


def exif(orientation: int | None = None) -> Image.Exif:
    """Say where a picture was taken, with what, and by whom."""
    said = Image.Exif()
    said[MAKE], said[ARTIST] = "Canon", "Mara Lind"
    if orientation:
        said[ORIENTATION] = orientation
    said.get_ifd(GPS).update({1: "N", 2: (21.0, 1.0, 42.5), 3: "E", 4: (105.0, 51.0, 15.0)})
    return said


def photograph(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Draw something that has no two sides alike."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.paste((200, 30, 90), (0, 0, size[0] // 3, size[1] // 4))
    image.paste((20, 130, 90), (size[0] // 2, size[1] // 2, size[0], size[1]))
    return image.convert(mode)


def written(kind: str, image: Image.Image | None = None, **how: object) -> bytes:
    file = io.BytesIO()
    (image or photograph()).save(file, kind, **how)
    return file.getvalue()


def jpeg(orientation: int | None = None) -> bytes:
    """Make a JPEG that tells all that a JPEG can."""
    plain = written("JPEG", icc_profile=PROFILE, exif=exif(orientation), comment=b"secret", xmp=XMP)
    irb = b"Photoshop 3.0\08BIM\x04\x04\0\0" + struct.pack(">I", 12) + b"\x1c\x02Z\0\x05Hanoi\0\0"
    thumbnail = b"JFXX\0\x10" + written("JPEG", photograph(size=(8, 8)), comment=b"secret")
    segments = b"".join(
        struct.pack(">BBH", 0xFF, code, len(said) + 2) + said
        for code, said in (
            (0xE0, thumbnail),
            (0xED, irb),
            (0xEB, b"JP secret"),
            (0xEF, b"secret"),
            (0xE2, b"MPF\0x"),
        )
    )
    return plain[:20] + segments + plain[20:] + b"trailing secret" + plain


def png(orientation: int | None = None) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Mara")
    texts.add_text("Comment", "secret " * 99, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    texts.add(b"tIME", struct.pack(">HBBBBB", 2026, 11, 24, 13, 17, 0))
    texts.add(b"prVt", b"secret")
    said = {"icc_profile": PROFILE, "exif": exif(orientation), "pnginfo": texts}
    return written("PNG", photograph("RGBA"), **said) + b"secret"


def webp(orientation: int | None = None) -> bytes:
    told = exif(orientation).tobytes()
    return written("WEBP", lossless=True, icc_profile=PROFILE, exif=told, xmp=XMP) + b"secret"


def avif(orientation: int | None = None) -> bytes:
    return written("AVIF", icc_profile=PROFILE, exif=exif(orientation), xmp=XMP)


def gif(orientation: int | None = None) -> bytes:
    assert orientation is None
    frames = [photograph("P"), ImageOps.flip(photograph("P"))]
    plain = written(
        "GIF", frames[0], save_all=True, append_images=frames[1:], loop=3, comment=b"secret"
    )
    extension = (
        b"\x21\xff\x0bXMP DataXMP" + bytes((len(XMP) % 256,)) + XMP[:255].ljust(len(XMP) % 256)
    )
    return plain[:-1] + extension[: 14 + 1 + len(XMP) % 256] + b"\0;secret"


MAKERS = {"JPEG": jpeg, "PNG": png, "WEBP": webp, "AVIF": avif, "GIF": gif}
TURNED = {kind: make for kind, make in MAKERS.items() if kind != "GIF"}


def frames(data: bytes) -> Iterator[bytes]:
    with Image.open(io.BytesIO(data)) as image:
        for number in range(getattr(image, "n_frames", 1) if image.format != "MPO" else 1):
            image.seek(number)
            yield image.convert("RGBA").tobytes()


@pytest.mark.parametrize("kind", MAKERS)
def test_where_by_whom_and_with_what_a_picture_was_taken_is_gone(kind):
    before = MAKERS[kind]()
    after = strip_metadata(before)
    assert any(secret in before for secret in SECRETS)
    assert not [secret for secret in SECRETS if secret in after]
    with Image.open(io.BytesIO(after)) as image:
        image.load()
        assert image.format == kind
        assert dict(image.getexif()) == {}
        assert not image.getexif().get_ifd(GPS)
        assert not {"comment", "xmp", "photoshop", "Author", "Comment"} & set(image.info)


def test_no_byte_of_an_avifs_texts_is_left():
    before = avif()
    at = before.index(XMP)
    assert strip_metadata(before)[at : at + len(XMP)] == bytes(len(XMP))


@pytest.mark.parametrize("kind", MAKERS)
def test_pixels_and_colour_profile_stay_to_the_bit(kind):
    before = MAKERS[kind]()
    after = strip_metadata(before)
    assert list(frames(after)) == list(frames(before))
    with Image.open(io.BytesIO(after)) as image:
        if kind == "GIF":
            assert image.info["loop"] == 3
        else:
            assert image.info["icc_profile"] == PROFILE


@pytest.mark.parametrize("kind", TURNED)
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_picture_stays_turned_and_says_nothing_else(kind, orientation):
    after = strip_metadata(TURNED[kind](orientation))
    with Image.open(io.BytesIO(after)) as image:
        assert dict(image.getexif()) == {ORIENTATION: orientation}
        assert not image.getexif().get_ifd(GPS)
    assert strip_metadata(after) == after


@pytest.mark.parametrize("kind", TURNED)
def test_an_upright_picture_says_nothing_of_it(kind):
    assert strip_metadata(TURNED[kind](1)) == strip_metadata(TURNED[kind]())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_a_picture_that_says_nothing_keeps_its_bytes(kind):
    data = written(kind)
    assert strip_metadata(data) == data


def test_a_jpeg_loses_the_small_picture_in_its_first_segment():
    plain = written("JPEG")
    thumbnail = b"\1\1" + b"sec"
    head = b"\xff\xe0" + struct.pack(">H", 16 + 3) + plain[6:18] + thumbnail
    assert strip_metadata(plain[:2] + head + plain[20:]) == plain


def test_a_webp_says_which_parts_it_has_left():
    after = strip_metadata(webp(6))
    assert after[12:16] == b"VP8X"
    assert after[20] & 0x0C == 0x08
    assert strip_metadata(webp())[20] & 0x0C == 0
    assert struct.unpack_from("<I", after, 4)[0] == len(after) - 8


def test_moving_pictures_go_on_moving():
    pair = [photograph(), ImageOps.flip(photograph())]
    how = {"save_all": True, "append_images": pair[1:], "duration": 70, "lossless": True}
    for kind in ("WEBP", "PNG", "AVIF"):
        told = {} if kind == "PNG" else {"xmp": XMP}
        before = written(kind, pair[0], exif=exif(), **told, **how)
        after = strip_metadata(before)
        assert list(frames(after)) == list(frames(before)), kind
        assert len(list(frames(after))) == 2
        assert not [secret for secret in SECRETS if secret in after], kind


def test_a_progressive_jpeg_with_restarts_keeps_all_its_scans():
    before = written("JPEG", progressive=True, restart_marker_blocks=2, comment=b"secret")
    after = strip_metadata(before)
    assert b"secret" not in after
    assert list(frames(after)) == list(frames(before))


@pytest.mark.parametrize("kind", MAKERS)
def test_a_file_that_breaks_off_is_refused_or_whole_but_never_mangled(kind):
    data = MAKERS[kind]()
    whole = list(frames(data))
    for end in range(0, len(data), 7):
        try:
            stripped = strip_metadata(data[:end])
        except ValueError:
            continue
        with image_codec.open_image(stripped) as image:
            assert image.format == kind
        assert list(frames(stripped)) == whole


@pytest.mark.parametrize("kind", MAKERS)
def test_damage_anywhere_is_refused_or_survived(kind):
    data, dice = MAKERS[kind](), random.Random(7)
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(3):
            damaged[dice.randrange(min(len(data), 700))] = dice.randrange(256)
        for read in (strip_metadata, image_codec.reencode):
            with contextlib.suppress(ValueError):
                assert isinstance(read(bytes(damaged)), bytes)


def test_exif_data_that_make_no_sense_are_gone_all_the_same():
    for said in (
        b"",
        b"II*\0",
        b"MM\0*\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xffsecret",
        b"secret",
    ):
        data = written("WEBP", exif=said or b"x")
        assert b"secret" not in strip_metadata(data)
        assert list(frames(strip_metadata(data))) == list(frames(written("WEBP")))


def test_a_picture_coded_anew_keeps_colours_and_stands_upright():
    for kind, make in TURNED.items():
        with Image.open(io.BytesIO(image_codec.reencode(make(6)))) as image:
            assert image.size == (48, 64), kind
            assert image.info["icc_profile"] == PROFILE
            assert dict(image.getexif()) == {}
            assert not {"comment", "xmp", "Author"} & set(image.info)


def test_a_chunk_with_the_orientation_has_a_sound_checksum():
    after = strip_metadata(png(6))
    at = after.index(b"eXIf")
    (length,) = struct.unpack_from(">I", after, at - 4)
    assert struct.unpack_from(">I", after, at + 4 + length)[0] == zlib.crc32(
        after[at : at + 4 + length]
    )
