"""Sitemaps as a build leaves them: of what readers may see, and nothing else."""

from datetime import timedelta

import pytest
from lxml import etree

from syndicate.publish.formats import format_of
from tests.feeds.samples import NOON
from tests.publish.newsroom import PICTURE, Newsroom

ADDRESSES = "//*[local-name() = 'loc']/text()"
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def newsroom(sqlite_store, publication):
    return Newsroom(sqlite_store, publication(publication={"url": "https://news.example"}))


def named(newsroom: Newsroom) -> set[str]:
    """The paths of everything that a sitemap names."""
    maps = [data for path, data in newsroom.files().items() if path.startswith("sitemap")]
    found = (etree.fromstring(data).xpath(ADDRESSES) for data in maps)
    return {
        str(address).removeprefix("https://news.example/") for each in found for address in each
    }


def test_everything_that_is_named_is_there(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", section="City", image=PICTURE)
    newsroom.build()
    paths = {f"{path}index.html" if path.endswith("/") or not path else path for path in named(newsroom)}  # fmt: skip
    assert paths == {
        "index.html",
        "sections/city/index.html",
        "articles/tram/index.html",
        PICTURE.src,
        "sitemaps/articles-1.xml",
        "sitemaps/pages.xml",
        "sitemaps/news.xml",
    }
    assert paths <= newsroom.files().keys()


def test_what_is_retracted_or_still_to_come_is_in_none(newsroom):
    newsroom.file("tram")
    newsroom.file("ferry")
    newsroom.file("opera", date=LATER + timedelta(minutes=1))
    newsroom.build(at=LATER)
    newsroom.retract("ferry", at=LATER)
    newsroom.build(at=LATER)
    assert {path for path in named(newsroom) if path.startswith("articles/")} == {"articles/tram/"}
    newsroom.build(at=LATER + timedelta(minutes=1))
    assert "articles/opera/" in named(newsroom)


def test_a_build_48_hours_later_empties_the_news_and_touches_no_other_sitemap(newsroom):
    newsroom.file("tram")
    newsroom.build()
    built = newsroom.build(at=NOON + timedelta(hours=48))
    changed = {path for path in built.written if path.startswith("sitemap")}
    assert changed == {"sitemaps/news.xml", "sitemap.xml"}
    assert "sitemaps/news.xml" not in named(newsroom)
    assert etree.fromstring(newsroom.files()["sitemaps/news.xml"]).xpath(ADDRESSES) == []


def test_the_index_is_written_after_what_it_names_and_both_after_the_feeds(newsroom):
    newsroom.file("tram")
    written = newsroom.build().written
    order = [
        "feed.json",
        "sitemaps/articles-1.xml",
        "sitemaps/news.xml",
        "sitemap.xml",
        "robots.txt",
    ]
    assert sorted(order, key=written.index) == order


def test_they_are_served_as_what_they_are():
    assert (
        format_of("sitemap.xml").media_type == format_of("news.xml").media_type == "application/xml"
    )
    assert format_of("robots.txt").media_type == "text/plain; charset=utf-8"
