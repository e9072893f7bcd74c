"""The build: from the store to the files that readers get."""

import gzip
from datetime import timedelta

import brotli
import feedparser

from syndicate.publish.build.publisher import Publisher
from tests.publish.newsroom import PICTURE, Newsroom, is_twin
from tests.render.feeds.samples import NOON

LATER = NOON + timedelta(hours=1)


def test_an_article_is_in_pages_lists_and_feeds(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", section="City", image=PICTURE)
    built = newsroom.build()
    made = newsroom.files()
    for path in (
        "index.html",
        "breaking.html",
        "sections/city/index.html",
        "articles/tram/index.html",
        "articles/tram/amp/index.html",
        "rss.xml",
        "atom.xml",
        "feed.json",
        PICTURE.src,
    ):
        assert path in made
    assert made[PICTURE.src] == b"picture"
    assert set(built.written) == set(newsroom.everything()) == set(newsroom.manifest())
    assert (built.articles, built.unchanged, built.deleted) == (1, 0, [])
    assert newsroom.titles() == ["Tram"]


def test_a_retracted_article_says_so_at_its_address_and_is_nowhere_else(newsroom):
    newsroom.file("tram", section="City")
    newsroom.file("quay")
    newsroom.build()
    newsroom.retract("tram")
    built = newsroom.build()
    assert [path for path in built.deleted if not is_twin(path)] == [
        "articles/tram/amp/index.html",
        "sections/city/atom.xml",
        "sections/city/feed.json",
        "sections/city/index.html",
        "sections/city/rss.xml",
    ]
    entry = newsroom.manifest()["articles/tram/index.html"]
    assert entry.status == 410
    made = newsroom.files()
    for path in ("articles/tram/index.html", "rss.xml", "atom.xml", "feed.json"):
        assert b"About tram" not in made[path]
    for path in ("index.html", "latest/index.html", "sitemaps/articles-1.xml"):
        assert b"/articles/tram/" not in made[path]


def test_an_old_slug_leads_to_the_new_one(newsroom):
    newsroom.file("tram")
    newsroom.build()
    newsroom.file("tram", renamed="harbour-tram")
    newsroom.build()
    entry = newsroom.manifest()["articles/tram/index.html"]
    assert (entry.status, entry.location) == (301, "/articles/harbour-tram/")
    made = newsroom.files()
    assert b"/articles/harbour-tram/" in made["articles/tram/index.html"]
    assert feedparser.parse(made["rss.xml"]).entries[0].id == "urn:test:tram"


def test_an_old_slug_of_what_is_not_public_yet_gives_nothing_away(newsroom):
    newsroom.file("secret", date=LATER + timedelta(days=1))
    newsroom.file("secret", renamed="still-secret", date=LATER + timedelta(days=1))
    newsroom.build()
    assert not [path for path in newsroom.files() if "secret" in path]
    assert newsroom.titles() == []


def test_an_article_with_a_date_to_come_appears_when_it_has_come(newsroom):
    newsroom.file("tomorrow", date=LATER + timedelta(days=1))
    assert newsroom.build().articles == 0
    assert newsroom.build(at=LATER + timedelta(days=1)).articles == 1
    assert newsroom.titles() == ["Tomorrow"]


def test_a_feed_holds_the_newest_articles_as_many_as_configured(sqlite_store, publication):
    newsroom = Newsroom(sqlite_store, publication(syndication={"items": 2}))
    for day in (1, 3, 2):
        newsroom.file(f"day-{day}", date=NOON - timedelta(days=9 - day))
    newsroom.build()
    assert newsroom.titles() == ["Day-3", "Day-2"]


def test_without_amp_there_are_no_amp_pages(sqlite_store, publication):
    newsroom = Newsroom(sqlite_store, publication(amp={"enabled": False}))
    newsroom.file("tram")
    newsroom.build()
    assert not [path for path in newsroom.files() if "amp/" in path]


def test_numbers_are_given_only_when_asked_for(newsroom):
    newsroom.file("tram")
    Publisher(newsroom.store, newsroom.config).publish(LATER, number=False)
    with newsroom.store.read() as tx:
        assert tx.articles.newest_number() == 0
    newsroom.build()
    with newsroom.store.read() as tx:
        assert tx.articles.newest_number() == 1


def test_twins_hold_what_they_are_twins_of_and_go_with_it(newsroom):
    newsroom.file("tram", tags=("red",))
    newsroom.build()
    made = newsroom.everything()
    twins = [path for path in made if is_twin(path)]
    assert {"rss.xml.gz", "tags/red/index.html.br", "sitemap.xml.gz"} <= set(twins)
    for path in twins:
        unpack = gzip.decompress if path.endswith(".gz") else brotli.decompress
        assert unpack(made[path]) == made[path.rpartition(".")[0]]
    newsroom.file("tram")
    newsroom.build()
    assert not [path for path in newsroom.everything() if path.startswith("tags/")]
