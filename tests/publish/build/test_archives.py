"""Lists and archives: full parts stay as they are, and a reader who walks back meets everything."""

import json
import re
from datetime import timedelta

import pytest
from lxml import etree

from syndicate.publish.build.tasks import PAGE_SIZE
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

ATOM = {"a": "http://www.w3.org/2005/Atom", "fh": "http://purl.org/syndication/history/1.0"}
HOME = "https://news.example/"
OWN = {"name": "red", "title": "All that is red", "formats": ["atom"], "items": 2}


@pytest.fixture
def newsroom(copy_of, publication):
    """One with three stories to an archive."""
    config = publication(
        publication={"url": "https://news.example"},
        syndication={"items": 3},
        feeds=[OWN | {"select": {"tags": ["red"]}, "full_text": False}],
    )
    return copy_of(config, fill)


def fill(made):
    """File a week of stories."""
    for day in range(7):
        file(made, day)
    made.build()


def file(newsroom, day, **values):
    at = NOON - timedelta(days=60 - day)
    return newsroom.file(f"day-{day:02}", date=at, section="City", tags=("red",), **values)


def walk(made, path):
    """Follow prev-archive from a document; return each path with the ids of its entries."""
    walked = []
    while path:
        root = etree.fromstring(made[path])
        found = root.findall("a:entry/a:id", ATOM)
        walked.append((path, [one.text.removeprefix("urn:test:") for one in found]))
        there = root.xpath("a:link[@rel='prev-archive']/@href", namespaces=ATOM)
        path = there[0].removeprefix(HOME) if there else None
    return walked


@pytest.mark.parametrize("place", ["", "sections/city/", "feeds/red/"])
def test_who_walks_back_through_the_archives_meets_every_article(newsroom, place):
    walked = walk(newsroom.files(), f"{place}atom.xml")
    met = {one for _, ids in walked for one in ids}
    assert met == {f"day-{day:02}" for day in range(7)}
    archived = [one for _, ids in walked[1:] for one in ids]
    assert len(archived) == len(set(archived))
    assert len(walked[1][1]) == (2 if place == "feeds/red/" else 3)


def test_every_neighbour_of_an_archive_is_there(newsroom):
    made = newsroom.files()
    archives = [path for path in made if "archive/" in path and path.endswith(".xml")]
    assert archives
    for path in archives:
        links = etree.fromstring(made[path]).xpath(
            "//a:link[@rel='prev-archive' or @rel='next-archive' or @rel='current']/@href",
            namespaces=ATOM,
        )
        assert links
        assert {link.removeprefix(HOME) for link in links} <= set(made)


def test_full_archives_stay_as_they_are_when_articles_come(newsroom):
    before = full_parts(newsroom, 2)
    assert before
    for day in range(7, 14):
        file(newsroom, day)
        newsroom.build()
    newsroom.build(everything=True)  # not because nobody looked at them
    after = newsroom.files()
    assert {path: after[path] for path in before} == before


def full_parts(newsroom, last):
    """The archives of everything and of the section that are full."""
    full = re.compile(rf"(sections/city/)?archive/[1-{last}]/")
    return {path: data for path, data in newsroom.files().items() if full.match(path)}


def test_a_withdrawn_article_keeps_its_place_and_nothing_after_it_moves(newsroom):
    before = full_parts(newsroom, 2)
    newsroom.retract("day-01")
    newsroom.build()
    after = newsroom.files()
    assert b"deleted-entry" in after["archive/1/atom.xml"]
    second = {path: data for path, data in before.items() if "archive/2/" in path}
    assert {path: after[path] for path in second} == second


def test_a_feed_of_ones_own_is_written_as_the_config_says(newsroom):
    made = newsroom.files()
    assert [p for p in made if re.fullmatch(r"feeds/red/[^/]+\.(xml|json)", p)] == [
        "feeds/red/atom.xml"
    ]
    root = etree.fromstring(made["feeds/red/atom.xml"])
    assert "All that is red" in root.findtext("a:title", namespaces=ATOM)
    assert len(root.findall("a:entry", ATOM)) == 2
    assert root.findall("a:entry/a:content", ATOM) == []
    assert "content_html" in json.loads(made["feed.json"])["items"][0]


def test_full_pages_of_a_list_stay_as_they_are_when_articles_come(newsroom):
    for day in range(7, PAGE_SIZE):
        file(newsroom, day)
    newsroom.build()
    first = newsroom.files()["sections/city/page/1/index.html"]
    for day in range(PAGE_SIZE, 2 * PAGE_SIZE + 1):
        file(newsroom, day)
    written = newsroom.build().written
    assert "sections/city/page/3/index.html" in written
    assert "sections/city/page/1/index.html" not in written
    newsroom.build(everything=True)
    made = newsroom.files()
    assert made["sections/city/page/1/index.html"] == first
    told = b"".join(made[f"sections/city/page/{number}/index.html"] for number in (1, 2, 3))
    for day in range(2 * PAGE_SIZE + 1):
        assert f"/articles/day-{day:02}/".encode() in told


def test_without_archives_a_feed_is_its_newest_document_alone(newsroom, publication):
    alone = Newsroom(
        newsroom.store,
        publication(
            publication={"url": "https://news.example"}, syndication={"items": 3, "archives": False}
        ),
    )
    alone.build()
    files = alone.files()
    assert not [path for path in files if "archive" in path]
    assert b"prev-archive" not in files["atom.xml"]
