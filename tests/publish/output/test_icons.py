"""The icons at fixed addresses."""

from io import BytesIO

import pytest
from PIL import Image

from syndicate.publish.output.icons import favicon, touch_icon


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def shown(data: bytes) -> tuple[int, ...]:
    """The colour at the centre of the touch icon."""
    pixel = opened(data).convert("RGB").getpixel((90, 90))
    assert isinstance(pixel, tuple)
    return pixel


def with_logo(publication, folder, key, size, colour="teal"):
    Image.new("RGBA", size, colour).save(folder / f"{key}.png")
    return publication(publication={key: folder / f"{key}.png"})


def test_the_favicon_is_an_ico_of_three_sizes(publication):
    icon = opened(favicon(publication()))
    assert icon.format == "ICO"
    assert icon.info["sizes"] == {(16, 16), (32, 32), (48, 48)}


@pytest.mark.parametrize("title", ["Morning Post", "Äther", "صحيفة", "週刊", "9 Uhr"])
def test_the_letter_of_any_title_is_drawn_on_the_accent(publication, title):
    config = publication(publication={"title": title})
    icon = opened(touch_icon(config))
    assert (icon.format, icon.size, icon.mode) == ("PNG", (180, 180), "RGB")
    assert len(set(icon.get_flattened_data())) > 1, "something is drawn"
    assert icon.getpixel((0, 0)) == (0x0B, 0x5C, 0x8A)


def test_letters_differ_and_accents_dont(publication):
    drawn = {
        title: touch_icon(publication(publication={"title": title})) for title in ("Ära", "A", "B")
    }
    assert drawn["Ära"] == drawn["A"] != drawn["B"]


def test_a_square_logo_is_shown_and_a_wide_one_is_not(publication, tmp_path):
    teal = (0, 128, 128)
    assert shown(touch_icon(with_logo(publication, tmp_path, "logo", (144, 144)))) == teal
    assert shown(touch_icon(with_logo(publication, tmp_path, "logo", (400, 100)))) != teal
    assert shown(touch_icon(with_logo(publication, tmp_path, "icon", (300, 200)))) == teal


def test_a_transparent_icon_gets_a_ground_on_home_screens_alone(publication, tmp_path):
    config = with_logo(publication, tmp_path, "icon", (512, 512), (0, 0, 0, 0))
    assert shown(touch_icon(config)) == (0xFF, 0xFD, 0xF9)
    assert opened(favicon(config)).convert("RGBA").getpixel((24, 24)) == (0, 0, 0, 0)


def test_a_damaged_icon_is_as_none(publication, tmp_path):
    (tmp_path / "icon.png").write_bytes(b"no picture")
    config = publication(publication={"icon": tmp_path / "icon.png"})
    assert touch_icon(config) == touch_icon(publication())
