"""The strip of breaking news, and what else a build chooses for the home page."""

from datetime import timedelta
from typing import Any

import pytest

from syndicate.model.articles import Person
from tests.feeds.samples import NOON
from tests.pages.test_article import read, text
from tests.publish.newsroom import Newsroom

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


def test_the_masthead_names_the_largest_sections_first(built):
    for slug, section in (("a", "Port"), ("b", "City"), ("c", "City"), ("d", None)):
        built.file(slug, section=section)
    built.build(at=NOON)
    sections = page(built, "index.html").cssselect(".folio nav a")
    assert [a.text for a in sections] == ["City", "Port"]


def test_an_authors_page_tells_of_them_as_their_newest_story_does(built):
    built.file("then", authors=(Person(name="Ada", place="Kiel"),), date=NOON - HOUR)
    built.file("now", authors=(Person(name="Bo"), Person(name="ADA", place="Hanoi")), date=NOON)
    built.build(at=NOON)
    ada = page(built, "authors/ada/index.html")
    assert (text(ada, "h1"), text(ada, ".place")) == ("ADA", "Hanoi")
