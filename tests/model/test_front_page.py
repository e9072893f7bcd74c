"""The front page: where stories are, each once in its body, and what an editor decides."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from syndicate.model.articles import Article, Figure, Sponsor
from syndicate.model.front_page import FrontPage, SectionStories, arrange

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PICTURE = Figure(src="media/a.jpg")


def story(key: int, **changes) -> Article:
    """Make a story that is older the larger its key is."""
    at = NOW - timedelta(hours=key)
    values = {"key": key, "id": f"urn:{key}", "slug": f"s{key}", "title": f"{key}", "body": ""}
    return Article(**{**values, "first_seen": at, "saved_at": at, **changes})


def stories(count: int, **by_key) -> list[Article]:
    """Make stories, some of them changed: `_3={"place": "top"}`."""
    return [story(n, **by_key.get(f"_{n}", {})) for n in range(1, count + 1)]


def section(title: str, *found: Article) -> SectionStories:
    return SectionStories(title=title, address=f"/sections/{title}/", stories=found)


def keys(articles) -> list[int]:
    return [article.key for article in articles]


def body(page: FrontPage) -> list[int]:
    """The keys of all stories in the body, as often as they are there."""
    blocks = [one for block in page.blocks for one in (block.first, *block.others)]
    lead = [page.lead] if page.lead else []
    return keys([*lead, *page.field, *blocks, *page.more])


def test_few_stories_are_a_lead_and_a_field():
    page = arrange(stories(3), None, [section("a", story(2), story(3)), section("b", story(1))])
    assert (page.lead and page.lead.key, keys(page.field)) == (1, [2, 3])
    assert (page.blocks, page.more, page.rail) == ((), (), ())


def test_blocks_have_what_is_not_above_them_in_the_order_of_sections():
    news = stories(12)
    page = arrange(news, None, [section("b", *news[1::2]), section("a", *news[0::2])])
    assert (page.lead and page.lead.key, keys(page.field)) == (1, [2, 3, 4, 5])
    assert [(block.title, keys([block.first, *block.others])) for block in page.blocks] == [
        ("b", [6, 8, 10, 12]),
        ("a", [7, 9, 11]),
    ]
    assert page.more == ()


def test_a_block_begins_with_its_newest_story_that_has_a_picture():
    news = stories(12, _8={"image": PICTURE}, _1={"place": "lead"})
    page = arrange(news, None, [section("a", *news[5:9]), section("b", *news[9:])])
    assert (page.blocks[0].first.key, keys(page.blocks[0].others)) == (8, [6, 7, 9])
    assert page.blocks[1].first.key == 10


def test_a_block_may_have_stories_older_than_the_page():
    older = [story(n) for n in range(100, 106)]
    page = arrange(stories(20), None, [section("a", *older), section("b", *older[:0], *older)])
    assert keys([page.blocks[0].first, *page.blocks[0].others]) == [100, 101, 102, 103]
    assert set(range(1, 21)) <= set(body(page))


def test_a_section_with_a_single_story_left_has_no_block_and_one_block_is_none():
    news = stories(12)
    page = arrange(news, None, [section("a", *news[:6]), section("b", *news[6:])])
    assert page.blocks == ()
    assert len(page.field) == 8
    assert keys(page.more) == [10, 11, 12]


def test_an_editor_decides_what_leads_what_is_at_the_top_and_what_is_not_there():
    news = stories(
        14, _9={"place": "lead"}, _7={"place": "top"}, _5={"place": "top"}, _2={"place": "hide"}
    )
    page = arrange(news, None, [section("a", *news[1:9]), section("b", *news[9:])])
    assert page.lead is news[8]
    assert keys(page.field) == [5, 7, 1, 3]
    assert 2 not in body(page) + keys(page.rail)


def test_the_lead_is_no_advertisement_unless_an_editor_says_so():
    paid = {"image": PICTURE, "sponsor": Sponsor(name="Orsk")}
    assert arrange(stories(3, _1=paid, _2={"image": PICTURE}), None).lead == story(2, image=PICTURE)
    placed = arrange(stories(3, _1=paid | {"place": "lead"}), None)
    assert placed.lead
    assert placed.lead.key == 1


def test_a_picture_does_not_make_a_lead_of_an_old_story():
    assert arrange(stories(12, _8={"image": PICTURE}), None).lead == story(8, image=PICTURE)
    assert arrange(stories(12, _9={"image": PICTURE}), None).lead == story(1)


def test_the_story_of_the_strip_leads_for_its_picture_only_if_there_is_no_other():
    news = stories(4, _1={"image": PICTURE}, _3={"image": PICTURE})
    assert arrange(news, news[0]).lead is news[2]
    assert arrange(news[:2], news[0]).lead is news[0]


@pytest.mark.parametrize("seed", range(40))
def test_every_story_is_in_the_body_once_and_none_is_on_the_page_three_times(seed):
    random = Random(seed)
    places = (None, None, None, "top", "lead", "hide")
    news = [
        story(n, place=random.choice(places), image=random.choice((None, PICTURE)))
        for n in range(1, random.randint(1, 45))
    ]
    strip = random.choice((None, *news))
    names = range(random.randint(0, 9))
    of = {one.key: random.choice(names) if names else None for one in news}
    sections = [section(f"s{n}", *(one for one in news if of[one.key] == n)) for n in names]
    page = arrange(news, strip, sections)
    shown = [one.key for one in news if one.place != "hide"]
    assert sorted(body(page)) == shown
    rail, above = keys(page.rail), keys([one for one in (page.lead, *page.field) if one])
    assert not {*rail} & {*above, *([strip.key] if strip else ())}
    assert rail == sorted(rail)
    assert len(rail) in {0, *range(4, 9)}
