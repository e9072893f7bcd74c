"""Editions: what is in their HTML, in which order, and what an operator's own templates change."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syndicate.config import AdSlot
from syndicate.config.sections.navigation import Section
from syndicate.config.sections.pages import AdsSettings
from syndicate.errors import TemplateError
from syndicate.model.edition_files import EditionBrief, NamedStory
from syndicate.model.editions import placeholder
from syndicate.render.templates import Templates
from tests.render.mail.samples import (
    ADS,
    DAM,
    HARBOUR,
    NASTY,
    URL,
    alert,
    article,
    both,
    config,
    digest,
    said,
    stories,
    story,
    tree,
)


def test_an_alert_is_the_whole_story():
    content = alert(story())
    text_part = said(content)
    for part in (
        "Morning Post", "Breaking news · Tuesday, November 24, 2026", "Breaking", "City",
        "City opens the dam after four days of rain", "By Ada Marsh and Jo Lind",
        "November 24, 2026, 8:05 AM CET", "The reservoir on Monday evening. Ada Marsh",
        "What happens next", "{{ level }} = 40.8 {% raw %}", "Watch the video",
        "Nils Berg from Greyhills and Rosa Lund", "3 comments", "Read on the web",
        "12 Harbour Street", "Unsubscribe",
    ):  # fmt: skip
        assert part in text_part


@pytest.mark.parametrize(
    "make", [digest, lambda articles, **changes: alert(articles[0], **changes)]
)
def test_an_edition_has_the_day_of_its_slot_in_the_zone_of_its_schedule(make):
    zone = ZoneInfo("Pacific/Auckland")
    sunday = datetime(2026, 11, 29, 7, tzinfo=zone).astimezone(UTC)
    content = make(stories(), edition_date=sunday.astimezone(zone))
    assert "Breaking news · Sunday, November 29, 2026" in said(content)
    assert content.text.startswith("Morning Post · Breaking news · Sunday, November 29, 2026\n\n")


def test_a_digest_tells_each_story_and_names_the_rest():
    content = digest(stories(), more=[article(8, "Rowers win"), article(9, "A lost king")])
    page, text_part = tree(content), said(content)
    headings = [h.text_content() for h in page.iter("h1", "h2")]
    assert headings == [*(a.title for a in stories()), "Also"]
    for one in stories():
        assert one.excerpt in text_part
        assert page.xpath(f"//a[@href='{URL}{one.address}']")
    assert "Also Rowers win A lost king" in text_part
    assert {i.get("alt") for i in page.iter("img")} == {DAM.alt, HARBOUR.alt}


def test_very_many_further_stories_are_counted():
    more = [article(n, f"Headline {n}.") for n in range(10, 110)]
    text_part = said(digest(stories(), more=more))
    assert "Headline 29." in text_part
    assert "Headline 30." not in text_part
    assert "80 more on the web" in text_part


def test_a_mail_has_one_main_heading_and_every_picture_words():
    for content in both(config=config(ads=ADS)):
        page = tree(content)
        assert len(page.findall(".//h1")) == 1
        assert all(picture.get("alt") is not None for picture in page.iter("img"))
        assert all(
            table.get("role") == "presentation" for table in page.xpath("//table[not(th|*//th)]")
        )
        assert page.findtext(".//title") == content.subject


def test_every_address_is_absolute():
    for content in both(config=config(ads=ADS)):
        addresses = tree(content).xpath("//@href | //@src")
        assert addresses
        own = {placeholder(content.nonce, name) for name in ("unsubscribe", "preferences", "view")}
        for address in addresses:
            assert address.startswith("https://") or address in own


def test_the_logo_is_in_the_masthead_beside_the_name():
    for content in both(config=config(logo=Path("art/Logo.png"), title=NASTY)):
        (logo,) = tree(content).xpath(f"//img[@src='{URL}/assets/logo.png']")
        assert logo.get("alt") == "", "the name is beside it, whether or not it is loaded"
        assert logo.get("height") == "40"
        assert "height:40px" in logo.get("style")
        assert logo.get("width") is None, "nobody measured it: it keeps its shape"
        link = logo.getparent()
        assert link.get("href") == f"{URL}/"
        assert link.text_content().split() == NASTY.split()


def test_without_a_logo_the_masthead_is_the_title_in_letters():
    for content in both():
        (link,) = tree(content).xpath(f"//a[@href='{URL}/'][@class='headline']")
        assert link.text == "Morning Post"
        assert len(link) == 0


def test_the_personal_places_are_markers_and_unsubscribe_is_a_link_to_see():
    for content in both():
        link = placeholder(content.nonce, "unsubscribe")
        (anchor,) = tree(content).xpath(f"//a[@href='{link}']")
        assert anchor.text == "Unsubscribe"
        assert placeholder(content.nonce, "email") in content.html
        assert link in content.text
        assert placeholder(content.nonce, "email") in content.text


def test_dark_mode_is_designed():
    for content in both():
        page = tree(content)
        for name in ("color-scheme", "supported-color-schemes"):
            assert page.xpath(f"//meta[@name='{name}']/@content") == ["light dark"]
        style = "".join(page.xpath("//style/text()"))
        assert "@media (prefers-color-scheme: dark)" in style
        assert "#14161A !important" in style
        assert "[data-ogsc] .ink div" in style


def test_advertising_is_labelled_and_harmless():
    content = alert(story(), config=config(ads=ADS))
    assert said(content).count("Advertisement") == 2
    assert "<script" not in content.html
    picture = tree(content).xpath("//img[@alt='Subscribe']")[0]
    assert (picture.get("src"), picture.get("width")) == (f"{URL}/media/ad.png", "504")


@pytest.mark.parametrize("mail", ["", "  ", "<script>x</script>", "<p> </p>"])
def test_an_empty_slot_leaves_no_trace(mail):
    ads = AdsSettings(header=AdSlot(mail=mail), post_top=AdSlot(html="<b>page only</b>"))
    for content in both(config=config(ads=ads)):
        assert "Advertisement" not in content.html


def test_the_preheader_stands_first_and_keeps_the_body_out_of_the_preview():
    for content in both():
        first = tree(content).find("body")[0]
        assert "display:none" in first.get("style")
        shown = first.text_content()
        assert shown.startswith(content.preheader)
        assert len(shown) > 250


def test_a_digest_by_section_names_each_section_once_below_the_lead():
    city, *others = stories()
    rowing = article(5, "Rowers win", section="Sport")
    last = article(6, "A quiet day", section=None)
    harbour = article(7, "The harbour is full", section="City")
    shown = [city, rowing, last, *others, harbour]
    page = tree(digest(shown, by_section=True))
    headings = [(h.tag, h.text_content()) for h in page.iter("h1", "h2", "h3")]
    assert headings == [
        ("h1", city.title),
        *(("h2", "City"), ("h3", harbour.title), ("h2", "Sport"), ("h3", rowing.title)),
        *(("h2", "Politics"), ("h3", others[0].title), ("h2", "Science"), ("h3", others[1].title)),
        *(("h2", "More news"), ("h3", last.title)),
    ]
    kickers = page.xpath("//span[@class='kicker']")
    assert [kicker.text for kicker in kickers] == ["City"]
    text_part = digest(shown, by_section=True).text
    assert text_part.index("\nSPORT\n=====") < text_part.index("Rowers win\n-----")
    flat = tree(digest(shown))
    assert [h.text_content() for h in flat.iter("h1", "h2")] == [one.title for one in shown]
    assert not list(flat.iter("h3"))


def test_sections_are_spelt_and_joined_as_the_editor_does():
    of_city = config().override(sections=(Section(title="City"),))
    first, *rest = [
        article(n, f"S{n}", section=name)
        for n, name in enumerate(["cITY", "city", "City", "Sea"], 1)
    ]
    kickers = "//span[@class='kicker']/text()"
    assert tree(alert(first, config=of_city)).xpath(kickers) == ["City"]
    assert "\nCity\n" in alert(first, config=of_city).text
    letter = digest([first, *rest], by_section=True, config=of_city)
    assert tree(letter).xpath(kickers) == ["City"]
    assert [h.text for h in tree(letter).iter("h2")] == ["City", "Sea"]
    assert "cITY" not in letter.text


def test_an_editors_own_order_stays_under_the_sections():
    city, *_ = stories()
    shown = [city, *(article(n, f"S{n}", section=name) for n, name in enumerate("ABBA", 5))]
    brief = EditionBrief(stories=(NamedStory(slug="x", line=1),))
    page = tree(digest(shown, by_section=True, brief=brief))
    headings = [h.text_content() for h in page.iter("h2", "h3")]
    assert headings == ["A", "S5", "B", "S6", "S7", "A", "S8"]


def test_stories_without_sections_need_no_heading():
    plain = [article(number, f"Story {number}") for number in range(3)]
    assert digest(plain, by_section=True).html == digest(plain).html


def test_a_mistake_in_a_template_of_the_publication_is_reported_with_its_line(tmp_path):
    folder = tmp_path / "email"
    folder.mkdir()
    (folder / "alert.mjml").write_text(
        '{% extends "email/parts/frame.mjml" %}\n{% block news %}\n<mj-section>\n'
        "<mj-column>\n<mj-tekst>{{ article.title }}</mj-tekst>\n</mj-column></mj-section>\n{% endblock %}"
    )
    with pytest.raises(TemplateError, match=r"^email/alert.mjml:5: there is no <mj-tekst>"):
        alert(story(), templates=Templates(tmp_path))
    (folder / "alert.txt").write_text("{{ article.title }}\n{{ slot.nobody }}")
    (folder / "alert.mjml").unlink()
    with pytest.raises(TemplateError, match=r"^email/alert.txt:2: "):
        alert(story(), templates=Templates(tmp_path))


def test_a_partial_of_the_publication_wins_alone(tmp_path):
    folder = tmp_path / "email/parts"
    folder.mkdir(parents=True)
    (folder / "footer.txt").write_text("Bye: {{ slot.unsubscribe }}")
    content = alert(story(), templates=Templates(tmp_path))
    assert content.text.rstrip().endswith(f"Bye: {placeholder(content.nonce, 'unsubscribe')}")


def test_a_player_is_a_link_to_what_it_plays():
    body = (
        '<figure class="embed ratio-16-9"><iframe src="https://www.youtube-nocookie.com/embed/'
        'dQw4w9WgXcQ" width="560" height="315" title="The tram" allowfullscreen=""></iframe>'
        "<figcaption>Line 4</figcaption></figure>"
        '<figure class="embed"><iframe src="https://maps.example/" width="1" height="1"></iframe>'
        '</figure><figure class="embed"><audio controls=""><source src="https://x.example/a.mp3"/>'
        '<track src="https://x.example/a.vtt" kind="captions"/></audio></figure>'
    )
    page = tree(alert(replace(story(), body=body)))
    links = {a.text_content(): a.get("href") for a in page.iter("a")}
    assert links["The tram"] == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert links["Open what is shown here"] == "https://maps.example/"
    assert links["Listen to the recording"] == "https://x.example/a.mp3"
    assert "Line 4" in page.text_content()
    assert not list(page.iter("iframe", "audio", "source", "track"))


def test_columns_of_figures_are_aligned_as_on_the_page():
    cell = '<td class="align-right">900</td><td>Old Bridge</td>'
    content = alert(article(body=f"<table><tbody><tr>{cell}</tr></tbody></table>"))
    figures, words = re.findall(r'<td[^>]*style="([^"]*)"[^>]*>(?=900|Old Bridge)', content.html)
    assert "text-align: right" in figures
    assert "text-align" not in words


def test_footnotes_are_numbers_and_a_list_without_links():
    body = (
        '<p>A fact<sup class="footnote-ref"><a href="#a1-fn-1" id="a1-r">1</a></sup>.</p>'
        '<section class="footnotes"><ol><li id="a1-fn-1"><p>Its <a href="/s/">source</a>. '
        '<a href="#a1-r" class="footnote-backref">↩</a></p></li></ol></section>'
    )
    content = alert(article(body=body))
    page = tree(content)
    assert page.find(".//sup").text == "1"
    (notes,) = page.xpath("//div[@class='footnotes']")
    assert [link.get("href") for link in notes.iter("a")] == [f"{URL}/s/"]
    assert "border-top" in notes.get("style")
    assert "A fact¹.\n\nNotes:\n1. Its source [1].\n" in content.text
