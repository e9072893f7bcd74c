"""The build: from the store to the files that readers get."""

import gzip
import json
from datetime import timedelta

import brotli
import feedparser
import pytest

from syndicate.config.sections.publishing import PublishSettings
from syndicate.model.articles import Sponsor
from syndicate.publish.build import entry_fragments
from syndicate.publish.build.publisher import Publisher
from syndicate.render.pages import ArticlePages
from syndicate.store import Store
from tests.publish.newsroom import PICTURE, Newsroom, is_twin
from tests.render.feeds.samples import NOON

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def newsroom(sqlite_store, publication):
    return Newsroom(sqlite_store, publication(publication={"url": "https://news.example"}))


def titles(newsroom):
    feed = json.loads(newsroom.files()["feed.json"])
    return [item["title"] for item in feed["items"]]


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
    assert titles(newsroom) == ["Tram"]


def test_pictures_come_before_pages_and_feeds_after_them(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", image=PICTURE)
    written = newsroom.build().written
    order = [
        PICTURE.src,
        "articles/tram/index.html",
        "latest/index.html",
        "index.html",
        "rss.xml",
        "atom.xml",
        "feed.json",
        "subscribe/index.html",
        "opml.xml",
        "robots.txt",
    ]
    assert sorted(order, key=written.index) == order


def test_a_second_build_writes_nothing(newsroom):
    newsroom.file("tram", section="City")
    first = newsroom.build()
    again = newsroom.build()
    assert (again.written, again.deleted) == ([], [])
    assert again.unchanged < len(first.written)
    everything = newsroom.build(everything=True)
    assert (everything.written, everything.deleted) == ([], [])
    assert everything.unchanged == len(first.written)


def test_two_builds_of_one_store_are_the_same_bytes(newsroom, publication, tmp_path):
    newsroom.file("tram", section="City", breaking=True, tags=("b", "a"))
    newsroom.file("quay")
    newsroom.build()
    (tmp_path / "elsewhere").mkdir()
    other = newsroom.config.override(root=tmp_path / "elsewhere")
    Newsroom(newsroom.store, other).build()
    assert Newsroom(newsroom.store, other).files() == newsroom.files()


def test_caches_that_are_too_small_leave_nothing_out(newsroom, tmp_path, monkeypatch):
    for slug in ("tram", "quay", "ferry"):
        newsroom.file(slug, section="City")
    newsroom.build()
    monkeypatch.setattr(entry_fragments, "_ENTRY_CACHE_SIZE", 1)
    monkeypatch.setattr(entry_fragments, "_TEASER_CACHE_SIZE", 1)
    (tmp_path / "elsewhere").mkdir()
    other = newsroom.config.override(root=tmp_path / "elsewhere")
    Newsroom(newsroom.store, other).build()
    assert Newsroom(newsroom.store, other).files() == newsroom.files()


def test_an_empty_store_filled_again_has_the_same_feed(newsroom, tmp_path):
    newsroom.file("tram", date=NOON)
    newsroom.build()
    refilled = Store.open(f"sqlite:///{tmp_path}/again.db")
    (tmp_path / "again").mkdir()
    other = Newsroom(refilled, newsroom.config.override(root=tmp_path / "again"))
    other.file("tram", date=NOON, at=NOON + timedelta(days=7))
    other.build(at=NOON + timedelta(days=8))
    refilled.close()
    assert other.files()["rss.xml"] == newsroom.files()["rss.xml"]


def test_what_was_changed_by_hand_or_is_missing_is_put_right_when_all_is_made(newsroom):
    newsroom.file("tram")
    newsroom.build()
    before = newsroom.files()
    (newsroom.config.output / "articles/tram/index.html").write_text("mine now")
    (newsroom.config.output / "rss.xml").unlink()
    assert newsroom.build().written == []
    assert newsroom.build(everything=True).written == ["articles/tram/index.html", "rss.xml"]
    assert newsroom.files() == before


def test_a_picture_changed_by_hand_is_put_right_and_the_kept_one_is_unharmed(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", image=PICTURE)
    newsroom.build()
    (newsroom.config.output / PICTURE.src).write_bytes(b"scribble")
    assert newsroom.build(everything=True).written == [PICTURE.src]
    assert (newsroom.config.root / PICTURE.src).read_bytes() == b"picture"


def test_a_picture_inside_a_body_goes_into_the_output(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", body=f'<p><img src="{PICTURE.src}" alt=""/></p>')
    assert PICTURE.src in newsroom.build().written


def test_the_logo_of_a_sponsor_goes_into_the_output_and_a_missing_one_leaves_the_name(newsroom):
    newsroom.file("tram", sponsor=Sponsor(name="Orsk", logo=PICTURE))
    assert PICTURE.src not in newsroom.build().written
    page = newsroom.files()["articles/tram/index.html"].decode()
    assert "Paid for by <bdi>Orsk</bdi>" in page
    assert PICTURE.src not in page
    newsroom.keep_picture()
    newsroom.file("ferry", sponsor=Sponsor(name="Orsk", logo=PICTURE))
    assert PICTURE.src in newsroom.build().written
    assert PICTURE.src in newsroom.files()["articles/ferry/index.html"].decode()


def test_a_picture_that_is_not_there_is_a_warning(newsroom):
    newsroom.file("tram", image=PICTURE)
    built = newsroom.build()
    (warning,) = built.warnings
    assert str(warning).startswith(
        f"media: 1 file is missing, loaded by 1 article (such as {PICTURE.src} in articles/tram.md)"
    )
    assert titles(newsroom) == ["Tram"]


def test_a_picture_that_is_not_there_is_in_no_feed(newsroom):
    newsroom.file("tram", body=f'<p>It is off the rails. <img src="{PICTURE.src}" alt=""/></p>')
    newsroom.build()
    (item,) = json.loads(newsroom.files()["feed.json"])["items"]
    assert "off the rails" in item["content_html"]
    assert PICTURE.src not in item["content_html"]


@pytest.fixture
def logo(tmp_path):
    """A picture beside config.toml."""
    path = tmp_path / "art" / "Logo.PNG"
    path.parent.mkdir()
    path.write_bytes(b"logo")
    return path


@pytest.fixture
def branded(sqlite_store, publication, logo):
    """A newsroom whose publication has that logo."""
    return Newsroom(
        sqlite_store, publication(publication={"logo": logo.relative_to(logo.parents[1])})
    )


def test_the_logo_is_there_before_what_names_it(branded):
    branded.keep_picture()
    branded.file("tram", image=PICTURE)
    written = branded.build().written
    assert branded.files()["assets/logo.png"] == b"logo"
    assert written.index("assets/logo.png") < written.index(PICTURE.src)
    feed = json.loads(branded.files()["feed.json"])
    assert feed["icon"] == f"{branded.config.url}/assets/logo.png"


def test_a_logo_that_was_drawn_anew_is_written_with_the_share_card_that_shows_it(branded, logo):
    def card() -> set[str]:
        return {path for path in branded.files() if path.startswith("assets/share-card.")}

    branded.build()
    before = card()
    logo.write_bytes(b"new logo")
    written = branded.build().written
    assert {"assets/logo.png", *(card() - before), "index.html"} <= set(written)
    assert card() != before


def test_a_logo_that_has_vanished_is_a_warning_and_the_old_one_stays(branded, logo):
    branded.build()
    logo.unlink()
    built = branded.build()
    assert [str(warning) for warning in built.warnings] == [
        f"publication.logo: the picture {logo} is missing"
    ]
    assert branded.files()["assets/logo.png"] == b"logo"
    assert [path.partition(".")[0] for path in built.deleted] == ["assets/share-card"]


def test_a_flash_rewrites_no_page_of_another_article(newsroom):
    newsroom.file("tram")
    newsroom.build()
    newsroom.file("flash", breaking=True)
    written = newsroom.build().written
    assert "breaking.html" in written
    assert "articles/tram/index.html" not in written
    assert "articles/tram/amp/index.html" not in written


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
    assert titles(newsroom) == []


def test_an_article_with_a_date_to_come_appears_when_it_has_come(newsroom):
    newsroom.file("tomorrow", date=LATER + timedelta(days=1))
    assert newsroom.build().articles == 0
    assert newsroom.build(at=LATER + timedelta(days=1)).articles == 1
    assert titles(newsroom) == ["Tomorrow"]


def test_a_feed_holds_the_newest_articles_as_many_as_configured(sqlite_store, publication):
    newsroom = Newsroom(sqlite_store, publication(syndication={"items": 2}))
    for day in (1, 3, 2):
        newsroom.file(f"day-{day}", date=NOON - timedelta(days=9 - day))
    newsroom.build()
    assert titles(newsroom) == ["Day-3", "Day-2"]


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


@pytest.fixture
def pages_made(monkeypatch) -> list[str]:
    """The slugs of the articles whose page or AMP page was made."""
    made: list[str] = []

    def noting(make):
        def article(self, one, galley, cards):
            made.append(one.slug)
            return make(self, one, galley, cards)

        return article

    for page in (ArticlePages.article, ArticlePages.amp):
        monkeypatch.setattr(ArticlePages, page.__name__, noting(page))
    return made


def test_the_pages_of_an_article_that_stayed_the_same_are_not_made_again(newsroom, pages_made):
    newsroom.file("tram", section="City")
    newsroom.file("ferry", section="Port")
    newsroom.build()
    assert sorted(pages_made) == ["ferry", "ferry", "tram", "tram"]
    pages_made.clear()
    newsroom.file("ferry", section="Port", body="<p>Afloat.</p>")
    newsroom.build()
    assert pages_made == ["ferry", "ferry"]


def test_pages_are_made_again_when_config_or_templates_changed(
    sqlite_store, publication, pages_made
):
    newsroom = Newsroom(sqlite_store, publication())
    newsroom.file("tram")
    newsroom.build()
    pages_made.clear()
    newsroom.config = publication(publication={"title": "Evening Post"})
    newsroom.build()
    assert pages_made == ["tram", "tram"]
    pages_made.clear()
    own = newsroom.config.templates / "page"
    own.mkdir(parents=True)
    (own / "withdrawn.html").write_text("Ours")
    newsroom.build()
    assert pages_made == ["tram", "tram"]
    pages_made.clear()
    newsroom.build()
    assert pages_made == []


def test_pictures_stay_where_all_is_made_anew(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", image=PICTURE)
    newsroom.build()
    built = newsroom.build(everything=True)
    assert (built.written, built.deleted) == ([], [])
    assert newsroom.files()[PICTURE.src] == b"picture"


def test_a_picture_that_no_article_shows_any_more_goes(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", image=PICTURE)
    newsroom.file("quay", image=PICTURE)
    newsroom.build()
    newsroom.file("tram")
    assert PICTURE.src not in newsroom.build().deleted
    newsroom.retract("quay")
    assert PICTURE.src in newsroom.build().deleted


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


def test_pages_stay_compressed_from_build_to_build_once_they_are(newsroom):
    config = newsroom.config.override(publish=PublishSettings(compress=False))
    newsroom.file("tram")
    Publisher(newsroom.store, config).publish(LATER, number=True)
    page = "articles/tram/index.html.br"
    assert page not in newsroom.everything()
    Publisher(newsroom.store, config, compress=True).publish(LATER, number=True)
    assert brotli.decompress(newsroom.everything()[page])
    newsroom.file("tram", title="Tram again")
    Publisher(newsroom.store, config).publish(LATER, number=True)
    assert b"Tram again" in brotli.decompress(newsroom.everything()[page])
    Publisher(newsroom.store, config, compress=False).publish(LATER, number=True)
    assert page not in newsroom.everything()


def test_one_publisher_goes_on_where_another_built_meanwhile(newsroom):
    publisher = Publisher(newsroom.store, newsroom.config)
    newsroom.file("tram", tags=("red",))
    publisher.publish(LATER, number=True)
    newsroom.file("tram")
    newsroom.build()
    newsroom.file("quay", tags=("red",))
    assert publisher.publish(LATER, number=True).failed == []
    assert "tags/red/index.html" in newsroom.files()
