"""The home page of a build: the blocks of sections, what is kept from it, what is older."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from lxml import html

from syndicate.config import Newsletter
from syndicate.config.sections.navigation import NavigationSettings, Section
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

HOUR = timedelta(hours=1)
SECTIONS = ("City", "Port", "Sport")


def filled(newsroom: Newsroom, count: int, **changes) -> Newsroom:
    for n in range(count):
        values = {"section": SECTIONS[n % 3]} | changes.get(f"_{n}", {})
        newsroom.file(f"story-{n}", date=NOON - n * HOUR, **values)
    newsroom.build(at=NOON)
    return newsroom


@pytest.fixture
def newsroom(sqlite_store, publication):
    return Newsroom(sqlite_store, publication())


def home(newsroom: Newsroom) -> html.HtmlElement:
    return html.fromstring(newsroom.files()["index.html"].decode())


def slugs(page: html.HtmlElement, where: str) -> list[str]:
    return [a.get("href").split("/")[-2] for a in page.cssselect(where)]


def blocks(newsroom: Newsroom) -> list[str]:
    return [a.text_content() for a in home(newsroom).cssselect(".block > h2 a")]


def test_the_largest_sections_have_blocks_with_their_newest_stories_below_the_field(newsroom):
    page = home(filled(newsroom, 20))
    assert blocks(newsroom) == ["City", "Port", "Sport"]
    first = page.cssselect(".block")[0]
    assert slugs(first, "h3 a, .lines a") == ["story-6", "story-9", "story-12", "story-15"]


def test_editors_decide_which_sections_have_blocks_in_which_order(newsroom):
    newsroom.config = newsroom.config.override(
        sections=tuple(Section(title=title) for title in ("Port", "Sport", "City", "Opera")),
        navigation=NavigationSettings(sections=("Sport", "Opera", "City")),
    )
    filled(newsroom, 20)
    assert blocks(newsroom) == ["Sport", "City"]


def test_a_block_has_older_stories_than_the_home_page_and_not_those_that_are_hidden(newsroom):
    rare = {f"_{n}": {"section": "Opera"} for n in (50, 51, 52, 53, 54)}
    filled(newsroom, 60, **rare | {"_51": {"section": "Opera", "place": "hide"}})
    opera = next(
        block for block in home(newsroom).cssselect(".block") if "Opera" in block.text_content()
    )
    assert slugs(opera, "h3 a, .lines a") == ["story-50", "story-52", "story-53", "story-54"]


def test_what_an_editor_hides_is_everywhere_but_on_the_home_page(newsroom):
    filled(newsroom, 12, _2={"section": "Sport", "place": "hide"})
    files = newsroom.files()
    assert b"/articles/story-2/" not in files["index.html"]
    for path in ("latest/index.html", "sections/sport/index.html", "feed.json"):
        assert b"/articles/story-2/" in files[path]
    assert "articles/story-2/index.html" in files


@pytest.mark.parametrize("count", [44, 45, 80])
def test_older_stories_are_none_that_the_home_page_has_beside_its_blocks(newsroom, count):
    page = home(filled(newsroom, count))
    shown = set(slugs(page, ".teaser :is(h2, h3) a, .others a, .block .lines a"))
    older = [a.get("href") for a in page.cssselect(".pager .older")]
    assert bool(older) == (count > 44)
    while older:
        listed = html.fromstring(newsroom.files()[f"{older[0].strip('/')}/index.html"].decode())
        shown |= set(slugs(listed, ".teaser h2 a"))
        older = [a.get("href") for a in listed.cssselect(".pager .older")]
    assert shown == {f"story-{n}" for n in range(count)}


def test_a_home_page_takes_no_more_queries_of_the_store_for_more_sections(newsroom):
    filled(newsroom, 80, **{f"_{n}": {"section": f"Section {n % 11}"} for n in range(80)})
    counts = set()
    for sections in (3, 11):
        titles = tuple(Section(title=f"Section {n}") for n in range(sections))
        newsroom.config = newsroom.config.override(sections=titles)
        newsroom.build(at=NOON)
        assert len(blocks(newsroom)) == sections
        counts.add(queries_of_a_build(newsroom))
    assert len(counts) == 1


def queries_of_a_build(newsroom: Newsroom) -> int:
    """Count the queries of the store in a build after a change of one story."""
    newsroom.file(
        "story-0", date=NOON, title=f"{len(newsroom.config.sections)} sections", section="Section 0"
    )
    seen = []

    def count(_conn, _cursor, statement, *_):
        seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        newsroom.build(at=NOON)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)
    return sum(statement.startswith("SELECT") for statement in seen)


def test_the_page_and_the_feeds_of_a_section_say_what_it_is_about_and_offer_its_newsletter(
    newsroom,
):
    about = Section(title="City", description="Streets and rents.", newsletter="briefing")
    newsroom.config = newsroom.config.override(
        sections=(about,), newsletters=(Newsletter(name="briefing"),)
    )
    files = filled(newsroom, 3).files()
    page = html.fromstring(files["sections/city/index.html"].decode())
    assert page.cssselect(".listing .about")[0].text == "Streets and rents."
    assert page.xpath("//meta[@name='description']/@content") == ["Streets and rents."]
    ways = page.cssselect(".ways a")
    assert [a.text for a in ways] == ["Get City by mail", "RSS", "Atom", "JSON Feed"]
    assert ways[0].get("href").endswith("/signup?newsletter=briefing")
    assert json.loads(files["sections/city/feed.json"])["description"] == "Streets and rents."
    assert b"by mail" not in files["sections/port/index.html"]


def test_a_section_offers_no_newsletter_that_nobody_can_subscribe_to(newsroom):
    about = Section(title="City", newsletter="briefing")
    newsroom.config = newsroom.config.override(
        sections=(about,), newsletters=(Newsletter(name="briefing", offered=False),)
    )
    assert b"by mail" not in filled(newsroom, 3).files()["sections/city/index.html"]
