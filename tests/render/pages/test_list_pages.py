"""The home page, the sections, the strip, and the pages that stand in for an article."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from syndicate.config import Config
from syndicate.config.sections.newsletters import Newsletter, Schedule
from syndicate.model.articles import Person, Sponsor
from syndicate.model.front_page import SectionStories
from syndicate.model.own_pages import OwnPage
from syndicate.render import addresses, topics
from syndicate.render.pages import ListPages, PageFrame
from syndicate.render.templates import Templates
from syndicate.render.topics import ListPage, TopicKind
from tests.render.pages import sample_publication
from tests.render.pages.list_samples import ADA, home, listing, offers
from tests.render.pages.sample_publication import AT, article, figure
from tests.render.pages.test_article_page import read, text

HOUR = timedelta(hours=1)


def test_the_masthead_has_the_date_in_the_publications_language_and_zone(tmp_path: Path) -> None:
    german = ListPages(PageFrame(sample_publication.config(tmp_path, language="de"), Templates()))
    late = AT.replace(hour=23, minute=30)
    assert (
        text(read(home(german, [], at=late)), ".masthead .today") == "Mittwoch, 25. November 2026"
    )


def test_the_newest_story_with_a_picture_leads_and_the_strips_own_gives_way(
    lists: ListPages,
) -> None:
    articles = sample_publication.edition()
    page = read(home(lists, articles, strip=articles[0]))
    assert text(page, ".breaking a .label + span").startswith("Arden dam")
    assert text(page, ".leading h2").startswith("Ferry line")
    assert text(page, ".field h2").startswith("Arden dam")


def test_a_card_says_who_paid_for_its_story(lists: ListPages) -> None:
    paid = article(sponsor=Sponsor(name="Orsk & Sons", url="https://orsk.example/"))
    for page in (
        home(lists, [*sample_publication.edition(), paid]),
        listing(lists, stories=[paid]),
    ):
        labels = read(page).xpath("//*[@class='paid'][.='Paid for by Orsk & Sons']")
        assert labels
        assert all(label.xpath("following::h2 | ancestor::li//a") for label in labels)


def test_a_breaking_story_that_leads_is_not_in_the_strip_as_well(lists: ListPages) -> None:
    (only,) = sample_publication.edition()[:1]
    page = read(home(lists, [only], strip=only))
    assert text(page, ".leading h2").startswith("Arden dam")
    assert not page.cssselect(".breaking")


def test_the_page_of_breaking_news_lists_the_last_ones(lists: ListPages) -> None:
    last = sample_publication.edition()[:2]
    page = read(lists.breaking(None, last))
    assert [a.get("href") for a in page.cssselect(".recent a")] == [
        "/articles/story-1/",
        "/articles/story-2/",
    ]
    assert text(page, ".standfirst").startswith("There’s no breaking news at the moment.")
    assert not page.cssselect(".breaking")


def test_short_names_in_headlines_stay_on_one_line_and_are_otherwise_as_written(
    lists: ListPages,
) -> None:
    title = "Jean-Luc & Kim Jong-un: up-to-date on Covid-19, Nord-Ostsee-Kanal-Brücke <b>"
    page = read(home(lists, [article(title)]))
    (shown,) = page.cssselect(".leading h2 a")
    assert shown.text_content() == title
    assert [joined.text for joined in shown.cssselect(".joined")] == [
        *("Jean-Luc", "Jong-un", "Covid-19")
    ]


def test_without_pictures_the_newest_story_leads(lists: ListPages) -> None:
    page = read(home(lists, [article("New", key=2), article("Old", key=1)]))
    assert text(page, ".leading h2") == "New"


def test_what_an_editor_placed_there_leads_whatever_its_age_and_picture(lists: ListPages) -> None:
    articles = [
        *sample_publication.edition(),
        article("Placed", key=91, place="lead"),
        article("Placed before", key=90, place="lead"),
    ]
    page = read(home(lists, articles, strip=articles[0]))
    assert text(page, ".leading h2") == "Placed"
    assert len(page.cssselect(".teaser, .others li")) == len(articles)


def test_the_rail_is_by_time_and_goes_on_after_the_field(lists: ListPages) -> None:
    many = [article(f"Story {n}", key=n, date=AT - n * HOUR) for n in range(30)]
    page = read(home(lists, many))
    assert [h.text_content() for h in page.cssselect(".teaser h2")] == [
        f"Story {n}" for n in range(9)
    ]
    rail, more = (
        [a.text_content() for a in page.cssselect(f"{where} a")] for where in (".rail", ".others")
    )
    assert rail == [f"Story {n}" for n in range(9, 17)]
    assert more == [f"Story {n}" for n in range(9, 30)]
    assert [li.get("class") for li in page.cssselect(".others li")] == ["railed"] * 8 + [None] * 13


def test_the_blocks_of_sections_have_a_picture_and_three_lines(lists: ListPages) -> None:
    news = [article(f"Story {n}", key=n, date=AT - n * HOUR) for n in range(10)]
    city, port = (
        SectionStories(
            title=title,
            address=f"/sections/{title.lower()}/",
            stories=[
                article(f"{title} {n}", key=key + n, image=figure() if n == 2 else None)
                for n in range(6)
            ],
        )
        for key, title in ((100, "City"), (200, "Port"))
    )
    page = read(home(lists, news, sections=[city, port]))
    assert [a.get("href") for a in page.cssselect(".block > h2 a")] == [
        "/sections/city/",
        "/sections/port/",
    ]
    first = page.cssselect(".block")[0]
    assert text(first, "h3") == "City 2"
    assert len(first.cssselect("img")) == 1
    assert [a.text_content() for a in first.cssselect(".lines a")] == ["City 0", "City 1", "City 3"]
    assert not first.cssselect(".kicker")


def test_a_card_names_the_authors(lists: ListPages) -> None:
    by_two = article(authors=(ADA, Person(name="Bo Falk")))
    page = read(home(lists, [by_two]))
    assert text(page, ".leading .by") == "Ada Lind and Bo Falk"
    assert text(read(listing(lists, stories=[by_two])), ".by") == "Ada Lind and Bo Falk"
    assert not read(home(lists, [article()])).cssselect(".by")


def test_the_first_story_of_a_list_has_a_large_picture(lists: ListPages) -> None:
    pictured = figure(variants=(400, 800, 1200))
    stories = [article(f"S {n}", key=n, image=pictured) for n in range(3)]
    page = read(listing(lists, stories=stories))
    first, others = page.cssselect(".first img"), page.cssselect(".listing > .teaser img")
    assert [img.get("loading") for img in (*first, *others)] == [None] + ["lazy"] * len(others)
    sizes = {source.get("sizes") for source in page.cssselect(".first source, .first img[sizes]")}
    assert sizes == {"(min-width: 48rem) 28rem, calc(100vw - 2.5rem)"}
    assert {img.get("fetchpriority") for img in first} == {"high"}
    older = read(listing(lists, number=3, newer="/tags/river/", older="/x/"))
    assert not older.cssselect(".first")
    assert len(older.cssselect(".listing > .teaser")) == len(sample_publication.edition())


def test_the_summary_of_a_list_s_first_story_is_whole_and_the_others_end_with_a_sentence(
    lists: ListPages,
) -> None:
    summary = f"The tide came early. {'It rose and rose, ' * 12}and nobody saw it."
    stories = [article(f"S {n}", key=n, summary=summary, excerpt=summary) for n in range(2)]
    page = read(listing(lists, stories=stories))
    assert text(page, ".first .line") == summary
    assert text(page, ".listing > .teaser .line") == "The tide came early."


def test_times_are_as_short_as_they_can_be(lists: ListPages) -> None:
    dates = (AT, AT - 24 * HOUR, AT - 400 * 24 * HOUR, AT)
    stories = [article(f"S {n}", key=n, date=at) for n, at in enumerate((AT, *dates))]
    page = read(home(lists, stories))
    assert [t.text for t in page.cssselect(".field time")] == [
        "2:17 PM",
        "Nov 23",
        "Oct 20, 2025",
        "2:17 PM",
    ]


def test_an_empty_publication_has_a_kind_page(lists: ListPages) -> None:
    page = read(home(lists, []))
    assert text(page, "main h2") == "The first edition is being set."
    assert not page.cssselect("main :is(.teaser, .rail, nav)")


def test_the_strip_leads_to_its_story_and_says_when_it_is_over(lists: ListPages) -> None:
    page = read(lists.breaking(sample_publication.edition()[0]))
    (link,) = page.cssselect(".breaking a")
    assert link.get("href") == "/articles/story-1/"
    assert page.cssselect(".breaking")[0].get("data-until") == "2026-11-25T12:30:00+00:00"


def test_with_nothing_breaking_the_page_says_so(lists: ListPages) -> None:
    page = read(lists.breaking(None))
    assert text(page, "h1") == "There’s no breaking news at the moment."
    assert not page.cssselect(".breaking")


def test_a_section_lists_its_stories_without_naming_itself_and_fetches_the_strip(
    frame: PageFrame, lists: ListPages
) -> None:
    story = article("Tide tables", section="Science")
    page = read(listing(lists, kind=TopicKind.SECTION, name="Science", stories=[story]))
    assert text(page, "h1") == "Science"
    assert [h.text_content() for h in page.cssselect(".listing h2")] == ["Tide tables"]
    assert page.cssselect(".listing.of-section .kicker a")
    (style,) = [made for path, made in frame.assets().items() if path.endswith(".css")]
    assert b".of-section .kicker a, .of-section .flag::after{display: none;}" in style
    assert page.xpath("//script/@data-strip") == ["/breaking.html"]
    others = read(listing(lists, kind=TopicKind.TAG, name="sea", stories=[story]))
    assert not others.cssselect(".of-section")
    assert text(others, ".kicker") == "Science"


def test_a_list_says_nothing_of_an_hour_nor_of_other_pages_of_it(lists: ListPages) -> None:
    page = read(listing(lists, stories=[article(date=AT)]))
    assert text(page, ".teaser time") == "November 24, 2026"
    assert not page.cssselect(".pager, .breaking")


def test_a_list_of_nothing_says_so(lists: ListPages) -> None:
    page = read(listing(lists, stories=[]))
    assert text(page, ".listing > p") == "There’s nothing here at the moment."


def test_the_list_of_everything_has_a_name_and_the_feeds_of_everything(lists: ListPages) -> None:
    page = read(lists.listing(ListPage(topic=topics.everything(), address=addresses.LATEST), []))
    assert text(page, "h1") == "All stories"
    assert [a.get("href") for a in page.cssselect(".listing .formats a")] == [
        "/rss.xml",
        "/atom.xml",
        "/feed.json",
    ]


def test_names_that_differ_in_case_alone_are_one_topic(config: Config) -> None:
    made = article(section="Città", tags=("Port", "port", " "), authors=(ADA, ADA))
    assert [topic.home for topic in topics.article_topics(made, config)] == [
        "/",
        "/sections/citta/",
        "/tags/port/",
        "/authors/ada-lind/",
    ]


@pytest.mark.parametrize(
    ("language", "title", "link"),
    [
        ("en", "Follow The Harbour Post", "Subscribe"),
        ("de-AT", "The Harbour Post abonnieren", "Abonnieren"),
    ],
)
def test_the_page_about_feeds_speaks_the_publications_language(
    tmp_path: Path, language: str, title: str, link: str
) -> None:
    config = sample_publication.config(
        tmp_path, language=language, url="https://post.example/paper"
    )
    page = read(
        ListPages(PageFrame(config, Templates())).subscribe(
            offers(config, sample_publication.edition())
        )
    )
    assert text(page, "h1") == title
    (found,) = page.cssselect(".masthead a[href='/paper/subscribe/']")
    assert found.text == link
    assert text(page, ".address") == "https://post.example/paper/rss.xml"
    first = page.cssselect(".feeds .feed")[1]
    assert [a.get("href") for a in first.cssselect("a")] == [
        "/paper/sections/city/",
        *(f"/paper/sections/city/{name}" for name in ("rss.xml", "atom.xml", "feed.json")),
    ]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_page_about_feeds_offers_newsletters_only_where_people_can_sign_up(
    config: Config, enabled: bool
) -> None:
    signup = config.signup.model_copy(update={"enabled": enabled})
    newsletters = (Newsletter(name="briefing", title="The Briefing"),)
    frame = PageFrame(config.override(newsletters=newsletters, signup=signup), Templates())
    page = read(ListPages(frame).subscribe(offers(config, sample_publication.edition())))
    assert len(page.cssselect("form[action$='/signup']")) == enabled


def test_the_feed_of_everything_opens_in_well_known_readers_and_can_be_copied(
    lists: ListPages, config: Config
) -> None:
    page = read(lists.subscribe(offers(config, sample_publication.edition())))
    rss = f"{config.url}/rss.xml"
    encoded = quote(rss, safe="")
    readers = {link.text: link.get("href") for link in page.cssselect(".readers a")}
    assert list(readers) == ["Feedly", "Inoreader", "NewsBlur", "The Old Reader", "Feedbin"]
    assert all(address.endswith(encoded) for address in readers.values())
    assert readers["Feedbin"] == f"https://feedbin.com/?subscribe={encoded}"
    (copied,) = page.cssselect(".share .copy")
    assert (copied.get("href"), text(page, ".address")) == (rss, rss)
    assert page.cssselect(".share a")[0].get("href") == f"feed:{rss}"


def test_the_page_to_follow_begins_with_mail_and_says_how_often_it_comes(config: Config) -> None:
    newsletters = (Newsletter(name="briefing", title="The Briefing", description="Short."),)
    schedules = (Schedule(name="s", newsletter="briefing", cron="0 7 * * mon-fri"),)
    served = config.override(newsletters=newsletters, schedules=schedules)
    privacy = OwnPage(file="privacy.md", title="Privacy", slug="privacy")
    frame = PageFrame(served, Templates(), own_pages=(privacy,))
    page = read(ListPages(frame).subscribe(offers(served, sample_publication.edition())))
    assert [heading.text for heading in page.cssselect("h2")][:2] == ["By email", "With a feed"]
    assert text(page, ".tick") == "The Briefing weekdays at 7 AM Short."
    assert text(page, ".terms").startswith("First we’ll send you an email")
    assert page.cssselect(".ad") == []
    links = [link.get("href") for link in page.cssselect("form.fields a")]
    assert links == [f"{addresses.base(served)}/privacy/", addresses.newsletters(served)]


def test_many_feeds_are_folded_away_behind_their_number(lists: ListPages, config: Config) -> None:
    tags = tuple(f"Tag {number}" for number in range(50))
    page = read(lists.subscribe(offers(config, [article(section="City", tags=tags)])))
    assert text(page, "details summary") == "Tags 50"
    assert len(page.cssselect("details:not([open]) .feed")) == 50
    assert text(page, ".feeds .name").startswith("Everything City Tag 0")


def test_assets_are_named_by_their_content_and_all_that_pages_load(
    frame: PageFrame, lists: ListPages, tmp_path: Path
) -> None:
    page = read(home(lists, sample_publication.edition()))
    loaded = {a for a in page.xpath("//@href | //@src") if a.startswith("/assets/")}
    assert loaded == {f"/{path}" for path in frame.assets() if "share" not in path}
    other = PageFrame(sample_publication.config(tmp_path, ads=sample_publication.ADS), Templates())
    changed = set(frame.assets()) ^ set(other.assets())
    assert {path.split(".")[-1] for path in changed} == {"css"}


@pytest.mark.neighbours
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("World", "/sections/world/"),
        ("Arts & Letters", "/sections/arts-letters/"),
        ("Città", "/sections/citta/"),
        ("../..", None),
        ("政治", None),
        ("文化", None),
        ("Größe", "/sections/grosse/"),
        ("", None),
    ],
)
def test_a_sections_address_is_plain_and_its_own(name: str, address: str | None) -> None:
    made = addresses.section(name)
    assert made == address if address else made.startswith("/sections/")
    assert made.strip("/").replace("-", "").replace("/", "").isalnum()
    assert made.isascii()


def test_sections_in_other_scripts_do_not_meet() -> None:
    assert len({addresses.section(name) for name in ("政治", "文化", "政治 1", "Спорт")}) == 4


def test_a_remote_picture_without_a_size_is_shown_all_the_same(lists: ListPages) -> None:
    remote = figure(src="https://pictures.example/a.jpg", width=None, height=None)
    page = read(home(lists, [article(image=remote)]))
    assert page.cssselect(".leading img")[0].get("src") == "https://pictures.example/a.jpg"
