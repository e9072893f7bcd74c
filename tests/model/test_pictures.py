"""Which renditions a picture has and how pages use them, from the figure alone."""

import pytest

from syndicate.model import pictures
from syndicate.model.articles import Figure
from syndicate.model.pictures import PictureCrop, PictureSource


def figure(
    width: int = 1000, height: int = 500, suffix: str = "jpg", type_: str = "image/jpeg"
) -> Figure:
    return Figure(
        src=f"media/a.{suffix}",
        width=width,
        height=height,
        type=type_,
        length=9,
        variants=pictures.variants(width),
    )


@pytest.mark.parametrize(
    ("width", "expected"),
    [(40, ()), (400, ()), (401, (400,)), (1600, (400, 800, 1200)), (6000, (400, 800, 1200, 1600))],
)
def test_no_rendition_is_as_wide_as_the_picture(width, expected):
    assert pictures.variants(width) == expected


def test_a_photograph_is_offered_as_webp_and_as_what_it_is():
    assert pictures.srcset(figure(), "/p/") == (
        "/p/media/a-400.jpg 400w, /p/media/a-800.jpg 800w, /p/media/a.jpg 1000w"
    )
    assert pictures.source(figure(), "/p/") == PictureSource(
        type="image/webp",
        srcset="/p/media/a-400.webp 400w, /p/media/a-800.webp 800w, /p/media/a-1000.webp 1000w",
    )


def test_a_huge_original_is_not_offered():
    huge = figure(6000, 4000)
    assert pictures.srcset(huge).endswith("media/a-1600.jpg 1600w")
    offered = pictures.source(huge)
    assert offered is not None
    assert offered.srcset.endswith("media/a-1600.webp 1600w")


def test_a_webp_needs_no_other_type_and_an_avif_falls_back_on_webp():
    webp = figure(suffix="webp", type_="image/webp")
    assert pictures.source(webp) is None
    assert pictures.srcset(webp).endswith("media/a.webp 1000w")
    avif = figure(suffix="avif", type_="image/avif")
    offered = pictures.source(avif)
    assert offered is not None
    assert offered.type == "image/avif"
    assert offered.srcset.endswith("media/a.avif 1000w")
    assert pictures.srcset(avif).endswith("media/a-1000.webp 1000w")


@pytest.mark.parametrize(
    "plain",
    [
        Figure(src="https://pictures.example/a.jpg", width=3000, height=2000),
        Figure(src="media/a.gif", width=3000, height=2000, type="image/gif"),
        Figure(src=""),
        figure(399),
    ],
)
def test_a_picture_without_renditions_is_shown_as_it_is(plain):
    assert pictures.srcset(plain) == ""
    assert pictures.source(plain) is None
    assert pictures.crops(plain) == ()
    assert pictures.preview(plain) == plain
    assert pictures.list_files(plain) == ((plain.src,) if plain.local else ())


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((6000, 4000), [(1200, 1200), (1200, 900), (1200, 675)]),
        ((1000, 500), [(500, 500), (667, 500), (889, 500)]),
        ((700, 2100), [(700, 700), (700, 525), (700, 394)]),
        ((695, 695), []),
    ],
)
def test_crops_have_the_shapes_that_search_engines_ask_for_and_lie_inside(size, expected):
    cut = pictures.crops(figure(*size))
    for crop, (across, down) in zip(cut, expected, strict=True):
        assert abs(crop.width - across) <= 1
        assert abs(crop.height - down) <= 1
        assert crop.width <= size[0]
        assert crop.height <= size[1]


def test_every_file_that_is_named_anywhere_is_among_the_files():
    for suffix, type_ in (("jpg", "jpeg"), ("png", "png"), ("webp", "webp"), ("avif", "avif")):
        for width in (401, 1000, 1600, 3000):
            shown = figure(width, 900, suffix, f"image/{type_}")
            offered = pictures.source(shown)
            sets = f"{pictures.srcset(shown)}, {offered.srcset if offered else ''}"
            named = {said.split()[0] for said in sets.split(",") if said.strip()}
            named |= {crop.src for crop in pictures.crops(shown)} | {pictures.preview(shown).src}
            files = pictures.list_files(shown)
            assert named <= set(files)
            assert len(set(files)) == len(files)
            assert files[0] == shown.src


def test_the_preview_is_the_rendition_that_other_sites_want():
    seen = pictures.preview(figure(6000, 4000))
    assert (seen.src, seen.width, seen.height) == ("media/a-1200.jpg", 1200, 800)
    assert seen.length is None
    assert pictures.crops(figure(2000, 1000))[0] == PictureCrop(
        src="media/a-1x1.jpg", width=1000, height=1000
    )


@pytest.mark.parametrize(
    ("size", "column", "thumbnail"),
    [
        ((6000, 4000), (1072, 715), (368, 245)),
        ((500, 1500), (500, 1500), (368, 245)),
        ((900, 200), (900, 200), (300, 200)),
        ((401, 401), (401, 401), (368, 245)),
    ],
)
def test_mail_has_a_jpeg_for_its_column_and_one_for_beside_a_teaser(size, column, thumbnail):
    for suffix, type_ in (("jpg", "jpeg"), ("png", "png"), ("webp", "webp"), ("avif", "avif")):
        picture = figure(size[0], size[1], suffix, f"image/{type_}")
        shown, beside = pictures.mail_picture(picture), pictures.mail_thumbnail(picture)
        assert (shown.src, shown.width, shown.height) == ("media/a-mail.jpg", *column)
        assert (beside.src, beside.width, beside.height) == ("media/a-thumb.jpg", *thumbnail)
        assert {shown.type, beside.type} == {"image/jpeg"}
        assert {shown.src, beside.src} <= set(pictures.list_files(picture))


def test_a_small_or_remote_or_moving_picture_is_mailed_as_it_is():
    remote = Figure(src="https://pictures.example/a.avif", width=3000, height=2000)
    moving = Figure(src="media/a.gif", width=3000, height=2000, type="image/gif")
    for picture in (remote, moving, figure(400)):
        for choose in (pictures.mail_picture, pictures.mail_thumbnail, pictures.mail_icon):
            assert choose(picture) == picture


def test_a_logo_stays_transparent_in_a_type_that_mail_clients_display():
    assert pictures.mail_icon(figure(suffix="png", type_="image/png")).src == "media/a-400.png"
    for suffix in ("webp", "avif"):
        logo = figure(suffix=suffix, type_=f"image/{suffix}")
        assert pictures.mail_icon(logo).src == "media/a-mail.jpg"
