"""Sitemaps as builds leave them: of what readers may see, and nothing else."""

from datetime import datetime, timedelta

import pytest
from lxml import etree

from syndicate.publish.build import build, site_files, tasks
from syndicate.publish.output.formats import format_of
from tests.publish.newsroom import PICTURE, Newsroom, is_twin
from tests.render.feeds.samples import NOON
from tests.render.sitemaps.schema import complaints
from tests.shared_folder import needs_shared

HOST = "https://news.example/"
LATER = NOON + timedelta(hours=1)
HOURS_48 = timedelta(hours=48)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def newsroom(sqlite_store, publication):
    return Newsroom(sqlite_store, publication(publication={"url": HOST}))


@pytest.fixture
def small(monkeypatch):
    """Sitemaps of two articles, pages of two stories: what is cut is soon seen to be."""
    for place, name in ((site_files, "CHUNK"), (build, "CHUNK"), (tasks, "PAGE_SIZE")):
        monkeypatch.setattr(place, name, 2)


def file_days(newsroom: Newsroom, *days: int) -> None:
    """File one story for each of these days, in the order given."""
    for day in days:
        newsroom.file(f"day-{day}", section="City", date=NOON + timedelta(days=day))


def on(day: int) -> datetime:
    return NOON + timedelta(days=day)


def maps(newsroom: Newsroom) -> dict[str, bytes]:
    """Every sitemap and the index, by path."""
    return {path: data for path, data in newsroom.files().items() if path.startswith("sitemap")}


def listed(newsroom: Newsroom, path: str) -> dict[str, str | None]:
    """What one sitemap names, in its order, each with the time of its last change."""
    return {
        one[0].text.removeprefix(HOST): one.findtext("{*}lastmod")
        for one in etree.fromstring(newsroom.files()[path])
    }


def named(newsroom: Newsroom) -> set[str]:
    """The paths of everything that a sitemap names, pictures too."""
    found = (etree.fromstring(data).iterfind(".//{*}loc") for data in maps(newsroom).values())
    return {str(loc.text).removeprefix(HOST) for each in found for loc in each}


def written(paths: tuple[str, ...]) -> set[str]:
    """Which sitemaps are among these paths; their twins go with them."""
    return {path for path in paths if path.startswith("sitemap") and not is_twin(path)}


def test_everything_that_is_named_is_there(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", section="City", image=PICTURE)
    newsroom.build()
    paths = {f"{path}index.html" if path.endswith("/") or not path else path for path in named(newsroom)}  # fmt: skip
    assert paths == {
        "index.html",
        "latest/index.html",
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


def test_articles_come_oldest_first_whenever_they_were_filed(newsroom):
    file_days(newsroom, 2, 0)
    newsroom.build(at=on(2))
    file_days(newsroom, 1)
    newsroom.build(at=on(2))
    assert listed(newsroom, "sitemaps/articles-1.xml") == {
        "articles/day-0/": "2026-03-04T12:00:00Z",
        "articles/day-1/": "2026-03-05T12:00:00Z",
        "articles/day-2/": "2026-03-06T12:00:00Z",
    }


@pytest.mark.usefixtures("small")
def test_a_new_article_changes_only_the_last_chunk_and_the_index(newsroom):
    file_days(newsroom, 0, 1, 2, 3)
    newsroom.build(at=on(4))
    file_days(newsroom, 4)
    assert written(newsroom.build(at=on(4)).written) == {
        "sitemaps/articles-3.xml",
        "sitemaps/pages.xml",
        "sitemaps/news.xml",
        "sitemap.xml",
    }
    assert listed(newsroom, "sitemaps/articles-3.xml").keys() == {"articles/day-4/"}


@pytest.mark.usefixtures("small")
def test_a_chunk_that_is_not_needed_any_more_goes(newsroom):
    file_days(newsroom, 0, 1, 2)
    newsroom.build(at=on(4))
    newsroom.retract("day-0", at=on(4))
    built = newsroom.build(at=on(4))
    assert "sitemaps/articles-2.xml" in built.deleted
    assert "sitemaps/articles-2.xml" not in named(newsroom) | maps(newsroom).keys()
    chunk = listed(newsroom, "sitemaps/articles-1.xml")
    assert list(chunk) == ["articles/day-1/", "articles/day-2/"]


@pytest.mark.usefixtures("small")
def test_the_index_names_every_sitemap_and_its_newest_change(newsroom):
    file_days(newsroom, *range(19, -1, -1))
    newsroom.file("day-1", section="City", date=on(1), updated=on(7))
    newsroom.build(at=on(19))
    index = listed(newsroom, "sitemap.xml")
    chunks = [f"articles-{number}" for number in range(1, 11)]
    names = (*chunks, "pages", "news")
    assert list(index) == [f"sitemaps/{name}.xml" for name in names]
    newest = "2026-03-23T12:00:00Z"
    assert index["sitemaps/articles-1.xml"] == "2026-03-11T12:00:00Z"
    assert index["sitemaps/articles-2.xml"] == "2026-03-07T12:00:00Z"
    assert {index[f"sitemaps/{name}.xml"] for name in ("articles-10", "pages", "news")} == {newest}


def test_pages_are_home_and_lists_as_new_as_what_stands_on_them(newsroom):
    newsroom.file("old", section="Culture & More", tags=("Opera",), date=on(0))
    newsroom.file("new", section="City", date=on(9))
    newsroom.file("older", section="CITY", date=on(-1))
    newsroom.build(at=on(9))
    assert listed(newsroom, "sitemaps/pages.xml") == {
        "": "2026-03-13T12:00:00Z",
        "latest/": "2026-03-13T12:00:00Z",
        "sections/city/": "2026-03-13T12:00:00Z",
        "sections/culture-more/": "2026-03-04T12:00:00Z",
        "tags/opera/": "2026-03-04T12:00:00Z",
    }


@pytest.mark.usefixtures("small")
def test_a_correction_of_a_story_that_stands_on_no_first_page_is_no_change_of_the_lists(newsroom):
    file_days(newsroom, *range(6))
    newsroom.build(at=on(90))
    newsroom.file("day-0", section="City", date=on(0), updated=on(90))
    changed = written(newsroom.build(at=on(90)).written)
    assert changed == {"sitemaps/articles-1.xml", "sitemap.xml"}


@pytest.mark.parametrize(
    ("age", "is_news"),
    [
        (timedelta(0), True),
        (HOURS_48 - MOMENT, True),
        (HOURS_48, False),
        (HOURS_48 + MOMENT, False),
        (-MOMENT, False),
    ],
)
def test_news_is_news_for_48_hours(newsroom, age, is_news):
    newsroom.file("tram", date=NOON - age)
    newsroom.build(at=NOON)
    assert bool(listed(newsroom, "sitemaps/news.xml")) is is_news
    assert ("sitemaps/news.xml" in listed(newsroom, "sitemap.xml")) is is_news


def test_a_correction_does_not_make_old_news_new(newsroom):
    newsroom.file("tram", date=on(-9), updated=NOON)
    newsroom.build(at=NOON)
    assert listed(newsroom, "sitemaps/news.xml") == {}


def test_of_too_much_news_the_newest_is_named(newsroom, monkeypatch):
    monkeypatch.setattr(site_files, "NEWS_LIMIT", 2)
    for minutes in (0, 1, 2):
        newsroom.file(f"story-{minutes}", date=NOON - timedelta(minutes=minutes))
    newsroom.build(at=NOON)
    assert list(listed(newsroom, "sitemaps/news.xml")) == ["articles/story-0/", "articles/story-1/"]


def test_a_build_48_hours_later_empties_the_news_and_touches_no_other_sitemap(newsroom):
    newsroom.file("tram")
    newsroom.build()
    built = newsroom.build(at=NOON + HOURS_48)
    assert written(built.written) == {"sitemaps/news.xml", "sitemap.xml"}
    assert "sitemaps/news.xml" not in named(newsroom)
    assert listed(newsroom, "sitemaps/news.xml") == {}


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


@needs_shared
def test_a_publication_without_articles_has_valid_sitemaps_but_for_that_of_news(newsroom):
    newsroom.build()
    assert listed(newsroom, "sitemap.xml") == {"sitemaps/pages.xml": None}
    assert listed(newsroom, "sitemaps/pages.xml") == {"": None}
    made = maps(newsroom)
    assert len(made.pop("sitemaps/news.xml")) > 0
    assert {path: complaints(data) for path, data in made.items()} == {name: [] for name in made}


def test_they_are_served_as_what_they_are():
    assert (
        format_of("sitemap.xml").media_type == format_of("news.xml").media_type == "application/xml"
    )
    assert format_of("robots.txt").media_type == "text/plain; charset=utf-8"
