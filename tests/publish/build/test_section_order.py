"""The stories with which a page ends: those before it in its section, and what a change touches."""

import re
from datetime import timedelta

import pytest

from syndicate.publish.build.publisher import Publisher
from syndicate.render.pages import ArticlePages
from tests.publish.newsroom import PICTURE, Newsroom
from tests.render.feeds.samples import NOON

pytestmark = pytest.mark.sql


@pytest.fixture
def newsroom(store, publication):
    return filled(Newsroom(store, publication()))


def filled(newsroom):
    """File five stories of a section in the order of their names, and one elsewhere between."""
    for number, slug in enumerate(("a", "b", "c", "d", "e")):
        file(newsroom, slug, date=NOON + timedelta(minutes=number))
    file(newsroom, "x", section="Port", date=NOON + timedelta(minutes=2))
    newsroom.build()
    return newsroom


def file(newsroom, slug, **values):
    return newsroom.file(slug, **{"section": "City", "date": NOON} | values)


def ends(newsroom, slug):
    """The stories with which a page ends, by their slugs."""
    page = newsroom.files()[f"articles/{slug}/index.html"].decode()
    more = page.partition('<section class="more"')[2]
    return re.findall(r'<h3[^>]*><a href="/articles/([^/]+)/', more)


def same_as_anew(newsroom, tmp_path):
    """Whether what is published is what a first build would publish."""
    anew = newsroom.elsewhere(tmp_path / "anew")
    anew.build()
    return newsroom.files() == anew.files()


def test_a_page_ends_with_the_three_stories_before_it_in_its_section(newsroom):
    assert ends(newsroom, "e") == ["d", "c", "b"]
    assert ends(newsroom, "b") == ["a"]
    assert ends(newsroom, "a") == []
    assert ends(newsroom, "x") == []
    amp = newsroom.files()["articles/e/amp/index.html"].decode()
    assert re.findall(r'<h3 dir="auto"><a href="[^"]*/articles/(\w)/">', amp) == ["d", "c", "b"]


def test_a_new_story_touches_no_other_page(newsroom, rendered, tmp_path):
    file(newsroom, "f", date=NOON - timedelta(days=3))
    newsroom.build()
    assert rendered == ["f"]
    assert ends(newsroom, "f") == ["e", "d", "c"]
    assert same_as_anew(newsroom, tmp_path)


def test_a_changed_title_touches_three_pages_and_no_list_of_theirs(newsroom, rendered, tmp_path):
    file(newsroom, "a", title="The quay is open")
    built = newsroom.build()
    assert sorted(rendered) == ["a", "b", "c", "d"]
    assert "The quay is open" in newsroom.files()["articles/d/index.html"].decode()
    assert "The quay is open" not in newsroom.files()["articles/e/index.html"].decode()
    assert "articles/d/index.html" in built.written
    assert same_as_anew(newsroom, tmp_path)


def test_a_withdrawn_story_gives_way_to_the_one_before_it_and_comes_back(newsroom, tmp_path):
    newsroom.retract("c")
    newsroom.build()
    assert ends(newsroom, "e") == ["d", "b", "a"]
    assert same_as_anew(newsroom, tmp_path)
    newsroom.restore("c")
    newsroom.build()
    assert ends(newsroom, "e") == ["d", "c", "b"]


def test_a_story_that_changes_its_section_changes_the_pages_of_both(newsroom, tmp_path):
    file(newsroom, "c", section="PORT")
    newsroom.build()
    assert ends(newsroom, "e") == ["d", "b", "a"]
    assert ends(newsroom, "x") in (["c"], [])
    assert ends(newsroom, "c") in (["x"], [])
    assert ends(newsroom, "c") != ends(newsroom, "x")
    assert same_as_anew(newsroom, tmp_path)


def test_a_new_address_is_followed(newsroom, tmp_path):
    file(newsroom, "d", renamed="delta")
    newsroom.build()
    assert ends(newsroom, "e") == ["delta", "c", "b"]
    assert same_as_anew(newsroom, tmp_path)


def test_stories_in_another_language_stay_among_themselves(newsroom):
    for slug in ("hafen", "boot"):
        file(newsroom, slug, language="de", date=NOON + timedelta(minutes=9))
    file(newsroom, "g", date=NOON + timedelta(minutes=10))
    newsroom.build()
    assert ends(newsroom, "g") == ["e", "d", "c"]
    assert [ends(newsroom, "hafen"), ends(newsroom, "boot")].count([]) == 1


def test_stories_without_a_section_end_with_others_without_one(newsroom):
    for slug in ("p", "q"):
        file(newsroom, slug, section=None, date=NOON + timedelta(minutes=ord(slug)))
        newsroom.build(at=NOON + timedelta(hours=3))
    assert ends(newsroom, "q") == ["p"]
    page = newsroom.files()["articles/q/index.html"].decode()
    assert re.search(r'More from <a href="/latest/"><bdi>[^<]+</bdi></a>', page)


def test_a_story_of_tomorrow_is_nowhere_until_then(newsroom, tmp_path):
    tomorrow = NOON + timedelta(days=1)
    file(newsroom, "t", date=tomorrow)
    file(newsroom, "u", date=NOON + timedelta(minutes=30))
    newsroom.build()
    assert ends(newsroom, "u") == ["e", "d", "c"]
    newsroom.build(at=tomorrow)
    assert ends(newsroom, "t") == ["u", "e", "d"]
    assert ends(newsroom, "u") == ["e", "d", "c"]


def test_a_lost_picture_is_left_out_and_comes_back(newsroom, tmp_path):
    file(newsroom, "d", image=PICTURE)
    newsroom.build()
    shown = f'src="/{PICTURE.src}"'
    assert shown not in newsroom.files()["articles/e/index.html"].decode()
    newsroom.keep_picture()
    newsroom.build()
    assert shown in newsroom.files()["articles/e/index.html"].decode()
    assert same_as_anew(newsroom, tmp_path)


def test_a_story_whose_page_fails_is_not_linked_and_later_is(newsroom, monkeypatch, tmp_path):
    def failing(self, article, compiled, cards):
        if article.slug == "d":
            raise ValueError("no page for this")
        return make(self, article, compiled, cards)

    anew = newsroom.elsewhere(tmp_path / "anew")
    with monkeypatch.context() as patched:
        make = ArticlePages.article
        patched.setattr(ArticlePages, "article", failing)
        publisher = Publisher(anew.store, anew.config)
        assert publisher.publish(NOON + timedelta(hours=1), number=True).failed
        assert ends(anew, "e") == ["c", "b", "a"]
    anew.build()
    assert ends(anew, "e") == ["d", "c", "b"]


@pytest.mark.neighbours
def test_many_stories_end_as_they_would_in_one_process(sqlite_store, publication):
    newsroom = filled(Newsroom(sqlite_store, publication()))
    for number in range(260):
        file(newsroom, f"n{number}", date=NOON + timedelta(minutes=20, seconds=number))
    newsroom.build()
    assert ends(newsroom, "n259") == ["n258", "n257", "n256"]
    assert ends(newsroom, "n0") == ["e", "d", "c"]
