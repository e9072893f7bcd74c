"""The search index follows the store, build after build."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from syndicate.config.sections.pages import PagesSettings
from syndicate.config.sections.web import WebSettings
from syndicate.model.articles import Person, Status
from syndicate.model.search.query import SearchQuery
from syndicate.publish.build import search_update
from syndicate.publish.records import search_index
from syndicate.publish.records.search_index import SEARCH_NAME, SearchIndex
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def newsroom(store, publication):
    return Newsroom(store, publication(publication={"url": "https://news.example"}))


def found(newsroom, query, *, at=LATER, **choices):
    """Return the slugs of what a query finds, the best first."""
    with SearchIndex.opened(newsroom.config.output) as index:
        assert index
        keys = index.search(SearchQuery.parse(query), at=at, **choices).articles
    with newsroom.store.read() as tx:
        return [article.slug for article in tx.published.articles(keys)]


def writes(monkeypatch):
    """Record which articles are written into an index from now on."""
    written = []
    put = SearchIndex.put

    def record(index, story):
        written.append(story.title)
        put(index, story)

    monkeypatch.setattr(SearchIndex, "put", record)
    return written


@pytest.mark.sql
def test_a_story_is_found_by_each_of_its_parts(newsroom):
    newsroom.file(
        "tram",
        title="Über die Brücke",
        summary="A summary",
        body="<p>The <b>har</b>bour &amp; more</p>",
        section="City",
        tags=("Rail",),
        authors=(Person(name="Zoë Núñez"),),
    )
    newsroom.build()
    for query in ("uber brucke", "summary", "harbour", "city", "rail", '"zoe nunez"', "mehr -x"):
        assert found(newsroom, query) == (["tram"] if query != "mehr -x" else [])


def test_only_what_changed_is_written(newsroom, monkeypatch):
    for slug in ("tram", "ferry"):
        newsroom.file(slug)
    newsroom.build()
    written = writes(monkeypatch)
    newsroom.build()
    newsroom.file("ferry", body="<p>About a boat.</p>")
    newsroom.build()
    assert written == ["Ferry"]
    assert found(newsroom, "boat") == ["ferry"]
    assert sorted(found(newsroom, "about")) == ["ferry", "tram"]


def test_new_templates_write_no_story_into_the_index_again(newsroom, monkeypatch):
    newsroom.file("tram")
    newsroom.build()
    written = writes(monkeypatch)
    newsroom.config = newsroom.config.override(pages=PagesSettings(embed_hosts=()))
    newsroom.build()
    assert written == []


@pytest.mark.sql
def test_a_retracted_story_and_one_that_is_a_draft_again_are_gone(newsroom):
    for slug in ("tram", "ferry", "bridge"):
        newsroom.file(slug)
    newsroom.build()
    newsroom.retract("tram")
    newsroom.file("ferry", status=Status.DRAFT)
    newsroom.build()
    assert found(newsroom, "about") == ["bridge"]
    newsroom.restore("tram")
    newsroom.build()
    assert sorted(found(newsroom, "about")) == ["bridge", "tram"]


@pytest.mark.sql
def test_an_embargoed_story_is_found_from_its_time_on(newsroom):
    newsroom.file("tram", date=LATER)
    newsroom.build(at=LATER - timedelta(minutes=1))
    assert found(newsroom, "tram") == []
    newsroom.build(at=LATER)
    assert found(newsroom, "tram") == ["tram"]
    newsroom.build(at=LATER - timedelta(minutes=1), trial=True)
    assert found(newsroom, "tram") == []


def test_matches_in_headlines_come_first_and_newer_ones_where_scores_are_near(newsroom):
    body = "<p>" + "Not it. " * 5 + "</p>"
    old, new = NOON - timedelta(days=900), NOON
    newsroom.file("in-body", title="Y", body=f"{body}<p>tram</p>", date=new)
    newsroom.file("old-headline", title="A tram", body=body, date=old)
    newsroom.file("new-headline", title="A tram", body=body, date=new)
    newsroom.file("in-tags", title="X", body=body, tags=("tram",), date=new)
    newsroom.build()
    assert found(newsroom, "tram") == ["new-headline", "old-headline", "in-tags", "in-body"]
    assert found(newsroom, "tram", by_date=True)[-1] == "old-headline"


def test_a_section_and_a_time_narrow_what_is_found(newsroom):
    newsroom.file("tram", section="City", date=NOON - timedelta(days=9))
    newsroom.file("ferry", section="Islands", date=NOON)
    newsroom.build()
    assert found(newsroom, "about", section="/sections/city/") == ["tram"]
    assert found(newsroom, "about", since=NOON - timedelta(days=1)) == ["ferry"]
    assert found(newsroom, "about -tram", section="/sections/city/") == []


def test_the_last_word_is_found_where_it_begins_a_longer_one_and_all_if_nothing_else_is(newsroom):
    newsroom.file("hafen", title="Hafenrundfahrten im Nebel")
    newsroom.build()
    for query in ("hafen", "nebel hafenrund", "hafen nebel", "HAFENRUNDFAHRTEN"):
        assert found(newsroom, query) == ["hafen"]
    assert found(newsroom, "rundfahrt") == []


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("東京", "大東京都の海"),
        ("海", "大東京都の海に"),
        ("서울", "서울에서 온 편지"),
        ("กรุงเทพ", "ข่าวจากกรุงเทพมหานคร"),
        ("ميناء", "الميناء القديم"),
        ("μάιος", "ΜΆΙΟΣ"),
    ],
)
def test_stories_of_any_script_are_found(newsroom, query, title):
    newsroom.file("tram", title=title)
    newsroom.build()
    assert found(newsroom, query) == ["tram"]


@pytest.mark.parametrize(
    "query", ['"', "*", "NEAR(a, b)", "a AND", "title:x", "x" * 10_000, "a\0b", "{title}: a", "^a"]
)
def test_no_query_is_an_error(newsroom, query):
    newsroom.file("tram")
    newsroom.build()
    assert found(newsroom, query) == []


def test_where_very_much_matches_the_newest_and_those_in_headlines_are_ranked(
    newsroom, monkeypatch
):
    monkeypatch.setattr(search_index, "MAX_FOUND", 3)
    newsroom.file("oldest", title="A tram", date=NOON - timedelta(days=90))
    for day in range(5):
        newsroom.file(f"day-{day}", title="X", body="<p>tram</p>", date=NOON - timedelta(days=day))
    newsroom.build()
    assert found(newsroom, "tram") == ["oldest", "day-0", "day-1", "day-2"]


def test_stories_of_the_same_minute_are_all_found(newsroom):
    for number in range(30):
        newsroom.file(f"note-{number}", body="<p>tram</p>", date=NOON)
    newsroom.build()
    assert len(found(newsroom, "tram")) == 30
    newsroom.file("note-7", body="<p>tram again</p>", date=NOON)
    newsroom.build()
    assert found(newsroom, "again") == ["note-7"]
    assert len(found(newsroom, "tram")) == 30


@pytest.mark.parametrize("damage", ["lost", "empty", "no database", "torn", "other rules"])
def test_an_index_that_is_lost_or_damaged_is_made_again(newsroom, damage):
    newsroom.file("tram")
    newsroom.build()
    file = newsroom.config.output / SEARCH_NAME
    if damage == "lost":
        file.unlink()
    elif damage == "other rules":
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE state SET rules = 'old'")
    else:
        data = file.read_bytes()
        torn = data[:5000] + b"\xff" * (len(data) - 5000)
        file.write_bytes({"empty": b"", "no database": b"x" * 9000, "torn": torn}[damage])
    newsroom.file("ferry")
    newsroom.build()
    assert sorted(found(newsroom, "about")) == ["ferry", "tram"]


def test_what_a_killed_build_wrote_is_written_by_the_next(newsroom, monkeypatch):
    newsroom.file("tram")
    newsroom.build()
    newsroom.file("ferry")

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SearchIndex, "finish", die)
        with pytest.raises(KeyboardInterrupt):
            newsroom.build()
    assert found(newsroom, "about") == ["tram"]
    newsroom.build()
    assert sorted(found(newsroom, "about")) == ["ferry", "tram"]


def test_readers_search_the_old_index_until_the_new_one_is_whole(newsroom, monkeypatch):
    newsroom.file("tram")
    newsroom.build()
    seen = []
    write = search_update._write

    def look(*arguments):
        write(*arguments)
        seen.append(found(newsroom, "about"))

    monkeypatch.setattr(search_update, "_write", look)
    newsroom.build(everything=True)
    assert seen == [["tram"]]
    assert not list(newsroom.config.output.glob(f"{SEARCH_NAME}.new*"))


def test_a_failure_of_the_index_is_reported_and_stops_no_build(newsroom):
    newsroom.file("tram")
    (newsroom.config.output / SEARCH_NAME).mkdir(parents=True)
    with pytest.raises(AssertionError, match=r"\.search\.sqlite"):
        newsroom.build()
    assert "articles/tram/index.html" in newsroom.files()


def test_without_a_search_there_is_no_index(newsroom):
    newsroom.file("tram")
    newsroom.build()
    newsroom.config = newsroom.config.override(web=WebSettings(search=False))
    newsroom.build()
    assert not list(newsroom.config.output.glob(f"{SEARCH_NAME}*"))
    assert "opensearch.xml" not in newsroom.files()
    assert b"opensearch" not in newsroom.files()["index.html"]


def test_the_index_is_no_file_of_the_output(newsroom):
    newsroom.file("tram")
    newsroom.build()
    assert (newsroom.config.output / SEARCH_NAME).is_file()
    assert SEARCH_NAME not in newsroom.manifest()
