"""The frame of a mail, and the styles of editions of several stories."""

from dataclasses import replace

import pytest

from syndicate.config import Newsletter
from syndicate.config.sections.newsletters import Style
from syndicate.model.articles import Article, Correction, Sponsor
from syndicate.model.corrections import ArticleNote
from syndicate.model.edition_files import EditionBrief
from syndicate.model.editions import Content, EditionKind
from syndicate.render.mail.edition_content import edition_kind
from tests.render.mail.samples import (
    ADS,
    AT,
    BREAKING,
    DAM,
    HARBOUR,
    URL,
    alert,
    article,
    config,
    digest,
    figure,
    said,
    stories,
    story,
    tree,
)

STYLES: tuple[Style, ...] = ("digest", "brief", "letter")
WRITTEN = EditionBrief(
    signed="Maren Tolk",
    role="Editor",
    has_page=True,
    portrait=figure("maren", width=600, height=800),
    opening="<p>The fog came in at four.</p>",
    closing="<p>Until the next one.</p>",
)


def news(count: int) -> list[Article]:
    return [
        article(
            number,
            f"Parliament keeps the night trains for another year, {number}",
            section="Politics",
            image=HARBOUR,
            excerpt="Members kept the sleeper lines for four years. They sat until three.",
        )
        for number in range(count)
    ]


def edition(style: Style, articles: list[Article], **changes) -> Content:
    letter = Newsletter(name="news", title="The Briefing", style=style)
    return digest(articles, newsletter=letter, **changes)


def every_mail(**changes) -> list[Content]:
    return [alert(story(), **changes), *(edition(style, news(8), **changes) for style in STYLES)]


# The frame


def test_no_advertisement_is_above_the_news_and_each_is_labelled_on_a_ground_of_its_own():
    for content in every_mail(config=config(ads=ADS)):
        body = tree(content).find("body")
        ads = body.xpath("//td[contains(@class, 'ad')][contains(@style, '#F5F1E8')]")
        assert len(ads) == 2
        first = body.xpath("//h1 | //h2[1] | //td[@class='row'][1]")[0]
        order = [*body.iter()]
        for ad in ads:
            assert ad.text_content().startswith("Advertisement")
            assert order.index(first) < order.index(ad)
        assert {link.get("rel") for ad in ads for link in ad.iter("a")} == {"sponsored"}


PARAGRAPHS = "".join(f"<p>Paragraph {number}.</p>" for number in range(1, 6))


@pytest.mark.parametrize(
    ("body", "before", "after"),
    [
        (PARAGRAPHS, "Paragraph 3.", "Paragraph 4."),
        (f"<h2>Why</h2>{PARAGRAPHS}", "Paragraph 3.", "Paragraph 4."),
        ("<p>One.</p><p>Two.</p><p>Three:</p><ul><li>x</li></ul><p>End.</p>", "x", "End."),
        ("<p>One.</p><p>Two.</p>", "Read on the web", "Unsubscribe"),
        ("<p>One.</p><p>Two.</p><p>Three.</p>", "Read on the web", "Unsubscribe"),
    ],
)
def test_in_a_story_the_advertisement_follows_the_third_paragraph_or_the_story(body, before, after):
    ads = ADS.model_copy(update={"header": type(ADS.header)()})
    shown = said(alert(article(body=body), config=config(ads=ads)))
    assert shown.index(before) < shown.index("Advertisement") < shown.rindex(after)
    assert "Advertisement" not in shown[: shown.index(before)]


def test_between_the_stories_of_a_digest_is_one_advertisement_and_after_them_the_other():
    shown = said(edition("digest", news(8), config=config(ads=ADS)))
    first = shown.index("Advertisement")
    assert shown.rindex("year, 2") < first
    assert first < shown.rindex("year, 3")
    assert shown.rindex("year, 7") < shown.rindex("Advertisement")


@pytest.mark.parametrize("by_section", [True, False])
@pytest.mark.parametrize(
    ("style", "count"),
    [("digest", 2), ("digest", 3), ("digest", 4), ("brief", 2), ("brief", 3), ("letter", 1)],
)
def test_in_a_short_edition_too_two_advertisements_do_not_follow_each_other(
    style, count, by_section
):
    content = edition(
        style, news(count), config=config(ads=ADS), brief=WRITTEN, by_section=by_section
    )
    first, second = said(content).split("Advertisement")[1:]
    assert "Parliament keeps" in first
    assert "Parliament keeps" not in second


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("ads", [None, ADS])
def test_one_rule_or_an_advertisement_is_between_two_stories(style, ads):
    page = tree(edition(style, news(6), config=config(ads=ads)))
    rows = page.xpath("//td[@class='row']")
    unruled = [index for index, row in enumerate(rows) if "border-top" not in row.get("style")]
    top = [] if style == "digest" else [0]
    assert unruled == top + ([3 - (style == "digest")] if ads else [])


def test_where_two_advertisements_would_stand_next_to_each_other_the_second_is_left_out():
    short = article(body="<p>One.</p><p>Two.</p>")
    smallest = [edition(style, news(1), config=config(ads=ADS)) for style in STYLES]
    for content in (*smallest, alert(short, config=config(ads=ADS))):
        assert said(content).count("Advertisement") == 1
        assert "Subscribe" in content.html
        assert "Four weeks for one euro" not in content.html
    note = ArticleNote(
        article=article(2), since=1, corrections=(Correction(at=AT, text="Not 40."),)
    )
    for between in ({"brief": WRITTEN}, {"notes": [note]}):
        shown = said(alert(short, config=config(ads=ADS), **between))
        assert shown.count("Advertisement") == 2
    only_header = ADS.model_copy(update={"post_top": type(ADS.post_top)()})
    assert "Four weeks for one euro" in said(alert(short, config=config(ads=only_header)))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("Morning Post, 14 Fish Quay", "Morning Post, 14 Fish Quay"),
        ("MORNING POST\n14 Fish Quay", "MORNING POST\n14 Fish Quay"),
        ("14 Fish Quay", "Morning Post\n14 Fish Quay"),
    ],
)
def test_the_postal_address_names_the_publication_once(address, shown):
    for content in every_mail(config=config(postal_address=address)):
        assert content.text.rstrip().endswith(f"\n\n{shown}")
        footer = tree(content).xpath("//p")[-1]
        assert [text.strip() for text in footer.itertext()] == shown.split("\n")


def test_who_writes_is_text_even_where_there_is_a_logo():
    for content in every_mail(config=config(logo="logo.png")):
        link = tree(content).xpath("//a[@class='headline']")[0]
        assert link.text_content().strip() == "Morning Post"


# The styles


@pytest.mark.parametrize("style", STYLES)
def test_a_row_costs_less_than_three_kilobytes_and_no_number_of_stories_is_too_many(style):
    ads = config(ads=ADS)
    sizes = {n: len(edition(style, news(n), config=ads).html.encode()) for n in (5, 50, 500)}
    assert sizes[5] < 40_000
    assert (sizes[50] - sizes[5]) / 45 < 1_500
    assert sizes[500] < 100_000
    many = said(edition(style, news(500), config=ads))
    assert "more on the web" in many
    assert "Unsubscribe" in many
    pictured = [
        len(edition(style, [replace(one, image=DAM) for one in news(n)]).html.encode())
        for n in (1, 3)
    ]
    assert (pictured[1] - pictured[0]) / 2 < 3_000


def test_a_digest_has_two_small_pictures_and_a_sentence_of_each_other_story():
    content = edition("digest", [article(0), *news(6)])
    page, shown = tree(content), said(content)
    assert [image.get("width") for image in page.iter("img")] == ["184", "184"]
    assert shown.count("They sat until three.") == 2
    assert shown.count("Members kept the sleeper lines for four years.") == 6
    assert len(page.xpath("//td[@class='row']")) == 6


def test_after_a_very_short_sentence_comes_another():
    short = article(9, excerpt="Nobody came. Then all of them did. It was late.")
    shown = said(edition("digest", [article(0), *news(2), short]))
    assert "Nobody came. Then all of them did." in shown
    assert "It was late." not in shown


def test_further_headlines_are_rows_that_a_finger_can_hit():
    content = edition("digest", stories(), more=news(2))
    rows = tree(content).xpath("//h2[.='Also']/following::td[@class='row']/div/a")
    assert [row.get("href") for row in rows] == [f"{URL}/articles/story-{n}/" for n in (0, 1)]
    for row in rows:
        assert {"display:block", "padding:10px 0", "line-height:24px"} <= {
            *row.get("style").split(";")
        }
    assert f"Also:\n\n- {news(1)[0].title}\n  {URL}/articles/story-0/" in content.text


def test_a_brief_numbers_its_stories_and_says_how_long_it_takes():
    long = [replace(one, summary=f"{'A word ' * 40}. It ends.") for one in news(9)]
    content = edition("brief", long)
    page = tree(content)
    numbers = page.xpath("//h1/span/text() | //h2/span/text()")
    assert numbers == [str(number) for number in range(1, 10)]
    assert len(page.findall(".//h1")) == 1
    assert not list(page.iter("img"))
    assert "November 24, 2026 · 3 minutes" in said(content)
    assert "November 24, 2026 · 3 minutes\n" in content.text
    assert f"\n9. {long[8].title}\n---" in content.text
    assert "· 1 minute\n" in edition("brief", news(1)).text


@pytest.mark.parametrize(
    ("summary", "body", "shown"),
    [
        ("It runs. It is late.", "<p>Nobody knew.</p>", "It runs. It is late."),
        ("It runs", "<p>KARSUND — Nobody knew. Then all did.</p><ul><li>x</li></ul><p>End.</p>",
         "It runs. Nobody knew. Then all did. End."),
        ("", "<p>One.</p><p>Two.</p><p>Three.</p><p>Four.</p><p>Five.</p>", "One. Two. Three. Four."),
        ("", "<ul><li>x</li></ul>", "The excerpt."),
        ("", f"<p>One.</p><p>{'Word ' * 100}.</p>", "One."),
    ],
)  # fmt: skip
def test_a_brief_has_a_few_whole_sentences_of_a_story(summary, body, shown):
    told = article(summary=summary, body=body, excerpt=summary or "The excerpt.")
    (paragraph,) = tree(edition("brief", [told])).xpath("//td[@class='row']//p")
    assert paragraph.text.strip() == shown


def test_a_letter_begins_with_what_its_editor_wrote_and_goes_on_with_links():
    content = edition("letter", news(3), brief=WRITTEN)
    page, shown = tree(content), said(content)
    order = ("Maren Tolk", "Editor", "The fog came in at four.", "In this letter", "year, 0")
    places = [shown.rindex(part) for part in order]
    assert places == sorted(places)
    (portrait,) = page.iter("img")
    assert portrait.get("src") == f"{URL}/media/maren-192x192.jpg"
    assert (portrait.get("width"), portrait.get("height"), portrait.get("alt")) == ("56", "56", "")
    assert "Members kept" not in shown
    assert page.xpath("//td[@class='row']//a/@href") == [
        f"{URL}/articles/story-{n}/" for n in range(3)
    ]
    text = content.text
    assert text.index("— Maren Tolk") < text.index("In this letter:") < text.index("- Parliament")
    assert shown.index("year, 2") < shown.index("Until the next one.")


def test_a_letter_without_an_editor_has_a_sentence_beside_each_link():
    content = edition("letter", news(2))
    shown = said(content)
    assert "In this letter" not in shown
    assert shown.count("Members kept the sleeper lines for four years.") == 2


@pytest.mark.parametrize("style", STYLES)
def test_the_first_headline_is_the_first_heading_and_the_only_one_of_its_level(style):
    headings = tree(edition(style, news(6), config=config(ads=ADS))).xpath("//h1 | //h2 | //h3")
    assert [heading.tag for heading in headings] == ["h1", *["h2"] * 5]


@pytest.mark.parametrize("style", STYLES)
def test_each_style_says_who_paid_for_a_story_and_for_the_edition(style):
    orsk = Sponsor(name="Orsk", url="https://orsk.example/")
    paid = [*news(3), article(7, "Lemons keep", sponsor=orsk)]
    brief = replace(WRITTEN, sponsor=Sponsor(name="Varnhaven Savings"))
    content = edition(style, paid, brief=brief, more=[article(8, "Limes", sponsor=orsk)])
    for shown in (said(content), " ".join(content.text.split())):
        assert shown.count("Paid for by Orsk") == 2
        assert shown.index("Paid for by Varnhaven Savings") < shown.rindex("year, 0")


def test_a_single_story_is_mailed_in_full_unless_the_style_is_another():
    kinds = {
        style: edition_kind(BREAKING.model_copy(update={"style": style}), 1) for style in STYLES
    }
    assert kinds == {
        "digest": EditionKind.ALERT,
        "brief": EditionKind.DIGEST,
        "letter": EditionKind.DIGEST,
    }
    assert edition_kind(BREAKING, 2) is EditionKind.DIGEST


@pytest.mark.parametrize("style", ["digest", "brief"])
def test_what_is_beside_a_story_is_in_its_language_as_far_as_we_have_it(style):
    orsk = Sponsor(name="Orsk")
    told = [
        article(1, "Der Damm", language="de", breaking=True, sponsor=orsk),
        article(2, "Dammen", language="sv", breaking=True, sponsor=orsk),
    ]
    shown = said(edition(style, told))
    for words in ("Eilmeldung", "Anzeige – bezahlt von Orsk", "Breaking", "Paid for by Orsk"):
        assert shown.count(words) == 1
