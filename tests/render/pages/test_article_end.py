"""The end of an article: sharing, signing up, reading on; and how long it takes to read."""

from dataclasses import replace

import pytest

from syndicate.config import Newsletter
from syndicate.config.sections.navigation import Section
from syndicate.config.sections.signup import SignupSettings
from syndicate.model.articles import Figure
from syndicate.render.pages import ArticlePages, ListPages, PageFrame
from syndicate.render.reading_time import reading_minutes
from syndicate.render.templates import Templates
from tests.render.pages import sample_publication
from tests.render.pages.sample_publication import article
from tests.render.pages.test_article_page import read, text

NEWSLETTERS = (
    Newsletter(name="staff", offered=False),
    Newsletter(name="briefing", title="The Briefing", description="At seven."),
    Newsletter(name="port", title="Port Watch"),
)


@pytest.fixture
def ending(tmp_path):
    def rendered(story, *, cards=(), amp=False, **tables):
        config = sample_publication.config(tmp_path)
        config = config.override(**{"newsletters": NEWSLETTERS} | tables)
        frame = PageFrame(config, Templates())
        pages = ArticlePages(frame)
        made = [ListPages(frame).card(card) for card in cards]
        return read(pages.amp(story, cards=made) if amp else pages.article(story, cards=made))

    return rendered


def offered(page):
    return page.xpath("//form[@method='post']//input[@name='newsletter']/@value")


def test_the_card_offers_the_newsletter_of_the_section_else_the_first_offered(ending):
    sections = (Section(title="Port", newsletter="port"), Section(title="City"))
    for section, name in (("PORT", "port"), ("City", "briefing"), (None, "briefing")):
        assert offered(ending(article(section=section), sections=sections)) == [name]


def test_the_card_posts_to_the_sign_up_page_and_puts_no_address_in_a_url(ending):
    page = ending(article())
    (form,) = page.cssselect("form.offer")
    assert (form.get("method"), form.get("action")) == ("post", "https://post.example/signup")
    names = form.xpath(".//input/@name")
    assert names == ["email", "newsletter", "card"], "no stamp: the page is in any cache"
    assert "At seven." in text(page, "form.offer")


@pytest.mark.parametrize(
    "tables",
    [
        {"signup": SignupSettings(enabled=False)},
        {"newsletters": ()},
        {"newsletters": NEWSLETTERS[:1]},
    ],
)
def test_where_nobody_can_sign_up_there_is_no_card(ending, tables):
    for amp in (False, True):
        page = ending(article(), amp=amp, **tables)
        assert not page.cssselect(".offer")


def test_an_amp_page_leads_to_the_form_and_to_the_stories(ending):
    page = ending(article(section="City"), cards=[article("A dam", slug="dam")], amp=True)
    (link,) = page.cssselect(".offer a")
    assert link.get("href") == "https://post.example/signup?newsletter=briefing"
    assert page.xpath("//section[@class='more']//h3/a/@href") == [
        "https://post.example/articles/dam/"
    ]
    assert not page.cssselect("form")


def test_without_a_script_a_story_is_shared_by_mail_and_by_its_address(ending):
    page = ending(article("A & B: 100 % “wet”?", slug="wet", canonical_url="https://else.example/"))
    links = page.xpath("//ul[@class='share']//a/@href")
    url = "https%3A%2F%2Fpost.example%2Farticles%2Fwet%2F"
    title = "A%20%26%20B%3A%20100%20%25%20%E2%80%9Cwet%E2%80%9D%3F"
    assert links == [
        f"mailto:?subject={title}&body={title}%0D%0A%0D%0A{url}",
        "https://post.example/articles/wet/",
    ]
    (button,) = page.xpath("//ul[@class='share']/li[button]")
    assert "hidden" in button.attrib


def test_the_stories_have_a_small_picture_a_headline_and_a_date(ending):
    lead = Figure(src="media/a.jpg", width=1600, height=900, type="image/jpeg", variants=(400, 800))
    cards = [article("A dam", slug="dam", image=lead, language="de"), article("Rain", slug="rain")]
    page = ending(article(section="City"), cards=cards)
    assert text(page, ".more h2") == "More from City"
    assert page.xpath("//section[@class='more']/h2/a/@href") == ["/sections/city/"]
    assert page.xpath("//section[@class='more']//img/@src") == ["/media/a-400.webp"]
    assert page.xpath("//section[@class='more']//h3/@lang") == ["de"]
    assert page.xpath("//section[@class='more']//h3/a/@href") == [
        "/articles/dam/",
        "/articles/rain/",
    ]
    assert text(page, ".more li:first-child time") == "November 24, 2026"


def test_the_stories_are_columns_where_each_has_a_picture_or_none_has(ending):
    pictured = article("A dam", image=Figure(src="media/a.jpg", width=16, height=9))
    plain = article("Rain")
    for cards, columns in (
        ([pictured, pictured], 1),
        ([plain, plain, plain], 1),
        ([plain, pictured], 0),
        ([pictured], 0),
    ):
        assert len(ending(article(), cards=cards).cssselect(".more ul.columns")) == columns


def test_a_story_without_earlier_ones_ends_without_a_heading(ending):
    assert not ending(article()).cssselect(".more")


WORDS = "<p>" + "word " * 238 + "</p>"
KANJI = "<p>" + "港" * 500 + "</p>"


@pytest.mark.parametrize(
    ("html", "minutes"),
    [
        ("", 0),
        ("<figure><img alt='a picture of a dam'></figure>", 0),
        ("<p>Short.</p>", 1),
        (WORDS, 1),
        (WORDS * 4, 4),
        (KANJI * 3, 3),
        (KANJI * 2 + WORDS * 2, 4),
        ("<p>" + "слово " * 476 + "</p>", 2),
    ],
)
def test_the_time_to_read_counts_words_and_where_there_are_none_characters(html, minutes):
    assert reading_minutes(html) == minutes


def test_the_time_to_read_is_beside_the_date_in_the_language_of_the_story(ending):
    story = article(body=WORDS * 4)
    for amp in (False, True):
        assert text(ending(story, amp=amp), ".signed .reading") == "4 min read"
    assert text(ending(replace(story, language="de")), ".reading") == "4 Min. Lesezeit"
    assert text(ending(replace(story, body=WORDS)), ".reading") == "1 min read"
    assert not ending(replace(story, body="")).cssselect(".reading")
