"""The share card of a publication: on pages without a picture, redrawn with its logo."""

import re

import pytest
from PIL import Image

from tests.publish.newsroom import PICTURE, Newsroom


@pytest.fixture
def newsroom(sqlite_store, publication):
    newsroom = Newsroom(sqlite_store, publication(publication={"logo": "logo.png"}))
    Image.new("RGB", (40, 40), "#C00000").save(newsroom.config.path("logo.png"))
    newsroom.keep_picture()
    newsroom.file("plain", section="City")
    newsroom.file("pictured", image=PICTURE)
    newsroom.build()
    return newsroom


def images(newsroom, path):
    page = newsroom.files()[path].decode()
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    return re.findall('"og:image" content="https?://[^/]+/([^"]+)"', page)


def cards(newsroom):
    return [path for path in newsroom.files() if path.startswith("assets/share-card.")]


def test_pages_without_a_picture_of_their_own_have_the_card(newsroom):
    (card,) = cards(newsroom)
    for path in ("index.html", "articles/plain/index.html", "sections/city/index.html"):
        assert images(newsroom, path) == [card], path
    assert images(newsroom, "subscribe/index.html") == [card]
    assert images(newsroom, "articles/pictured/index.html") == [PICTURE.src]


def test_another_logo_makes_another_card_and_every_page_has_it(newsroom):
    (before,) = cards(newsroom)
    Image.new("RGB", (40, 40), "#0000C0").save(newsroom.config.path("logo.png"))
    newsroom.build()
    (after,) = cards(newsroom)
    assert after != before
    assert images(newsroom, "articles/plain/index.html") == [after]
