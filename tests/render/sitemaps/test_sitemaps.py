"""Sitemaps: which pages there are, which are new, and what is news."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.config import Config
from syndicate.model.articles import Article, Figure
from syndicate.render import topics
from syndicate.render.sitemaps import Sitemaps, newest_change
from tests.render.feeds.samples import NOON, TRAM, an_article
from tests.render.sitemaps.schema import complaints
from tests.shared_folder import needs_shared

NAMES = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "i": "http://www.google.com/schemas/sitemap-image/1.1",
    "n": "http://www.google.com/schemas/sitemap-news/0.9",
}
HOST = "https://news.example"
HOSTILE = [
    "ends the CDATA ]]> and goes on",
    "AT&amp;T, AT&amp;amp;T, AT&T",
    "</news:title></url><!-- <script>",
    "bell\x07 null\x00 escape\x1b[31m",
    "lone \ud800 surrogate, \ufffe and \uffff",
    "two\nlines\r\nand\ttabs",
    "👩‍👩‍👧 שלום \u202eright to left",
    "\x00",
    "",
]


def a_config(**publication: object) -> Config:
    given = {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post", "url": HOST}
    return Config.model_validate({"publication": given | publication, "root": Path("/nowhere")})


CONFIG = a_config()


def files(articles: Sequence[Article], config: Config = CONFIG) -> dict[str, bytes]:
    """Every kind of sitemap of these articles, and the index, by name."""
    sitemaps = Sitemaps(config)
    entries = [sitemaps.entry(article) for article in articles]
    modified = sitemaps.newest(articles)
    homes = dict.fromkeys(
        topic.page for each in articles for topic in topics.article_topics(each, config)
    )
    return {
        "articles": sitemaps.articles(entries),
        "pages": sitemaps.pages([("/", modified), *((home, modified) for home in homes)]),
        "news": sitemaps.news(articles),
        "index": sitemaps.index([("sitemaps/articles-1.xml", newest_change(entries))]),
    }


def found(data: bytes, path: str) -> list[str]:
    return [str(text) for text in etree.fromstring(data).xpath(f"{path}/text()", namespaces=NAMES)]


def addresses(data: bytes) -> list[str]:
    return found(data, "/*/*/s:loc")


def test_an_article_is_named_with_the_time_of_its_last_change():
    corrected = an_article(slug="quay", updated=NOON + timedelta(days=3))
    data = files([an_article(slug="tram"), corrected])["articles"]
    assert addresses(data) == [f"{HOST}/articles/tram/", f"{HOST}/articles/quay/"]
    assert found(data, "//s:lastmod") == ["2026-03-04T12:00:00Z", "2026-03-07T12:00:00Z"]


def test_the_newest_change_among_entries_is_found():
    sitemaps = Sitemaps(CONFIG)
    stories = [an_article(date=NOON), an_article(date=NOON, updated=NOON + timedelta(days=3))]
    assert newest_change(map(sitemaps.entry, stories)) == "2026-03-07T12:00:00Z"
    assert sitemaps.newest(stories) == "2026-03-07T12:00:00Z"
    assert newest_change([]) is None
    assert sitemaps.newest([]) is None


def test_what_nothing_is_known_of_is_named_without_a_time():
    sitemaps = Sitemaps(CONFIG)
    for data in (sitemaps.pages([("/", None)]), sitemaps.index([("sitemaps/pages.xml", None)])):
        assert len(addresses(data)) == 1
        assert found(data, "//s:lastmod") == []


def test_local_lead_pictures_are_named_and_those_of_others_are_not():
    remote = Figure(src="https://elsewhere.example/tram.jpg")
    stories = [
        an_article(slug="tram", image=TRAM),
        an_article(slug="quay", image=remote, figures=()),
        an_article(slug="ferry", figures=()),
    ]
    data = files(stories)["articles"]
    assert found(data, "//i:image/i:loc") == [f"{HOST}/{TRAM.src}"]
    assert found(data, "//s:url[i:image]/s:loc") == [f"{HOST}/articles/tram/"]


def test_an_article_that_has_its_place_elsewhere_is_in_none():
    here = an_article(slug="tram", canonical_url=f"{HOST}/articles/tram/")
    elsewhere = an_article(slug="quay", canonical_url="https://agency.example/story")
    made = files([elsewhere, here])
    for name in ("articles", "news"):
        assert addresses(made[name]) == [f"{HOST}/articles/tram/"]
    assert Sitemaps(CONFIG).newest([elsewhere]) is None


def test_news_tells_publication_time_and_title():
    story = an_article(date=NOON - timedelta(hours=3), updated=NOON, title="Tram & quay")
    data = files([story])["news"]
    [news] = etree.fromstring(data).iterfind(".//n:news", NAMES)
    assert [(etree.QName(part).localname, part.text) for part in news.iterdescendants()][1:] == [
        ("name", "Post"),
        ("language", "en"),
        ("publication_date", "2026-03-04T09:00:00Z"),
        ("title", "Tram & quay"),
    ]


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("de", "de"),
        ("pt-BR", "pt"),
        ("yue", "yue"),
        ("zh", "zh-cn"),
        ("zh-SG", "zh-cn"),
        ("zh-Hant", "zh-tw"),
        ("ZH-HK", "zh-tw"),
        ("zh-Hans-HK", "zh-cn"),
        (None, "fr"),
        ("x-klingon", "fr"),
        ("Deutsch", "fr"),
    ],
)
def test_the_language_of_news_is_an_iso_code_or_one_of_the_two_chinese(tag, code):
    config = a_config(language="fr-CA")
    data = files([an_article(language=tag)], config)["news"]
    assert found(data, "//n:language") == [code]


def test_a_publication_under_a_path_has_it_in_every_address():
    config = a_config(url=f"{HOST}/post")
    made = files([an_article(section="City")], config)
    for data in made.values():
        assert addresses(data)
        assert all(address.startswith(f"{HOST}/post/") for address in addresses(data))
    assert Sitemaps(config).robots() == (
        b"User-agent: *\nDisallow: /post/c/\nDisallow: /post/confirm/\nDisallow: /post/preferences/\n"
        b"Disallow: /post/review/\nDisallow: /post/unsubscribe/\nDisallow: /post/view/\n\n"
        b"Sitemap: https://news.example/post/sitemap.xml\n"
    )


def test_robots_may_read_everything_but_the_pages_for_leaving_a_list():
    robots = RobotFileParser()
    robots.parse(Sitemaps(CONFIG).robots().decode().splitlines())
    for path in ("/", "/articles/tram/amp/", "/rss.xml", f"/{TRAM.src}", "/assets/page.css"):
        assert robots.can_fetch("Googlebot", f"{HOST}{path}")
    assert not robots.can_fetch("Googlebot", f"{HOST}/unsubscribe/AbC")
    assert robots.site_maps() == [f"{HOST}/sitemap.xml"]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_plain_text_or_gives_way_to_the_slug(title):
    data = files([an_article(title=title, section=title)])["news"]
    [written] = found(data, "//n:title")
    assert written
    assert len(etree.fromstring(data)) == 1
    assert ("AT&amp;T" in title) is (written == "AT&amp;T, AT&amp;amp;T, AT&T")


@needs_shared
@settings(max_examples=80, deadline=None)
@given(
    st.fixed_dictionaries({
        "title": st.text(st.characters(codec=None)),
        "section": st.none() | st.text(st.characters(codec=None)),
        "language": st.none() | st.text(),
        "image": st.builds(Figure, src=st.sampled_from(["", TRAM.src, "media/\ud800 <ä>.png"])),
        "slug": st.sampled_from(["tram", "straße & <quay>", "\ud800x"]),
    })
)  # fmt: skip
def test_every_article_makes_valid_sitemaps(values):
    made = files([an_article(**values)])
    assert {name: complaints(data) for name, data in made.items()} == {name: [] for name in made}


@needs_shared
def test_news_without_any_lacks_only_what_the_grammar_wants_one_of():
    [said] = complaints(Sitemaps(CONFIG).news([]))
    assert "Missing child element" in said
