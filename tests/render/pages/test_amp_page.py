"""AMP pages, judged by AMP's own validator."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from syndicate.config import AdSlot
from syndicate.config.sections.pages import AdsSettings
from syndicate.model.articles import Comments, Correction, Sponsor
from syndicate.render.pages import ArticlePages, PageFrame
from syndicate.render.templates import Templates
from tests import checkers
from tests.render.pages import random_bodies, sample_publication
from tests.render.pages.sample_publication import AT, article, figure, markup_of
from tests.render.pages.test_article_page import read, text


@pytest.mark.neighbours
def test_the_validator_bites() -> None:
    (said,) = checkers.amp([b"<!doctype html><html><body><img src=x></body></html>"])
    assert any("viewport" in line for line in said)


@pytest.mark.neighbours
def test_every_page_of_the_publication_is_valid(site: Path) -> None:
    files = sorted(site.glob("articles/*/amp/index.html"))
    assert len(files) == len(sample_publication.STORIES)
    assert checkers.amp([file.read_bytes() for file in files]) == [[]] * len(files)


@pytest.mark.neighbours
@pytest.mark.parametrize(
    ("url", "bodies"), [("https://post.example", 400), ("http://127.0.0.1:8000/path", 100)]
)
def test_whatever_a_body_holds_the_page_is_valid(tmp_path: Path, url: str, bodies: int) -> None:
    config = sample_publication.config(tmp_path, url=url, ads=sample_publication.ADS)
    amp = ArticlePages(PageFrame(config, Templates())).amp
    pages = [amp(article(body=random_bodies.body(seed))) for seed in range(bodies)]
    wrong = {n: said for n, said in enumerate(checkers.amp(pages)) if said}
    assert wrong == {}


@pytest.mark.neighbours
def test_a_page_that_somebody_paid_for_is_valid(tmp_path: Path) -> None:
    amp = ArticlePages(PageFrame(sample_publication.config(tmp_path), Templates())).amp
    logos = (None, figure("logo"), replace(figure("logo"), width=None, height=None))
    pages = [
        amp(article(sponsor=Sponsor(name="Orsk", url="https://orsk.example/", logo=logo)))
        for logo in logos
    ]
    assert checkers.amp(pages) == [[]] * len(logos)
    assert [page.count(b"Paid for by") for page in pages] == [1, 1, 1]


@pytest.mark.neighbours
def test_every_way_of_filling_the_slots_is_valid(tmp_path: Path) -> None:
    slot = sample_publication.ADS.header
    ways = (
        AdsSettings(),
        AdsSettings(header=slot),
        AdsSettings(post_top=slot),
        AdsSettings(header=AdSlot(html="<b>for pages alone</b>")),
    )
    pages = [
        ArticlePages(PageFrame(sample_publication.config(tmp_path, ads=ads), Templates())).amp(
            article()
        )
        for ads in ways
    ]
    assert checkers.amp(pages) == [[]] * len(ways)
    assert [page.count(b"<amp-ad") for page in pages] == [0, 1, 1, 0]
    assert [page.count(b"amp-ad-0.1.js") for page in pages] == [0, 1, 1, 0]


@pytest.mark.neighbours
def test_articles_with_every_field_and_with_none_are_valid(pages: ArticlePages) -> None:
    evil = '"><script>alert(1)</script>'
    made = (
        article(),
        article(
            title=evil,
            summary=evil,
            section=evil,
            comments=Comments(url="https://talk.example/"),
            corrections=(Correction(at=AT, text=evil),),
            image=figure(alt=evil, caption=evil, credit=evil),
        ),
        article(
            language="ar",
            comments=Comments(count=3),
            image=figure(src="http://pictures.example/a.jpg", width=None, height=None),
        ),
        article(canonical_url="https://first.example/x", body=""),
    )
    assert checkers.amp([pages.amp(each) for each in made]) == [[]] * len(made)


def test_page_and_amp_page_are_linked_to_each_other(pages: ArticlePages) -> None:
    page = read(pages.amp(article(slug="x", canonical_url="https://first.example/x")))
    assert page.xpath("//link[@rel='canonical']/@href") == ["https://post.example/articles/x/"]
    assert page.cssselect(".whole a")[0].get("href") == "https://post.example/articles/x/"
    assert "https://post.example/breaking.html" in page.xpath("//a/@href")


def test_pictures_keep_alt_size_caption_and_credit(pages: ArticlePages) -> None:
    page = read(
        pages.amp(article(image=figure("dam"), body=markup_of(figure("gates", width=None))))
    )
    lead, other = page.cssselect("amp-img")
    assert dict(lead.attrib) == {
        "src": "https://post.example/media/dam.jpg",
        "alt": "A concrete dam between dark hills at dusk",
        "layout": "intrinsic",
        "width": "1500",
        "height": "1000",
    }
    assert other.get("layout") == "fill"
    assert other.getparent().get("class") == "unsized"
    assert text(page, ".opening cite") == "Mara Lind for The Harbour Post"


def test_text_survives_the_elements_around_it(pages: ArticlePages) -> None:
    body = "<p>a <font>b</font> c<script>x</script> d <x-y>e</x-y> f<!-- c --> g</p> h"
    assert text(read(pages.amp(article(body=body))), ".body") == "a b c d e f g h"


def test_links_in_a_body_are_absolute_and_footnotes_find_their_place(pages: ArticlePages) -> None:
    body = '<p><a href="../other/">o</a> <a href="#x-fn1">1</a></p><p id="x-fn1">note</p>'
    page = read(pages.amp(article(body=body, slug="s")))
    links = [a.get("href") for a in page.cssselect(".body a")]
    assert links == ["https://post.example/articles/other/", "#x-fn1"]
    assert page.get_element_by_id("x-fn1").text == "note"


def test_json_ld_is_on_amp_pages_too(pages: ArticlePages) -> None:
    page = html.fromstring(pages.amp(article()).decode())
    data = json.loads(page.xpath("//script[@type='application/ld+json']")[0].text)
    assert data["mainEntityOfPage"].startswith("https://post.example/")


def test_the_style_stays_far_below_amps_limit(pages: ArticlePages) -> None:
    style = read(pages.amp(article())).xpath("//style[@amp-custom]")[0].text
    assert len(style.encode()) < 20_000
    assert "!important" not in style
