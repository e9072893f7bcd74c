"""Renditions: in every width and type that pages name, upright, in their colours, made once."""

import io
import os
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms

from syndicate.intake.media.article_media import ArticleMedia, make_mail_rendition
from syndicate.model import pictures
from syndicate.model.articles import MEDIA, Figure
from tests.intake.article_folder import ArticleFolder
from tests.intake.media.test_metadata import PROFILE, SECRETS, exif, photograph, written
from tests.shared_folder import SHARED, needs_shared

SIZE = (1000, 500)
NEXT = Image.new("RGB", SIZE, "navy")


def taken(articles: ArticleFolder, data: bytes) -> Figure:
    """Take in a picture as an article beside it would."""
    file = articles.write("picture.dat", data)
    warnings: list[str] = []
    figure = ArticleMedia(file, articles.config, warnings.append).find_picture("picture.dat")
    assert figure, warnings
    return figure


def opened(articles: ArticleFolder, name: str) -> Image.Image:
    image = Image.open(articles.config.root / name)
    image.load()
    return image


def kept(articles: ArticleFolder) -> set[str]:
    return {MEDIA + file.name for file in articles.config.media.iterdir()}


def alike(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures show the same, whatever their coding."""
    small = [each.convert("RGB").resize((20, 20)) for each in (one, other)]
    differences = (extremes(band)[1] for band in ImageChops.difference(*small).split())
    return max(differences) < 40


def extremes(band: Image.Image) -> tuple[int, int]:
    """Return the least and the most of a picture of one band."""
    data = band.tobytes()
    return min(data), max(data)


def colour(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """Return one pixel of a picture that has several bands, each in a byte."""
    return tuple(image.crop((x, y, x + 1, y + 1)).tobytes())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_every_file_that_a_figure_names_is_there_as_it_says(articles, kind):
    figure = taken(articles, written(kind, photograph(size=SIZE), icc_profile=PROFILE))
    assert figure.variants == (400, 800)
    assert kept(articles) == set(pictures.list_files(figure))
    original = opened(articles, figure.src)
    for name, width in pictures.list_renditions(figure):
        image = opened(articles, name)
        assert image.size == (width, width // 2)
        assert image.format == ("WEBP" if name.endswith("webp") else kind)
        assert image.info["icc_profile"] == PROFILE
        assert alike(image, original), name
    for crop in pictures.crops(figure):
        assert opened(articles, crop.src).size == (crop.width, crop.height)
        assert opened(articles, crop.src).format == "JPEG"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_what_mail_loads_is_a_light_jpeg_in_srgb(articles, kind):
    figure = taken(articles, written(kind, photograph(size=SIZE), icc_profile=PROFILE))
    original = opened(articles, figure.src)
    for name, size in pictures.mail_renditions(figure).items():
        image = opened(articles, name)
        assert (image.format, image.size) == ("JPEG", size)
        assert "icc_profile" not in image.info
        left = (SIZE[0] - SIZE[1] * size[0] // size[1]) // 2
        cropped = original.crop((left, 0, SIZE[0] - left, SIZE[1]))
        assert alike(image, cropped), name


def test_what_mail_loads_is_made_of_a_picture_that_was_taken_in_before(articles):
    figure = taken(articles, written("PNG", photograph(size=SIZE)))
    media, names = articles.config.media, list(pictures.mail_renditions(figure))
    before = {name: (articles.config.root / name).read_bytes() for name in names}
    for name in names:
        (articles.config.root / name).unlink()
    assert {name: make_mail_rendition(media, name) for name in names} == before
    assert kept(articles) == set(pictures.list_files(figure))
    (articles.config.root / names[0]).unlink()
    (articles.config.root / figure.src).write_bytes(b"spoilt")
    assert make_mail_rendition(media, names[0]) is None
    assert make_mail_rendition(media, f"{MEDIA}{'0' * 32}-mail.jpg") is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_renditions_stand_upright(articles, kind, orientation):
    figure = taken(articles, written(kind, photograph(size=SIZE), exif=exif(orientation)))
    turned = photograph(size=SIZE).rotate(-90 if orientation == 6 else 180, expand=True)
    assert (figure.width, figure.height) == turned.size
    for name, _ in pictures.list_renditions(figure):
        image = opened(articles, name)
        assert alike(image, turned), name
        assert dict(image.getexif()) == {}
    for file in articles.config.media.iterdir():
        assert not [secret for secret in SECRETS if secret in file.read_bytes()], file


def test_what_can_be_seen_through_stays_so(articles):
    image = photograph("RGBA", SIZE)
    image.putalpha(Image.linear_gradient("L").resize(SIZE))
    figure = taken(articles, written("PNG", image))
    for name, _ in pictures.list_renditions(figure):
        low, high = extremes(opened(articles, name).convert("RGBA").getchannel("A"))
        assert (low < 10, high > 240) == (True, True), name
    square = opened(articles, pictures.crops(figure)[0].src)
    assert square.mode == "RGB"
    assert min(colour(square, 250, 0)) > 240, "what was behind is white"


def test_a_drawing_of_few_colours_stays_small(articles):
    drawing = photograph(size=SIZE).quantize(8)
    figure = taken(articles, written("PNG", drawing, optimize=True))
    for name, _ in pictures.list_renditions(figure):
        image = opened(articles, name)
        assert image.mode == "P" or image.format == "WEBP"
        assert alike(image, drawing)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_printers_colours_become_what_every_type_can_hold(articles, mode):
    figure = taken(articles, written("JPEG", photograph(mode, SIZE)))
    for name, _ in pictures.list_renditions(figure):
        image = opened(articles, name)
        assert image.mode in ("L", "RGB")
        assert alike(image, photograph(mode, SIZE)), name


def grey_profile() -> bytes:
    """Make an ICC profile of grey with a gamma of 1.5."""
    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, 0x0180)
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    tags = ((b"kTRC", 156, len(curve)), (b"wtpt", 156 + len(curve), len(white)))
    table = struct.pack(">I", 2) + b"".join(struct.pack(">4sII", *tag) for tag in tags)
    body = table + curve + white
    head = struct.pack(">I4xI", 128 + len(body), 0x02400000) + b"mntrGRAYXYZ ".ljust(24) + b"acsp"
    return (head.ljust(68, b"\0") + white[8:]).ljust(128, b"\0") + body


def test_a_grey_picture_with_a_profile_is_translated_and_stands_upright(articles):
    grey = Image.new("L", SIZE, 128)
    data = written("JPEG", grey, icc_profile=grey_profile(), exif=exif(6))
    figure = taken(articles, data)
    for name, _ in pictures.list_renditions(figure):
        image = opened(articles, name)
        assert image.height == image.width * 2
        assert image.info["icc_profile"][16:20] == b"RGB "
        assert abs(colour(image, 9, 9)[0] - 161) < 3


def test_a_profile_that_makes_no_sense_is_left_out(articles):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for mode in ("L", "RGB"):
        figure = taken(articles, written("JPEG", photograph(mode, SIZE), icc_profile=lab))
        for name, _ in pictures.list_renditions(figure):
            assert "icc_profile" not in opened(articles, name).info


@pytest.mark.parametrize(
    "data",
    [
        written("GIF", photograph(size=SIZE)),
        written("WEBP", photograph(size=SIZE), save_all=True, append_images=[NEXT]),
        written("PNG", photograph(size=SIZE), save_all=True, append_images=[NEXT]),
        written("PNG", Image.new("I;16", SIZE, 4000)),
        written("JPEG", photograph(size=(400, 300))),
    ],
)
def test_what_moves_or_is_small_has_no_renditions(articles, data):
    figure = taken(articles, data)
    assert figure.variants == ()
    assert kept(articles) == {figure.src}


def test_renditions_are_made_once_and_again_when_they_are_gone(articles):
    data = written("JPEG", photograph(size=SIZE))
    figure = taken(articles, data)
    gone, made = (
        articles.config.root / pictures.rendition_name(figure, w, ".webp") for w in (400, 800)
    )
    gone.unlink()
    os.utime(made, (1, 1))
    assert taken(articles, data) == figure
    assert gone.exists()
    assert made.stat().st_mtime == 1  # not made again


def test_a_picture_has_the_same_name_wherever_it_was_taken(articles):
    one = taken(articles, written("JPEG", exif=exif()))
    assert one == taken(articles, written("JPEG", comment=b"secret"))
    assert one == taken(articles, written("JPEG"))


def test_a_picture_that_breaks_off_is_missing_and_leaves_nothing(articles):
    noise = Image.effect_noise(SIZE, 90)
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        data = written(kind, noise)
        with pytest.raises(AssertionError, match=r"a picture is missing: picture\.dat: "):
            taken(articles, data[: len(data) // 2])
    png = bytearray(written("PNG", noise))
    png[4000:4100] = bytes(100)
    with pytest.raises(AssertionError, match="a picture is missing"):
        taken(articles, bytes(png))
    assert not articles.config.media.exists()


def test_a_telephones_picture_with_more_pictures_behind_it_is_a_jpeg(articles):
    file = io.BytesIO()
    photograph(size=SIZE).save(
        file, "MPO", save_all=True, append_images=[photograph(size=SIZE)], exif=exif(6)
    )
    figure = taken(articles, file.getvalue())
    assert (figure.type, figure.width, figure.height) == ("image/jpeg", 500, 1000)
    for kept_file in articles.config.media.iterdir():
        assert not [secret for secret in SECRETS if secret in kept_file.read_bytes()]


def test_a_dry_run_says_what_an_import_would(articles):
    file = articles.write("a.jpg", written("JPEG", photograph(size=SIZE), exif=exif(6)))
    dry = ArticleMedia(file, articles.config, print, save_media=False).find_picture("a.jpg")
    assert not articles.config.media.exists()
    assert dry == ArticleMedia(file, articles.config, print).find_picture("a.jpg")


@needs_shared
def test_real_photographs_come_through(articles):
    assert SHARED is not None
    for file in sorted(Path(SHARED / "real" / "photos").glob("*.jpg")):
        figure = taken(articles, file.read_bytes())
        assert set(pictures.list_files(figure)) <= kept(articles)
        for name, _ in pictures.list_renditions(figure):
            assert alike(opened(articles, name), Image.open(file)), (file, name)
