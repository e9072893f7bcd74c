"""What search engines are told: which pages there are, which are new, and what is news."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.config import Config
from syndicate.model.articles import Article, Figure
from syndicate.render.sitemaps import CHUNK, NEWS_LIMIT, Sitemaps
from tests.feeds.samples import NOON, TRAM, an_article
from tests.shared import needs_shared
from tests.sitemaps.schema import complaints

NAMES = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "i": "http://www.google.com/schemas/sitemap-image/1.1",
    "n": "http://www.google.com/schemas/sitemap-news/0.9",
}
HOST = "https://news.example"
HOURS_48 = timedelta(hours=48)
MOMENT = timedelta(seconds=1)
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


def a_story(number: int, **values: object) -> Article:
    """One of many, the higher the later; an hour is between two."""
    given: dict[str, object] = {
        "id": f"urn:test:{number:06}",
        "slug": f"story-{number}",
        "date": NOON + timedelta(hours=number),
        "figures": (),
    }
    return an_article(**given | values)


def made(
    articles: Sequence[Article], *, at: datetime = NOON, config: Config = CONFIG
) -> dict[str, bytes]:
    """Every sitemap and the index, by address."""
    sitemaps = Sitemaps(config)
    laid_out = sitemaps.of(articles, at=at)
    return {each.address: each.render() for each in laid_out} | {
        "/sitemap.xml": sitemaps.index(laid_out)
    }


def found(data: bytes, path: str) -> list[str]:
    return [str(text) for text in etree.fromstring(data).xpath(f"{path}/text()", namespaces=NAMES)]


def addresses(data: bytes) -> list[str]:
    return found(data, "/*/*/s:loc")


def test_articles_come_oldest_first_with_the_time_of_their_last_change():
    corrected = a_story(1, updated=NOON + timedelta(days=3))
    data = made([a_story(2), corrected, a_story(0)])["/sitemaps/articles-1.xml"]
    assert addresses(data) == [f"{HOST}/articles/story-{number}/" for number in (0, 1, 2)]
    assert found(data, "//s:lastmod") == [
        "2026-03-04T12:00:00Z",
        "2026-03-07T12:00:00Z",
        "2026-03-04T14:00:00Z",
    ]


def test_a_new_article_changes_only_the_last_chunk_and_the_index():
    stories = [a_story(number, section="City") for number in range(2 * CHUNK + 1)]
    at = stories[-1].published
    newest_first = list(reversed(stories))
    before, after = made(newest_first[1:], at=at), made(newest_first, at=at)
    assert len(addresses(before["/sitemaps/articles-2.xml"])) == CHUNK
    changed = {address for address in after if after[address] != before.get(address)}
    assert changed == {
        "/sitemaps/articles-3.xml",
        "/sitemaps/pages.xml",
        "/sitemaps/news.xml",
        "/sitemap.xml",
    }
    assert addresses(after["/sitemaps/articles-3.xml"]) == [f"{HOST}/articles/story-{2 * CHUNK}/"]


def test_the_index_names_every_sitemap_and_its_newest_change():
    stories = [a_story(number) for number in reversed(range(CHUNK + 1))]
    index = made(stories, at=stories[0].published)["/sitemap.xml"]
    names = ("articles-1", "articles-2", "pages", "news")
    assert addresses(index) == [f"{HOST}/sitemaps/{name}.xml" for name in names]
    newest = "2026-04-15T04:00:00Z"
    assert found(index, "//s:lastmod") == ["2026-04-15T03:00:00Z", newest, newest, newest]


def test_pages_are_home_and_sections_as_new_as_what_stands_on_them():
    old = a_story(0, section="Culture & More")
    new = a_story(9, section="City")
    data = made([new, old, a_story(-1, section="CITY")])["/sitemaps/pages.xml"]
    listed = dict(zip(addresses(data), found(data, "//s:lastmod"), strict=True))
    assert listed == {
        f"{HOST}/": "2026-03-04T21:00:00Z",
        f"{HOST}/sections/city/": "2026-03-04T21:00:00Z",
        f"{HOST}/sections/culture-more/": "2026-03-04T12:00:00Z",
    }


def test_a_correction_of_a_story_that_no_list_shows_any_more_is_no_change_of_the_lists():
    stories = [a_story(number, section="City") for number in reversed(range(100))]
    corrected = [*stories[:-1], a_story(0, section="City", updated=NOON + timedelta(days=90))]
    before, after = made(stories), made(corrected)
    assert before["/sitemaps/pages.xml"] == after["/sitemaps/pages.xml"]
    assert before["/sitemaps/articles-1.xml"] != after["/sitemaps/articles-1.xml"]


def test_local_lead_pictures_are_named_and_those_of_others_are_not():
    remote = Figure(src="https://elsewhere.example/tram.jpg")
    stories = [a_story(0, image=TRAM), a_story(1, image=remote), a_story(2)]
    data = made(stories)["/sitemaps/articles-1.xml"]
    assert found(data, "//i:image/i:loc") == [f"{HOST}/{TRAM.src}"]
    assert found(data, "//s:url[i:image]/s:loc") == [f"{HOST}/articles/story-0/"]


def test_an_article_that_has_its_place_elsewhere_is_in_none():
    here = a_story(0, canonical_url=f"{HOST}/articles/story-0/")
    elsewhere = a_story(1, canonical_url="https://agency.example/story")
    files = made([elsewhere, here], at=elsewhere.published)
    for name in ("articles-1", "news"):
        assert addresses(files[f"/sitemaps/{name}.xml"]) == [f"{HOST}/articles/story-0/"]


@pytest.mark.parametrize(
    ("age", "named"),
    [
        (timedelta(0), True),
        (HOURS_48 - MOMENT, True),
        (HOURS_48, False),
        (HOURS_48 + MOMENT, False),
        (-MOMENT, False),
    ],
)
def test_news_is_news_for_48_hours(age, named):
    files = made([an_article(date=NOON - age)])
    assert bool(addresses(files["/sitemaps/news.xml"])) is named
    assert (f"{HOST}/sitemaps/news.xml" in addresses(files["/sitemap.xml"])) is named


def test_a_correction_does_not_make_old_news_new():
    old = an_article(date=NOON - timedelta(days=9), updated=NOON)
    assert addresses(made([old])["/sitemaps/news.xml"]) == []


def test_news_tells_publication_time_and_title():
    story = an_article(date=NOON - timedelta(hours=3), updated=NOON, title="Tram & quay")
    data = made([story])["/sitemaps/news.xml"]
    [news] = etree.fromstring(data).iterfind(".//n:news", NAMES)
    assert [(etree.QName(part).localname, part.text) for part in news.iterdescendants()][1:] == [
        ("name", "Post"),
        ("language", "en"),
        ("publication_date", "2026-03-04T09:00:00Z"),
        ("title", "Tram & quay"),
    ]


def test_of_too_much_news_the_newest_is_named():
    stories = [a_story(n, date=NOON - timedelta(minutes=n)) for n in range(NEWS_LIMIT + 1)]
    named = addresses(made(stories)["/sitemaps/news.xml"])
    assert len(named) == NEWS_LIMIT
    assert named[0] == f"{HOST}/articles/story-0/"
    assert f"{HOST}/articles/story-{NEWS_LIMIT}/" not in named


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
    data = made([an_article(language=tag)], config=config)["/sitemaps/news.xml"]
    assert found(data, "//n:language") == [code]


def test_a_publication_under_a_path_has_it_in_every_address():
    config = a_config(url=f"{HOST}/post")
    files = made([an_article(section="City")], config=config)
    for data in files.values():
        assert all(address.startswith(f"{HOST}/post/") for address in addresses(data))
    assert Sitemaps(config).robots() == (
        b"User-agent: *\nDisallow: /post/unsubscribe/\n\nSitemap: https://news.example/post/sitemap.xml\n"
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
    data = made([an_article(title=title, section=title)])["/sitemaps/news.xml"]
    [written] = found(data, "//n:title")
    assert written
    assert len(etree.fromstring(data)) == 1
    assert ("AT&amp;T" in title) is (written == "AT&amp;T, AT&amp;amp;T, AT&T")


@needs_shared
@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries({
        "title": st.text(st.characters(codec=None)),
        "section": st.none() | st.text(st.characters(codec=None)),
        "language": st.none() | st.text(),
        "image": st.builds(Figure, src=st.sampled_from(["", TRAM.src, "media/\ud800 <ä>.png"])),
        "slug": st.sampled_from(["tram", "straße & <quay>", "\ud800x"]),
        "date": st.timedeltas(timedelta(0), HOURS_48 - MOMENT).map(lambda age: NOON - age),
    })
)  # fmt: skip
def test_every_article_makes_valid_sitemaps(values):
    article = an_article(**values)
    assert {name: complaints(data) for name, data in made([article]).items()} == {
        "/sitemaps/articles-1.xml": [],
        "/sitemaps/pages.xml": [],
        "/sitemaps/news.xml": [],
        "/sitemap.xml": [],
    }


@needs_shared
def test_a_publication_without_articles_has_valid_sitemaps_but_for_that_of_news():
    files = made([])
    assert addresses(files["/sitemap.xml"]) == [f"{HOST}/sitemaps/pages.xml"]
    assert addresses(files["/sitemaps/pages.xml"]) == [f"{HOST}/"]
    assert complaints(files["/sitemap.xml"]) == complaints(files["/sitemaps/pages.xml"]) == []
    [said] = complaints(files["/sitemaps/news.xml"])
    assert "Missing child element" in said
