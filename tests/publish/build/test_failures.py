"""What can't be rendered is named, and the rest is built."""

from datetime import timedelta

import pytest

from syndicate.publish.build import entry_fragments
from syndicate.publish.build.publisher import Publisher
from syndicate.render.feeds.entries import build_entry
from syndicate.render.pages import ArticlePages
from tests.render.feeds.samples import NOON

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def stumbling(monkeypatch):
    """Make the pages of articles whose title begins with "Bad" fail."""

    def stumble(article_page):
        def page(self, article, galley, cards):
            if article.title.startswith("Bad"):
                raise ValueError("no page for this")
            return article_page(self, article, galley, cards)

        return page

    monkeypatch.setattr(ArticlePages, "article", stumble(ArticlePages.article))


@pytest.fixture
def stumbling_feeds(monkeypatch):
    """Make the entries of articles whose title begins with "Bad" fail."""

    def stumble(config, article, body, **options):
        if article.title.startswith("Bad"):
            raise ValueError("no entry for this")
        return build_entry(config, article, body, **options)

    monkeypatch.setattr(entry_fragments, "build_entry", stumble)


@pytest.mark.usefixtures("stumbling")
def test_an_article_that_cannot_be_rendered_is_left_out_and_told(newsroom):
    newsroom.file("bad")
    newsroom.file("tram")
    built = Publisher(newsroom.store, newsroom.config).publish(LATER, number=True)
    assert [str(problem) for problem in built.failed] == [
        "articles/bad/index.html: no page for this"
    ]
    assert newsroom.titles() == ["Tram"]
    assert not [path for path in newsroom.files() if "/bad/" in path]


@pytest.mark.usefixtures("stumbling")
def test_an_article_that_can_no_longer_be_rendered_stays_as_it_was(newsroom):
    newsroom.file("tram", title="Good")
    newsroom.build()
    page = newsroom.files()["articles/tram/index.html"]
    newsroom.file("tram", title="Bad now")
    built = Publisher(newsroom.store, newsroom.config).publish(LATER, number=True)
    assert len(built.failed) == 1
    assert newsroom.files()["articles/tram/index.html"] == page
    assert newsroom.titles() == ["Bad now"]


@pytest.mark.usefixtures("stumbling")
def test_the_twins_of_a_page_that_can_no_longer_be_rendered_stay_as_well(newsroom):
    newsroom.file("tram", title="Good")
    publisher = Publisher(newsroom.store, newsroom.config, compress=True)
    publisher.publish(LATER, number=True)
    twins = {path for path in newsroom.everything() if path.startswith("articles/tram/index.html.")}
    assert len(twins) == 2
    newsroom.file("tram", title="Bad now")
    built = publisher.publish(LATER, number=True)
    assert built.failed
    assert twins <= newsroom.everything().keys()


def test_a_withdrawal_that_cannot_be_rendered_still_takes_the_article_away(newsroom):
    newsroom.file("tram")
    newsroom.build()
    newsroom.retract("tram")
    broken = newsroom.config.templates / "page" / "withdrawn.html"
    broken.parent.mkdir(parents=True)
    broken.write_text("{{ nobody.knows }}")
    built = Publisher(newsroom.store, newsroom.config).publish(LATER, number=True)
    assert len(built.failed) == 1
    assert "articles/tram/index.html" in built.deleted


def test_a_template_that_is_broken_is_named_and_the_feeds_go_on(newsroom):
    newsroom.file("tram")
    newsroom.build()
    broken = newsroom.config.templates / "page" / "home.html"
    broken.parent.mkdir(parents=True)
    broken.write_text("\n{{ nobody.knows }}")
    newsroom.file("quay")
    home = newsroom.files()["index.html"]
    built = Publisher(newsroom.store, newsroom.config).publish(LATER, number=True)
    (problem,) = built.failed
    assert problem.where == "index.html"
    assert problem.message.startswith("page/home.html:2: ")
    assert newsroom.files()["index.html"] == home
    assert "Quay" in newsroom.titles()


@pytest.mark.usefixtures("stumbling_feeds")
def test_an_article_that_feeds_cannot_have_is_reported_once_for_all_of_them(newsroom):
    newsroom.file("bad", section="City", tags=("ships", "quays"))
    newsroom.file("tram", section="City")
    built = Publisher(newsroom.store, newsroom.config).publish(LATER, number=True)
    assert [problem.message for problem in built.failed] == [
        "left out of the feeds: no entry for this"
    ]
    assert newsroom.titles() == ["Tram"]
