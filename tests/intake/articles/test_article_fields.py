"""What front matter says of an article, field by field."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath

import pytest

from syndicate.intake.articles.article_fields import read_fields
from syndicate.intake.articles.front_matter import split_front_matter
from syndicate.model.articles import Comments, Figure, Person, Sponsor, Status
from tests.intake.articles.front_matters import BERLIN, fields, refusal


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2019-02-28", datetime(2019, 2, 27, 23, 0, tzinfo=UTC)),
        ("2019-02-28 14:05", datetime(2019, 2, 28, 13, 5, tzinfo=UTC)),
        ("2019-07-28T14:05:09.25", datetime(2019, 7, 28, 12, 5, 9, 250_000, tzinfo=UTC)),
        ("2019-02-28T14:05:00+07:00", datetime(2019, 2, 28, 7, 5, tzinfo=UTC)),
        ("2019-02-28 14:05:00 -0700", datetime(2019, 2, 28, 21, 5, tzinfo=UTC)),
        ('"2019-02-28 14:05:00 -0700"', datetime(2019, 2, 28, 21, 5, tzinfo=UTC)),
        ("2019-02-28T14:05:00Z", datetime(2019, 2, 28, 14, 5, tzinfo=UTC)),
        ("2019-02-28 14:05:00 UTC", datetime(2019, 2, 28, 14, 5, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_however_it_is_written(written, utc):
    assert fields(f"date: {written}").revision.date == utc


@pytest.mark.parametrize(
    "written",
    [
        "soon",
        "2019-02-30",
        "2019-02-28 25:00",
        "20190228",
        "1e3",
        "[1]",
        "0001-01-01",
        "9999-12-31",
    ],
)
def test_an_unreadable_date_is_refused_with_its_line(written):
    assert refusal(f"title: x\ndate: {written}").startswith("a.md:3: date = ")


def test_an_unreadable_date_gives_way_to_the_one_in_the_files_name():
    read = fields("date: 2019-02-28 18:30:22 2023 -0800", "2019-02-28-tram.md")
    assert read.revision.date == datetime(2019, 2, 27, 23, 0, tzinfo=UTC)
    assert read.warnings[0].startswith("a.md:3: date ")


def test_a_file_name_that_begins_with_no_date_of_the_calendar_is_warned_about():
    read = fields("section: City", "2026-02-31-tram.md")
    assert (read.slug, read.revision.date) == ("tram", None)
    assert read.warnings == ("a.md: 2026-02-31 in the file name is not a date; add a line date: …",)


def test_what_an_editor_wrote_counts_not_what_yaml_makes_of_it():
    head = "section: 2019-02-28\nslug: 007\ntags: [no, 1.0, 0x10, null, 12:30]\nid: 0123"
    read = fields(head)
    assert read.revision.section == "2019-02-28"
    assert read.revision.tags == ("no", "1.0", "0x10", "12:30")
    assert (read.slug, read.id) == ("007", "0123")


def test_a_number_and_a_yes_are_titles():
    for title in ("1984", "Yes", "1.10", "2019-02-28", "0b1"):
        front = split_front_matter(f"---\ntitle: {title}\n---\n".encode(), "a.md")
        assert read_fields(front, PurePath("a.md"), BERLIN).revision.title == title


def test_people_are_names_or_tables():
    head = (
        "authors: [Ann Ives, {name: Bo, url: https://bo.example}]\n"
        "contributors: {name: Cy, place: Hanoi, email: cy@example.org}"
    )
    revision = fields(head).revision
    assert revision.authors == (
        Person(name="Ann Ives"),
        Person(name="Bo", url="https://bo.example"),
    )
    assert revision.contributors == (Person(name="Cy", place="Hanoi", email="cy@example.org"),)


def test_a_summary_has_no_markdown_whichever_key_it_stands_in():
    for key in ("summary", "description", "excerpt"):
        read = fields(f'{key}: "The **dam** is [open](/dam/)."')
        assert read.revision.summary == "The dam is open."


def test_jekylls_keys_are_understood():
    head = (
        "layout: post\nauthor: parkr\ncategories: [team, community]\npublished: false\n"
        "permalink: /blog/2013/the-tram.html"
    )
    read = fields(head, "2013-05-06-jekyll-1-0.md")
    assert read.slug == "the-tram"
    assert read.revision.authors == (Person(name="parkr"),)
    assert (read.revision.section, read.revision.tags) == ("team", ("community",))
    assert read.revision.status is Status.DRAFT
    assert read.revision.date == datetime(2013, 5, 5, 22, 0, tzinfo=UTC)
    assert read.revision.extra == {"layout": "post"}


@pytest.mark.parametrize(
    "head",
    [
        "permalink: false",
        "headless: true",
        "build: {render: never, list: never}",
        "_build:\n  render: false",
        "draft: off",
        "draft: maybe",
    ],
)
def test_what_has_no_page_where_it_comes_from_is_a_draft(head):
    assert fields(head).revision.status is Status.DRAFT


@pytest.mark.parametrize(
    "head",
    ["permalink: /a/", "headless: false", "build: {list: never}", "draft: false", "draft: no"],
)
def test_what_has_a_page_is_published(head):
    assert fields(head).revision.status is Status.PUBLISHED


def test_a_draft_that_says_neither_yes_nor_no_is_warned_about():
    assert fields("draft: maybe").warnings == (
        'a.md:3: draft = "maybe" is taken as true; write true or false',
    )
    assert fields("draft: off").warnings == ('a.md:3: draft = "off" is taken as true; write false',)
    assert fields("draft: yes").warnings == ()


def test_keys_that_are_not_misspelt_are_not_warned_about():
    words = "layout type weight menu toc math series lang url name page site theme role video"
    head = "\n".join(f"{word}: x" for word in words.split())
    assert fields(head).warnings == ()


@pytest.mark.parametrize(
    "written",
    ["---\n{}place: Lead\n---\n", '+++\n{}place = "lead"\n+++\n', '{{{}"place": "lead"}}'],
)
def test_an_editor_makes_an_article_the_lead_in_every_format(written):
    title = {"-": "title: Tram\n", "+": 'title = "Tram"\n', "{": '"title": "Tram", '}[written[0]]
    front = split_front_matter(written.format(title).encode(), "a.md")
    revision = read_fields(front, PurePath("a.md"), BERLIN).revision
    assert revision.place == "lead"
    assert revision.extra == {}


@pytest.mark.parametrize("place", ["lead", "top", "hide"])
def test_an_editor_places_an_article(place):
    placed = fields(f"place: {place.title()} ")
    assert (placed.revision.place, placed.warnings) == (place, ())


def test_another_place_is_kept_and_warned_about():
    kept = fields("place: Hanoi")
    assert (kept.revision.place, kept.revision.extra) == (None, {"place": "Hanoi"})
    assert kept.warnings == ('a.md:3: place = "Hanoi" means nothing; expected lead, top or hide',)
    assert fields("plcae: lead").warnings == ("a.md:3: plcae is unknown; did you mean place?",)
    assert fields("price: 5\nspace: big").warnings == ()


def test_a_permalink_pattern_leaves_the_files_name():
    assert fields("permalink: /:year/:title/", "2013-05-06-tram.md").slug == "tram"
    assert fields("permalink: pretty").slug == "tram"


def test_unknown_keys_are_kept_as_json_can_hold_them():
    head = "version: 4.4\nflags: {a: yes, b: [1, 2019-02-28, .inf, ~]}\nweight: /old"
    assert fields(head).revision.extra == {
        "version": 4.4,
        "flags": {"a": True, "b": [1, "2019-02-28", ".inf", None]},
        "weight": "/old",
    }


def test_an_image_is_an_address_or_a_table():
    assert fields("image: tram.jpg").revision.image == Figure(src="tram.jpg")
    table = "image: {src: tram.jpg, alt: A tram, caption: Back, credit: AP}"
    expected = Figure(src="tram.jpg", alt="A tram", caption="Back", credit="AP")
    assert fields(table).revision.image == expected


def test_a_sponsor_is_a_name_or_a_table():
    assert fields("sponsor: Orsk").revision.sponsor == Sponsor(name="Orsk")
    assert fields("sponsor: {name: Orsk, logo: orsk.png, url: https://orsk.example/}").revision == (
        replace(
            fields("").revision,
            sponsor=Sponsor(name="Orsk", url="https://orsk.example/", logo=Figure(src="orsk.png")),
        )
    )
    for nobody in ("sponsor:", "sponsor: ''", "sponsor: false"):
        assert fields(nobody).revision.sponsor is None
    odd = fields("sponsor:\n  name: Orsk\n  color: red\nsponser: x")
    assert odd.warnings == (
        "a.md:5: sponsor.color is unknown; known are name, logo, url",
        "a.md:6: sponser is unknown; did you mean sponsor?",
    )


def test_comments_are_a_count_or_an_address_or_all_of_it():
    assert fields("comments: 0").revision.comments == Comments(count=0)
    talk = "https://talk.example/7"
    assert fields(f"comments: {talk}").revision.comments == Comments(url=talk)
    read = fields(f"comments: {{count: 3, url: {talk}, feed: {talk}.rss}}")
    assert read.revision.comments == Comments(count=3, url=talk, feed=f"{talk}.rss")
    read = fields("comments: {count: 3, url:, who: Ada}")
    assert (read.revision.comments, len(read.warnings)) == (Comments(count=3), 1)
    assert fields("comments: {}").revision.comments is None
    read = fields("comments: true")
    assert (read.revision.comments, len(read.warnings)) == (None, 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("status: live", 'a.md:3: status = "live" — expected draft, published or retracted'),
        ("breaking: maybe", 'a.md:3: breaking = "maybe" — expected true or false'),
        ("published: 7", 'a.md:3: published = "7" — expected true or false'),
        ("status: published\npublished: false", "a.md:4: published = "),
        ("comments: many", 'a.md:3: comments = "many" — expected a count'),
        ("comments: -1", "a.md:3: comments = "),
        ("comments: {count: few}", 'a.md:3: comments.count = "few" — expected a number in digits'),
        ("comments:\n  url: here", 'a.md:4: comments.url = "here" — expected an http'),
        ("canonical_url: javascript:alert(1)", "a.md:3: canonical_url = "),
        ("language: English please", "a.md:3: language = "),
        ("tags: {a: b}", "a.md:3: tags = a table — expected a list of words"),
        ("tags:\n- a\n- [b]", "a.md:5: tags = a list"),
        ("authors:\n- name: Bo\n- place: Hanoi", "a.md:5: authors = a table — expected a name"),
        ("authors: {name: Bo, url: 'javascript:x'}", "a.md:3: authors.url = "),
        ("sponsor: true", 'a.md:3: sponsor = "true" — expected a name, or a table with name, logo'),
        ("sponsor:\n  url: https://o.example/", "a.md:4: sponsor = a table — expected a name"),
        ("sponsor: {name: Orsk, url: orsk}", 'a.md:3: sponsor.url = "orsk" — expected an http'),
        ("authors: {name: Bo, email: bo}", "a.md:3: authors.email = "),
        ("image: data:image/png;base64,xx", "a.md:3: image = "),
        ("image: {alt: x}", "a.md:3: image = a table"),
        ("section: [a]", "a.md:3: section = a list"),
        ("summary: " + "x" * 6000, "a.md:3: summary = "),
        ('id: "a b"', "a.md:3: id = "),
        ('id: ""', "a.md:3: id = "),
        ("id: " + "x" * 201, "a.md:3: id = "),
        ("id: [a]", "a.md:3: id = a list"),
        ('slug: ""', "a.md:3: slug = "),
        ("updated: soon", "a.md:3: updated = "),
    ],
)
def test_a_wrong_value_is_refused_with_line_and_what_was_expected(line, expected):
    assert refusal(f"title: x\n{line}").startswith(expected)
