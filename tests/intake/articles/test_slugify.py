"""Slugs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.intake.articles.slugify import slugify, split_dated_name


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Harbour Tram", "harbour-tram"),
        ("Trump’s Talks", "trumps-talks"),
        ("Crème brûlée à la façon", "creme-brulee-a-la-facon"),
        ("Straße Łódź Æther", "strasse-lodz-aether"),
        ("Привет, Мойка!", "privet-moika"),
        ("Ελλάδα", "ellada"),
        ("../../etc/passwd", "etc-passwd"),
        ("jekyll-sass-converter-3.0-released", "jekyll-sass-converter-3-0-released"),
        ("½ price", "1-2-price"),
    ],
)
def test_text_becomes_a_slug(text, slug):
    assert slugify(text) == slug


def test_headlines_in_other_scripts_have_different_slugs():
    slugs = {slugify(text) for text in ("北京", "東京", "iPhone 发布", "iPhone 降价", "🚋", "..")}
    assert len(slugs) == 6


@given(st.text())
def test_every_text_gives_a_stable_slug_that_is_no_path(text):
    slug = slugify(text)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= 100
    assert slugify(text) == slug
    assert slugify(slug) == slug


def test_a_date_is_parted_from_a_files_name():
    assert split_dated_name("2013-05-06-tram") == ("2013-05-06", "tram")
    assert split_dated_name("tram-2013-05-06") == (None, "tram-2013-05-06")
    assert split_dated_name("2013-05-06") == (None, "2013-05-06")
