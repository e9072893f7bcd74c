"""The strip of breaking news, and what else a build chooses for the home page."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from syndicate.model.articles import Person
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON
from tests.render.pages.test_article_page import read, text

HOUR = timedelta(hours=1)


@pytest.fixture
def built(sqlite_store, publication):
    return Newsroom(sqlite_store, publication(publication={"url": "https://news.example"}))


def page(built: Newsroom, path: str) -> Any:
    return read(built.files()[path])


@pytest.mark.parametrize(
    ("age", "standing"), [(-HOUR, False), (0 * HOUR, True), (23 * HOUR, True), (24 * HOUR, False)]
)
def test_a_breaking_story_stands_in_the_strip_for_its_time(built, age, standing):
    built.file("flash", breaking=True, date=NOON - age)
    built.build(at=NOON)
    built.file("lead", place="lead", date=NOON - 48 * HOUR)
    built.build(at=NOON)
    for path in ("breaking.html", "index.html"):
        assert len(page(built, path).cssselect(".breaking")) == standing


def test_the_strip_goes_when_its_time_is_over_though_nothing_else_happens(built):
    built.file("flash", breaking=True, date=NOON)
    built.build(at=NOON)
    built.build(at=NOON + 24 * HOUR)
    for path in ("breaking.html", "index.html"):
        assert not page(built, path).cssselect(".breaking")


def test_the_strip_names_the_newest_breaking_story_alone(built):
    built.file("older", breaking=True, date=NOON - 2 * HOUR)
    built.file("newer", breaking=True, date=NOON - HOUR)
    built.file("calm", date=NOON)
    built.build(at=NOON)
    (link,) = page(built, "breaking.html").cssselect(".breaking a")
    assert link.get("href") == "/articles/newer/"


def test_the_flag_goes_when_its_time_is_over_though_nothing_else_happens(built):
    built.file("flash", breaking=True, date=NOON, section="City", tags=("port",))
    built.file("old", breaking=True, date=NOON - 7 * 365 * 24 * HOUR, section="City")
    built.file("calm", date=NOON, section="City")
    built.build(at=NOON)
    flagged = {path for path, data in built.files().items() if b'class="flag"' in data}
    assert flagged == {
        "index.html",
        "latest/index.html",
        "sections/city/index.html",
        "tags/port/index.html",
        "articles/flash/index.html",
        "articles/flash/amp/index.html",
    }
    assert not [path for path in built.build(at=NOON + 23 * HOUR).written if "articles" in path]
    written = built.build(at=NOON + 24 * HOUR).written
    assert not [path for path, data in built.files().items() if b'class="flag"' in data]
    assert flagged <= set(written)
    assert not [path for path in written if path.startswith(("articles/calm", "rss", "feed"))]


def test_a_feed_of_breaking_news_keeps_what_was_breaking(sqlite_store, publication):
    feed = {"name": "alerts", "select": {"breaking": True}}
    built = Newsroom(sqlite_store, publication(feeds=[feed]))
    built.file("flash", breaking=True, date=NOON)
    built.build(at=NOON)
    built.build(at=NOON + 48 * HOUR)
    assert b"Flash" in built.files()["feeds/alerts/rss.xml"]


def test_no_story_is_on_the_home_page_three_times(built):
    for number in range(8):
        built.file(f"story-{number}", breaking=number == 7, date=NOON - (7 - number) * HOUR)
    built.build(at=NOON)
    home = page(built, "index.html")
    places = Counter(
        link.get("href")
        for link in home.cssselect(".breaking a, .teaser h2 a, .rail a")
        if link.get("href").startswith("/articles/")
    )
    assert set(places) == {f"/articles/story-{number}/" for number in range(8)}
    assert max(places.values()) == 1  # the breaking story leads, and so isn't in the strip


@pytest.mark.parametrize("count", [44, 45, 74, 100])
def test_older_stories_are_none_that_the_home_page_has(built, count):
    for number in range(count):
        built.file(f"story-{number}", date=NOON - number * HOUR)
    built.build(at=NOON)
    home = page(built, "index.html")
    shown = [a.get("href") for a in home.cssselect(".teaser h2 a, .others a")]
    assert len(shown) >= 15
    older = [a.get("href") for a in home.cssselect(".pager a.older")]
    seen = list(shown)
    while older:
        following = page(built, f"{older[0].strip('/')}/index.html")
        seen += [a.get("href") for a in following.cssselect(".teaser h2 a")]
        older = [a.get("href") for a in following.cssselect(".pager a.older")]
    assert sorted(seen) == sorted(f"/articles/story-{number}/" for number in range(count))


def test_an_authors_page_tells_of_them_as_their_newest_story_does(built):
    built.file("then", authors=(Person(name="Ada", place="Kiel"),), date=NOON - HOUR)
    built.file("now", authors=(Person(name="Bo"), Person(name="ADA", place="Hanoi")), date=NOON)
    built.build(at=NOON)
    ada = page(built, "authors/ada/index.html")
    assert (text(ada, "h1"), text(ada, ".place")) == ("ADA", "Hanoi")


def test_the_page_of_breaking_news_has_the_last_five_of_a_month(built):
    for days in (0, 2, 3, 5, 8, 13, 40):
        built.file(f"flash-{days}", breaking=True, date=NOON - days * 24 * HOUR)
    built.file("calm", date=NOON)
    built.build(at=NOON)
    listed = page(built, "breaking.html").cssselect(".recent a")
    assert [a.get("href") for a in listed] == [
        f"/articles/flash-{days}/" for days in (0, 2, 3, 5, 8)
    ]


@pytest.mark.parametrize("title", ["Arden dam holds", "سد أردن يصمد"])
def test_the_link_has_the_direction_of_its_headline_so_that_it_is_cut_at_its_end(
    sqlite_store, publication, title
):
    built = Newsroom(sqlite_store, publication(publication={"language": "ar"}))
    built.file("flash", breaking=True, date=NOON, title=title)
    built.build(at=NOON)
    (link,) = page(built, "breaking.html").cssselect(".breaking a")
    assert link.get("dir") == "auto"
    assert " ".join(link.text_content().split()) == f"عاجل {title}"
    for part in link.iterdescendants():  # what a browser skips when it looks for letters
        if part.tag == "bdi" or part.get("dir"):
            part.text = ""
    assert link.text_content().strip() == title
