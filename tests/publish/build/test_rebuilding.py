"""Build after build: what is made again, what stays, and that both are the same in the end."""

from datetime import timedelta

import brotli
import pytest

from syndicate.config.sections.publishing import PublishSettings
from syndicate.publish.build import entry_fragments
from syndicate.publish.build.publisher import Publisher
from syndicate.render.pages import ArticlePages
from syndicate.store import Store
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

LATER = NOON + timedelta(hours=1)


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


def test_a_flash_rewrites_no_page_of_another_article(newsroom):
    newsroom.file("tram")
    newsroom.build()
    newsroom.file("flash", breaking=True)
    written = newsroom.build().written
    assert "breaking.html" in written
    assert "articles/tram/index.html" not in written
    assert "articles/tram/amp/index.html" not in written


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
