"""The share card: drawn from name, colours and logo, without letters that no font has."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from syndicate.render import share_card
from syndicate.render.share_card import FontFile, ShareCard, find_font

COLOURS = ("#FFFDF9", "#1B1B1B", "#5A564E", "#0B5C8A")
CARD = ShareCard("Morning Post", "News from the coast", "en", COLOURS, b"")


def logo(colour="#C00000", size=(40, 40)):
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def picture(card):
    return Image.open(BytesIO(card.draw())).convert("RGB")


def extent(card, colour="#1B1B1B"):
    """The columns and rows in which a colour is."""
    image, wanted = picture(card), bytes.fromhex(colour[1:])
    data = image.tobytes()
    pixels = bytes(255 * (data[at : at + 3] == wanted) for at in range(0, len(data), 3))
    return Image.frombytes("L", image.size, pixels).getbbox()


@pytest.fixture
def no_fonts(monkeypatch):
    """A machine without fonts, where Pillow's own is all there is."""
    monkeypatch.setattr(share_card, "_font_files", lambda: ())
    share_card._draw.cache_clear()
    yield
    share_card._draw.cache_clear()


def test_a_card_has_the_size_and_the_colours_of_the_theme():
    image = picture(CARD)
    assert image.size == (1200, 630)
    assert image.getpixel((2, 2)) == (0xFF, 0xFD, 0xF9)
    assert image.getpixel((2, 628)) == (0x0B, 0x5C, 0x8A)
    assert len(CARD.draw()) < 60_000


def test_its_address_changes_with_what_it_shows():
    others = [
        replace(CARD, title="Evening Post"),
        replace(CARD, colours=(*COLOURS[:3], "#000000")),
        replace(CARD, logo=logo()),
    ]
    assert len({card.address for card in (CARD, *others)}) == 4
    assert CARD.address == replace(CARD).address


@pytest.mark.usefixtures("no_fonts")
def test_without_fonts_latin_names_are_drawn_in_pillows_own():
    assert find_font("Morning Post", "en", share_card._SERIFS) == FontFile(None)
    assert extent(CARD)


@pytest.mark.usefixtures("no_fonts")
@pytest.mark.parametrize("title", ["朝の港新聞", "جريدة الصباح", "Post 朝"])
def test_without_a_font_a_name_is_left_out_rather_than_drawn_as_boxes(title):
    card = replace(CARD, title=title, description="", logo=logo())
    assert find_font(title, "ja", share_card._SERIFS) is None
    assert extent(card) is None
    left, _, right, _ = extent(card, "#C00000")
    assert left + right == pytest.approx(1200, abs=2), "its logo is in the middle"


def test_without_a_layout_engine_no_arabic_is_drawn(monkeypatch):
    monkeypatch.setattr("PIL.features.check", lambda name: name != "raqm")
    assert find_font("جريدة", "ar", share_card._SERIFS) is None
    assert find_font("Post", "ar", share_card._SERIFS) is not None


@pytest.mark.parametrize("length", [1, 12, 60, 200])
def test_a_name_of_any_length_stays_on_the_card(length):
    for title in ("W" * length, "Wide name " * (length // 5 + 1)):
        left, top, right, bottom = extent(replace(CARD, title=title, logo=logo()))
        assert left >= 80
        assert top > 100
        assert right <= 1200 - 80
        assert bottom < 600


def test_a_right_to_left_publication_begins_on_the_right():
    left, _, right, _ = extent(replace(CARD, language="ar"))
    assert right > 1100
    assert left > 88


@pytest.mark.parametrize("data", [b"<svg/>", b"\x89PNG\r\n\x1a\nnonsense"])
def test_a_logo_that_pillow_cannot_read_is_left_out(data):
    assert picture(replace(CARD, logo=data)).tobytes() == picture(CARD).tobytes()
