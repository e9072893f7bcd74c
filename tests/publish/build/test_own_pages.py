"""Own pages, the 404 page and the frame around all pages, as a build writes them."""

import json
from typing import Any

import feedparser
import pytest
from lxml import etree

from tests.publish.newsroom import Newsroom
from tests.render.pages.test_article_page import read, text

SECTIONS = {
    "sections": [{"title": "Harbour"}, {"title": "City", "description": "Streets."}],
    "newsletters": [{"name": "daily", "title": "The Daily"}],
    "navigation": {
        "sections": ["City", "Harbour"],
        "links": [{"title": "Shop", "url": "https://shop.example/"}],
        "social": ["https://bsky.app/profile/post.example"],
    },
}


@pytest.fixture
def built(sqlite_store, publication):
    made = Newsroom(sqlite_store, publication(**SECTIONS))
    made.file("quay", section="harbour")
    made.file("tram", section="City")
    return made


def write(built: Newsroom, name: str, head: str, body: str = "We are eleven.") -> None:
    folder = built.config.root / "pages"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"---\n{head}\n---\n{body}\n")


def page(built: Newsroom, path: str) -> Any:
    return read(built.files()[path])


def links(page: Any, within: str) -> list[str]:
    return [a.text_content().strip() for a in page.cssselect(f"{within} a")]


def test_a_page_is_published_and_linked_in_every_foot_if_it_says_so(built):
    write(built, "about.md", "title: About us\nfooter: true\ndescription: Who we are.")
    write(built, "jobs.md", "title: Jobs")
    built.build()
    about = page(built, "about/index.html")
    assert text(about, "h1") == "About us"
    assert about.xpath("//meta[@name='description']/@content") == ["Who we are."]
    assert text(page(built, "jobs/index.html"), ".body p") == "We are eleven."
    for path in ("index.html", "articles/tram/index.html", "articles/tram/amp/index.html"):
        assert "About us" in links(page(built, path), ".imprint")
        assert "Jobs" not in links(page(built, path), ".imprint")
    assert b"/about/</loc>" in built.files()["sitemaps/pages.xml"]


def test_a_changed_text_rewrites_its_page_alone_and_a_changed_title_every_foot(built):
    write(built, "about.md", "title: About us\nfooter: true")
    built.build()
    write(built, "about.md", "title: About us\nfooter: true", "We are twelve.")
    html = [path for path in built.build().written if path.endswith(".html")]
    assert html == ["about/index.html"]
    write(built, "about.md", "title: Of us\nfooter: true")
    assert "articles/tram/index.html" in built.build().written


def test_a_page_that_is_gone_is_deleted(built):
    write(built, "about.md", "title: About us")
    built.build()
    (built.config.root / "pages" / "about.md").unlink()
    built.build()
    assert "about/index.html" not in built.files()


def test_a_page_with_a_mistake_stays_as_it_was_and_is_reported(built):
    write(built, "about.md", "title: About us\nfooter: true")
    built.build()
    write(built, "about.md", "titel: About us")
    summary = built.build()
    assert [str(problem) for problem in summary.warnings] == [
        "pages/about.md:2: titel is unknown; did you mean title?"
    ]
    assert "About us" in links(page(built, "index.html"), ".imprint")
    assert text(page(built, "about/index.html"), "h1") == "About us"


def test_the_head_has_the_editors_sections_and_marks_the_present_one(built):
    built.build()
    for path, current in (
        ("index.html", {}),
        ("sections/city/index.html", {"City": "page"}),
        ("articles/tram/index.html", {"City": "true"}),
        ("articles/quay/index.html", {"Harbour": "true"}),
        ("articles/quay/amp/index.html", {"Harbour": "true"}),
        ("subscribe/index.html", {}),
        ("404.html", {}),
    ):
        found = page(built, path).cssselect(".masthead .sections a")
        assert [a.text for a in found] == ["City", "Harbour", "Shop"], path
        marked = {a.text: a.get("aria-current") for a in found if a.get("aria-current")}
        assert marked == current, path


def test_the_foot_has_sections_newsletters_feeds_networks_and_rights(built):
    built.build()
    foot = page(built, "articles/tram/index.html")
    assert links(foot, ".imprint nav li") == [
        *("Harbour", "City", "The Daily", "RSS", "Atom", "JSON Feed", "Bluesky")
    ]
    assert text(foot, ".rights") == "© Morning Post"


def test_the_feeds_of_sections_are_in_the_editors_order_and_spelling(built):
    built.file("snow", section="Alps")
    built.build()
    assert text(page(built, "sections/harbour/index.html"), "h1") == "Harbour"
    named = page(built, "subscribe/index.html").cssselect(".feeds .name")
    assert [link.text for link in named[1:4]] == ["Harbour", "City", "Alps"]
    outlines = etree.fromstring(built.files()["opml.xml"]).findall("body/outline")
    assert [outline.get("text") for outline in outlines[1:4]] == [
        *("Morning Post: Harbour", "Morning Post: City", "Morning Post: Alps")
    ]


def test_a_story_names_its_section_as_the_editor_spells_it(built):
    built.build()
    story = page(built, "articles/quay/index.html")
    assert text(story, ".story .kicker") == "Harbour"
    assert story.xpath("//meta[@property='article:section']/@content") == ["Harbour"]
    (data,) = story.xpath("//script[@type='application/ld+json']/text()")
    assert json.loads(data)["articleSection"] == "Harbour"
    assert text(page(built, "articles/quay/amp/index.html"), ".story .kicker") == "Harbour"
    cards = page(built, "latest/index.html").cssselect("article .kicker")
    assert sorted(card.text_content() for card in cards) == ["City", "Harbour"]
    entries = feedparser.parse(built.files()["rss.xml"]).entries
    assert sorted(entry.category for entry in entries) == ["City", "Harbour"]


def test_a_new_story_rewrites_the_page_of_no_other(built):
    built.build()
    built.file("crane", section="Cranes")
    written = [path for path in built.build().written if path.startswith("articles/")]
    assert {path.split("/")[1] for path in written} == {"crane"}


def test_search_is_offered_where_a_web_server_shows_it(built, sqlite_store, publication):
    built.build()
    home = page(built, "index.html")
    assert home.cssselect(".search")[0].get("href") == f"{built.config.web_url}/search"
    static = Newsroom(sqlite_store, publication(web={"search": False}))
    static.build()
    assert not page(static, "index.html").cssselect(".search")
    assert not page(static, "404.html").cssselect("form")


def test_the_404_page_has_the_five_newest_and_a_search(built):
    for number in range(6):
        built.file(f"story-{number}")
    built.build()
    lost = page(built, "404.html")
    assert lost.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert len(lost.cssselect(".recent li")) == 5
    assert lost.cssselect("form[role=search] input[name=q]")


def test_icons_are_at_the_addresses_that_browsers_ask_for(built):
    built.build()
    assert built.files()["favicon.ico"].startswith(b"\0\0\1\0")
    assert built.files()["apple-touch-icon.png"].startswith(b"\x89PNG")
    assert not [path for path in built.build().written if path.endswith((".ico", ".png"))]
    head = page(built, "index.html")
    assert head.xpath("//link[@rel='icon']/@href") == ["/favicon.ico"]
    schemes = head.xpath("//meta[@name='theme-color']/@media")
    assert schemes == ["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"]


def test_a_section_without_a_story_has_a_page_since_every_head_links_to_it(
    sqlite_store, publication
):
    built = Newsroom(sqlite_store, publication(**SECTIONS))
    built.file("tram", section="City")
    built.build()
    path = "sections/harbour/index.html"
    assert text(page(built, path), "h1") == "Harbour"
    assert path not in built.build().written
    built.file("quay", section="Harbour")
    built.build()
    assert page(built, path).cssselect("main .teaser")
    built.retract("tram")
    built.build()
    assert not page(built, "sections/city/index.html").cssselect("main .teaser")


def test_a_section_can_be_followed_before_it_has_a_story_and_after_it_has_lost_them(
    sqlite_store, publication
):
    built = Newsroom(sqlite_store, publication(**SECTIONS))
    built.build()
    harbour = "sections/harbour/"
    feeds = [
        link.get("href")[1:] for link in page(built, f"{harbour}index.html").cssselect(".formats a")
    ]
    assert feeds == [f"{harbour}{file}" for file in ("rss.xml", "atom.xml", "feed.json")]

    def followed() -> list[tuple[str, list[str]]]:
        files = built.files()
        rss, atom = (feedparser.parse(files[path]) for path in feeds[:2])
        assert (rss.bozo, atom.bozo) == (False, False)
        own = json.loads(files[feeds[2]])
        return [
            (rss.feed.title, [entry.title for entry in rss.entries]),
            (atom.feed.id, [entry.title for entry in atom.entries]),
            (own["title"], [item["title"] for item in own["items"]]),
        ]

    empty = followed()
    assert [titles for _, titles in empty] == [[]] * 3
    assert not [path for path in built.build().written if path.startswith(harbour)]
    built.file("quay", section="Harbour")
    built.build()
    assert followed() == [(name, ["Quay"]) for name, _ in empty]
    built.retract("quay")
    built.build()
    assert followed() == [(name, ["[withdrawn] Quay"]) for name, _ in empty]
    rebuilt = built.build(everything=True)
    assert not [path for path in rebuilt.written if path.startswith(harbour)]
