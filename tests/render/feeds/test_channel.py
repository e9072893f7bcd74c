"""The model behind the formats: what is said, before how it is written."""

from lxml import html

from syndicate.model.articles import Comments, Figure, Person
from syndicate.render.feeds.entries import build_entry
from tests.render.feeds.samples import BODY, TRAM, a_channel, an_article


def test_every_address_in_a_body_is_absolute(publication):
    config = publication(publication={"url": "https://news.example/paper"})
    entry = build_entry(config, an_article())
    assert entry.url == "https://news.example/paper/articles/harbour-tram/"
    body = html.fragment_fromstring(entry.content, create_parent=True)
    assert [link.get("href") for link in body.iter("a")] == [
        "https://news.example/paper/articles/other/",
        "https://news.example/paper/articles/harbour-tram/#quay",
    ]
    assert body.find(".//img").get("src") == f"https://news.example/paper/{TRAM.src}"


def test_a_figure_keeps_alt_caption_credit_and_size(publication):
    body = html.fragment_fromstring(
        build_entry(publication(), an_article()).content, create_parent=True
    )
    picture = body.find(".//figure/img")
    assert (picture.get("alt"), picture.get("width"), picture.get("height")) == (
        "A tram at the quay",
        "1200",
        "800",
    )
    assert body.find(".//figcaption").text_content() == "The first tram of the morning Ann Example"
    assert body.find(".//figcaption/cite").text == "Ann Example"


def test_a_lead_picture_that_the_body_does_not_show_leads_it(publication):
    entry = build_entry(publication(), an_article(body="<p>Text</p>", figures=(), image=TRAM))
    root = html.fragment_fromstring(entry.content, create_parent=True)
    assert [child.tag for child in root] == ["figure", "p"]
    assert root.find("figure/figcaption/cite").text == "Ann Example"


def test_a_lead_picture_that_the_body_shows_is_not_shown_twice(publication):
    entry = build_entry(publication(), an_article(body=BODY, image=TRAM))
    assert entry.content
    assert entry.content.count(b"<img") == 1


def test_the_picture_of_an_entry_is_the_lead_with_what_is_known_of_it(publication):
    config = publication(publication={"url": "https://news.example"})
    image = build_entry(config, an_article()).image
    assert image == Figure(
        src=f"https://news.example/{TRAM.src}",
        alt=TRAM.alt,
        caption=TRAM.caption,
        credit=TRAM.credit,
        width=1200,
        height=800,
        type="image/jpeg",
        length=123_456,
    )


def test_a_picture_that_was_not_there_is_no_picture_of_the_entry(publication):
    assert build_entry(publication(), an_article(figures=(), image=Figure(src=""))).image is None
    assert (
        build_entry(publication(), an_article(figures=(), image=Figure(src="data:x"))).image is None
    )


def test_without_full_text_there_are_summaries_alone(publication):
    entry = build_entry(publication(syndication={"full_text": False}), an_article())
    assert entry.content is None
    assert entry.summary == "It runs again, from the quay."


def test_the_publication_stands_for_an_article_without_authors(publication):
    assert build_entry(publication(), an_article()).authors == (Person(name="Morning Post"),)
    config = publication(publication={"author": "The desk"})
    assert build_entry(config, an_article()).authors == (Person(name="The desk"),)


def test_people_keep_only_addresses_that_a_feed_can_hold(publication):
    entry = build_entry(
        publication(),
        an_article(
            authors=(
                Person(name="Ann", url="https://ann.example/", email="ann@example.org"),
                Person(name="Bo", url="javascript:alert(1)", email="not an address"),
                Person(name="Di", email="0@\x1b"),
                Person(name=" \x00 "),
            ),
            contributors=(Person(name="Cy", place="Hanoi"),),
        ),
    )
    assert entry.authors == (
        Person(name="Ann", url="https://ann.example/", email="ann@example.org"),
        Person(name="Bo"),
        Person(name="Di"),
    )
    assert entry.contributors == (Person(name="Cy"),)


def test_the_section_is_the_first_category_and_none_is_named_twice(publication):
    entry = build_entry(publication(), an_article(section="City", tags=("trams", "City", "quay")))
    schemes = {"City": f"{publication().url}/sections/", "trams": None, "quay": None}
    assert list(entry.categories.items()) == list(schemes.items())


def test_comments_are_told_as_far_as_they_are_known(publication):
    assert build_entry(publication(), an_article(comments=None)).comments == Comments()
    for known in (
        Comments(count=0),
        Comments(count=7, url="https://talk.example/7", feed="https://talk.example/7.rss"),
    ):
        assert build_entry(publication(), an_article(comments=known)).comments == known
    nowhere = an_article(comments=Comments(url="no address", feed="javascript:alert(1)"))
    assert build_entry(publication(), nowhere).comments == Comments()


def test_a_publication_without_a_description_is_described_by_its_title(publication):
    assert a_channel(publication(), []).description == "Morning Post"
