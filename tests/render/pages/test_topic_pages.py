"""Pages of every selection, and what leads to them."""

from pathlib import Path

import pytest

from syndicate.config.sections.publication import ThemeSettings
from syndicate.model.articles import Person
from syndicate.render import addresses
from syndicate.render.pages import ArticlePages, ListPages, PageFrame
from syndicate.render.templates import Templates
from syndicate.render.topics import TopicKind
from tests import checkers
from tests.render.pages import sample_publication
from tests.render.pages.list_samples import ADA, listing
from tests.render.pages.test_article_page import read, text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (TopicKind.TAG, "Tag"),
        (TopicKind.AUTHOR, "Author"),
        (TopicKind.FEED, "Feed"),
        (TopicKind.SECTION, ""),
    ],
)
def test_a_listing_says_of_what_kind_it_is(lists: ListPages, kind: TopicKind, said: str) -> None:
    page = read(listing(lists, kind=kind))
    assert text(page, ".kind") == said
    assert text(page, "h1") == "river"


def test_a_page_of_older_stories_tells_dates_in_full_and_has_no_strip(lists: ListPages) -> None:
    page = read(listing(lists, number=3, newer="/tags/river/", older="/x/"))
    assert text(page, ".teaser time").startswith("November 24, 2026")
    assert text(page, ".pager").split() == ["Newer", "stories", "Page", "3", "Older", "stories"]
    assert [a.get("href") for a in page.cssselect("a[rel=prev], a[rel=next]")] == [
        "/tags/river/",
        "/x/",
    ]
    assert "Page 3" in text(page, "title")
    assert [a.get("href") for a in page.cssselect("h1 a")] == ["/tags/river/"]
    assert page.xpath("//link[@rel='canonical']/@href") == [
        "https://post.example/tags/river/page/3/"
    ]
    assert not page.cssselect(".breaking")


def test_an_authors_page_has_their_place_and_address_on_the_web(lists: ListPages) -> None:
    stories = [
        sample_publication.article(authors=(ADA,)),
        sample_publication.article(authors=(ADA,)),
    ]
    page = read(listing(lists, kind=TopicKind.AUTHOR, name="Ada Lind", stories=stories, person=ADA))
    assert text(page, ".place") == "Kiel"
    assert [a.get("href") for a in page.cssselect("[rel=me]")] == ["https://ada.example/"]
    bad = Person(name="Ada Lind", url="javascript:alert(1)")
    page = read(listing(lists, kind=TopicKind.AUTHOR, name="Ada Lind", person=bad))
    assert not page.cssselect(".site")


def test_an_article_leads_to_its_authors_and_tags(pages: ArticlePages) -> None:
    page = read(pages.article(sample_publication.edition()[0]))
    assert [a.get("href") for a in page.cssselect(".byline a[rel=author]")] == [
        "/authors/helene-okafor/",
        "/authors/tomas-reuter/",
    ]
    assert [a.get("href") for a in page.cssselect(".tags a")] == ["/tags/river/", "/tags/dam/"]


def test_an_article_names_its_translations_to_readers_and_to_machines(pages: ArticlePages) -> None:
    translations = {"en": "dam", "fr": "https://fr.example/", "de": "damm"}
    page = read(pages.article(sample_publication.article(slug="dam", translations=translations)))
    assert text(page, ".translations") == "Also in: Deutsch, français"
    links = page.xpath("//head/link[@hreflang]")
    assert {link.get("hreflang"): link.get("href") for link in links} == {
        "en": "https://post.example/articles/dam/",
        "de": "https://post.example/articles/damm/",
        "fr": "https://fr.example/",
    }


@pytest.mark.neighbours
def test_the_masthead_shows_a_logo_for_each_ground(tmp_path: Path) -> None:
    theme = ThemeSettings(masthead="logo", logo=Path("a.svg"), logo_dark=Path("b.svg"))
    config = sample_publication.config(tmp_path).override(theme=theme)
    page = read(ArticlePages(PageFrame(config, Templates())).article(sample_publication.article()))
    (logo,) = page.cssselect(".nameplate img")
    assert (logo.get("src"), logo.get("alt")) == ("/assets/masthead.svg", "The Harbour Post")
    assert page.cssselect(".nameplate source")[0].get("srcset") == "/assets/masthead-dark.svg"
    themes = (theme, theme.model_copy(update={"logo_dark": None}))
    amp = [
        ArticlePages(PageFrame(config.override(theme=shown), Templates())).amp(
            sample_publication.article()
        )
        for shown in themes
    ]
    assert checkers.amp(amp) == [[], []]
    assert [address for _, address, _ in addresses.logos(config)] == [
        "/assets/masthead.svg",
        "/assets/masthead-dark.svg",
    ]
