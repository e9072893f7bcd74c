"""Editions: the structure of the HTML, the subject, pictures and languages."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syndicate.config import AdSlot, Newsletter
from syndicate.config.sections.pages import AdsSettings
from syndicate.errors import TemplateError
from syndicate.model.articles import Person, Sponsor
from syndicate.model.edition_files import EditionBrief, NamedStory
from syndicate.model.editions import Content, placeholder
from syndicate.render.templates import Templates
from tests.render.mail.samples import (
    ADS,
    DAM,
    HARBOUR,
    NASTY,
    URL,
    alert,
    article,
    config,
    correction,
    digest,
    figure,
    said,
    stories,
    story,
    tree,
    written,
)


def both(**changes) -> list[Content]:
    return [
        alert(story(), **changes),
        digest(stories(), more=[article(9, "Rowers win")], **changes),
    ]


# What is in it


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


# Pictures


@pytest.mark.parametrize(
    ("width", "attribute", "style"),
    [(1200, "536", "max-width:536px"), (200, "200", "max-width:200px"), (None, "536", "max-width:536px")],
)  # fmt: skip
def test_a_figure_fits_the_column(width, attribute, style):
    picture = figure(width=width, height=width and 100)
    content = alert(article(body=f"<p>a</p>{written(picture)}"))
    image = tree(content).find(".//img")
    assert image.get("width") == attribute
    assert style in image.get("style").replace(" ", "")


LARGE = figure("large", width=4000, height=3000, variants=(400, 800, 1200, 1600))


def loaded(content):
    """Each picture of a mail: its file, width and height."""
    return [
        (image.get("src").rpartition("/")[2], image.get("width"), image.get("height"))
        for image in tree(content).iter("img")
    ]


def test_mail_loads_renditions_of_its_own_and_names_their_size():
    story = article(body=f"<p>a</p>{written(DAM)}", image=LARGE, figures=(DAM,))
    assert loaded(alert(story)) == [("large-mail.jpg", "536", "402"), ("dam.jpg", "536", "357")]
    stories = [article(1, image=LARGE), article(2, image=LARGE), article(3, image=DAM)]
    assert loaded(digest(stories)) == [
        ("large-mail.jpg", "536", "402"),
        ("large-thumb.jpg", "184", "122"),
        ("dam.jpg", "184", "123"),
    ]


def test_a_picture_in_a_line_loads_a_small_rendition():
    line = f'<p>A <img src="{LARGE.src}" alt="" width="40" height="30"/> badge.</p>'
    assert loaded(alert(article(body=line, figures=(LARGE,)))) == [("large-400.jpg", "40", "30")]


@pytest.mark.parametrize(
    ("count", "shown", "note"),
    [(6, 6, None), (7, 6, "1 more picture on the web"), (40, 6, "34 more pictures on the web")],
)
def test_a_story_has_its_first_six_pictures_and_counts_the_others(count, shown, note):
    several = [figure(f"f{number}", alt=f"Alt {number}", caption="") for number in range(count)]
    body = "".join(f"<p>Before {one.alt}.</p>{written(one)}" for one in several)
    content = alert(article(body=body, figures=tuple(several), image=DAM))
    names = [name for name, *_ in loaded(content)]
    assert names == ["dam.jpg", *(f"f{number}.jpg" for number in range(shown))]
    links = [link for link in tree(content).iter("a") if "on the web" in link.text_content()]
    expected = ([note] if note else []) + ["Read on the web"]
    assert [link.text_content() for link in links] == expected
    assert {link.get("href") for link in links} == {f"{URL}/articles/story-1/"}
    words = said(content)
    assert f"Before Alt {count - 1}." in words
    if note:
        assert words.index("Before Alt 6.") < words.index(note)
        assert words.index(note) < words.find("Before Alt 7.") or count == 7
    assert content.text.count("[Picture: ") == shown + 1
    assert note is None or f"\n{note}\n" in content.text


def test_a_picture_that_leads_a_story_is_one_of_its_six():
    several = [figure(f"f{number}", alt=f"Alt {number}") for number in range(40)]
    body = "".join(map(written, several))
    content = alert(article(body=body, figures=tuple(several)))
    assert len(loaded(content)) == 6
    assert "34 more pictures on the web" in said(content)
    assert "34 more pictures on the web" in content.text


def test_a_picture_of_which_nothing_is_known_has_no_height():
    remote = figure(src="https://elsewhere.example/a.jpg", width=None, height=None)
    assert loaded(digest([article(1, image=remote)])) == [("a.jpg", "536", None)]
    assert 'height="auto"' not in digest([article(1, image=remote)]).html


def test_the_lead_picture_that_the_article_names_comes_first_and_once():
    content = alert(article(body=f"<p>a</p>{written(HARBOUR)}", image=DAM, figures=(HARBOUR,)))
    assert [i.get("alt") for i in tree(content).iter("img")] == [DAM.alt, HARBOUR.alt]


def test_a_picture_in_a_line_keeps_its_own_size():
    content = alert(article(body='<p>a <img src="https://b.example/i.png" alt="b"/> c</p>'))
    assert tree(content).find(".//img").get("width") is None


# Subject and preheader


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("City opens the dam", "City opens the dam"),
        ("Two\r\nBcc: x@example.org\x00\x85lines", "Two Bcc: x@example.org lines"),
        ("Emoji 👨‍👩‍👧 שלום", "Emoji 👨‍👩‍👧 שלום"),
        ("{date} %s", "{date} %s"),
    ],
)
def test_the_subject_is_the_headline_of_the_first_story(title, subject):
    first = story(title=title)
    for content in (alert(first), digest([first, *stories()], more=[article(8), article(9)])):
        assert content.subject == subject


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("{breaking}{lead}", "Breaking: City opens the dam after four days of rain"),
        ("{title}: {lead}", "Breaking news: City opens the dam after four days of rain"),
        ("{title}, {date}", "Breaking news, November 24, 2026"),
        ("{lead} {{}}", "City opens the dam after four days of rain {}"),
    ],
)
def test_a_newsletter_has_a_pattern_for_its_subjects(pattern, subject):
    letter = Newsletter(name="breaking", title="Breaking news", subject=pattern)
    assert {content.subject for content in both(newsletter=letter)} == {subject}


ARABIC: dict[str, Any] = {"title": "فتحت المدينة السد!", "language": "ar"}


@pytest.mark.parametrize(
    ("paper", "changes", "pattern", "subject"),
    [
        ("en", ARABIC, "{breaking}{lead}", "Breaking: \u2068فتحت المدينة السد!\u2069"),
        ("en", ARABIC, "{lead}", "فتحت المدينة السد!"),
        ("en", ARABIC, "{title}: {lead}", "Breaking news: \u2068فتحت المدينة السد!\u2069"),
        ("en", ARABIC, "{title}", "Breaking news"),
        ("ar", {"title": "City opens", "language": "en"}, "{lead}", "City opens"),
        (
            "ar",
            {"title": "City opens", "language": "en"},
            "نشرة: {lead}",
            "نشرة: \u2068City opens\u2069",
        ),
        ("ar", ARABIC, "نشرة: {lead}", "نشرة: فتحت المدينة السد!"),
        ("en", {"title": "City opens"}, "{breaking}{lead}", "Breaking: City opens"),
    ],
)
def test_a_headline_of_the_other_direction_is_isolated_in_a_subject(
    paper, changes, pattern, subject
):
    first = article(breaking=True, **changes)
    letter = Newsletter(name="breaking", title="Breaking news", subject=pattern)
    content = alert(first, newsletter=letter, config=config(language=paper))
    assert content.subject == subject


def test_a_preheader_isolates_the_headlines_of_the_other_direction():
    content = digest([article(1), article(2, **ARABIC), article(3, "Rowers win")])
    assert content.preheader == f"\u2068{ARABIC['title']}\u2069 · Rowers win"


def test_a_correction_isolates_its_headline_too():
    assert correction(article(**ARABIC), "It was Monday.").subject == (
        f"Correction: \u2068{ARABIC['title']}\u2069"
    )
    assert correction(article(), "It was Monday.").subject == "Correction: City opens the dam"


@pytest.mark.parametrize(
    ("title", "breaking", "subject"),
    [
        ("City opens the dam", True, "Breaking: City opens the dam"),
        ("BREAKING: City opens", True, "BREAKING: City opens"),
        ("City opens the dam", False, "City opens the dam"),
    ],
)
def test_only_what_is_breaking_is_called_so_and_once(title, breaking, subject):
    letter = Newsletter(name="breaking", subject="{breaking}{lead}")
    assert alert(article(title=title, breaking=breaking), newsletter=letter).subject == subject


def test_only_a_headline_that_no_inbox_shows_is_shortened():
    long = story(title="word " * 60)
    letter = Newsletter(name="news", subject="Morning: {lead} ({date})")
    for content in (alert(long, newsletter=letter), digest([long, article(8)], newsletter=letter)):
        assert 190 < len(content.subject) <= 200
        assert content.subject.endswith("…(November 24, 2026)".replace("…", "… "))


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


def test_an_editors_own_order_stays_under_the_sections():
    city, *_ = stories()
    shown = [city, *(article(n, f"S{n}", section=name) for n, name in enumerate("ABBA", 5))]
    brief = EditionBrief(stories=(NamedStory(slug="x", line=1),))
    page = tree(digest(shown, by_section=True, brief=brief))
    headings = [h.text_content() for h in page.iter("h2", "h3")]
    assert headings == ["A", "S5", "B", "S6", "S7", "A", "S8"]


BRIEF = EditionBrief(
    subject="Fog, and what floats again",
    preheader="Also, an organ.",
    signed="Ada Marsh",
    has_page=True,
    opening='<h2 id="x">Fog</h2><p>See <a href="/articles/dam/">the dam</a>.</p>'
    + written(HARBOUR),
    closing="<p>Until <em>tomorrow</em>.</p>",
    sponsor=Sponsor(name="Orsk & Sons", url="https://orsk.example/", logo=figure("orsk")),
    figures=(HARBOUR,),
)


def test_an_editor_speaks_around_the_stories_and_the_sponsor_is_named():
    for content in both(brief=BRIEF):
        assert (content.subject, content.preheader) == (BRIEF.subject, BRIEF.preheader)
        shown, page = said(content), tree(content)
        places = [
            shown.index(part)
            for part in ("See the dam", "— Ada Marsh", "Paid for by Orsk & Sons", "City opens")
        ]
        assert places == sorted(places)
        assert shown.index("Until tomorrow.") < shown.index("You’re receiving this because")
        assert page.xpath(f"//a[@href='{URL}/authors/ada-marsh/'][text()='Ada Marsh']")
        (link,) = page.xpath("//a[@href='https://orsk.example/'][@rel='sponsored']")
        (logo,) = link.xpath("ancestor::td//img")
        assert (logo.get("src"), logo.get("height")) == (f"{URL}/media/orsk.jpg", "40")
        assert len(page.findall(".//h1")) == 1
        lines = content.text.splitlines()
        assert lines.index("— Ada Marsh") < lines.index("Paid for by Orsk & Sons")
        assert lines[lines.index("Paid for by Orsk & Sons") + 1] == "https://orsk.example/"
        assert f"[1] {URL}/articles/dam/" in content.text
        assert "\nUntil tomorrow.\n" in content.text


def test_a_name_without_an_opening_stands_under_the_closing():
    for content in both(brief=replace(BRIEF, opening="", has_page=False)):
        shown = said(content)
        assert shown.index("Until tomorrow.") < shown.index("— Ada Marsh")
        assert shown.count("— Ada Marsh") == 1


def test_without_an_editor_nothing_is_around_the_stories():
    for content, same in zip(both(), both(brief=EditionBrief()), strict=True):
        assert content.hash == same.hash
        assert "Paid for" not in content.html
        assert "* * *" not in content.text


def test_what_an_editor_writes_runs_nothing():
    content = digest(stories(), brief=EditionBrief(opening="<p>{{ 7 * 7 }} {% raw %}</p>"))
    assert "{{ 7 * 7 }} {% raw %}" in said(content)


def test_a_story_that_somebody_paid_for_says_so_over_its_headline():
    paid = article(3, "Lemons keep", sponsor=BRIEF.sponsor)
    alone, among = alert(paid), digest([article(1, "A quiet day"), paid])
    for content in (alone, among):
        shown = said(content)
        assert shown.count("Paid for by Orsk & Sons") == 1
        assert shown.index("Paid for by Orsk & Sons") < shown.rindex("Lemons keep")
        (link,) = tree(content).xpath("//a[@rel='sponsored']")
        assert link.get("href") == "https://orsk.example/"
        lines = content.text.splitlines()
        assert lines.index("Paid for by Orsk & Sons") < lines.index("Lemons keep")
    assert f"{URL}/media/orsk.jpg" in alone.html
    assert "Anzeige" in said(alert(replace(paid, language="de")))


def test_in_german_the_sponsor_is_an_advertiser():
    letter = Newsletter(name="post", language="de")
    assert "Anzeige – bezahlt von Orsk & Sons" in said(
        alert(story(), brief=BRIEF, newsletter=letter)
    )


def test_stories_without_sections_need_no_heading():
    plain = [article(number, f"Story {number}") for number in range(3)]
    assert digest(plain, by_section=True).html == digest(plain).html


def test_the_preheader_tells_what_the_subject_does_not():
    assert alert(story()).preheader == "The city opened the flood gates early on Tuesday."
    assert digest(stories()).preheader == (
        "Parliament keeps the night trains · Every bee on campus was counted"
    )


# Languages


def test_a_german_newsletter_speaks_german_about_an_english_story():
    letter = Newsletter(name="eil", title="Eilmeldungen", language="de-AT")
    content = alert(story(language="en"), newsletter=letter)
    page = tree(content)
    assert page.get("lang") == "de-AT"
    assert page.find(".//h1").get("lang") == "en"
    assert "Read on the web" in said(content)  # what is about the story is in its language
    for words in ("Dienstag, 24. November 2026", "Abbestellen", "Einstellungen"):
        assert words in said(content)
    assert "Abbestellen:" in content.text


def test_an_arabic_publication_reads_from_right_to_left():
    content = digest(stories(), config=config(language="ar", timezone=ZoneInfo("Asia/Riyadh")))
    page = tree(content)
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
    assert page.find(".//h1").getparent().get("dir") == "rtl"


# Templates of the operator's own


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


def test_what_we_say_of_a_story_is_in_its_language_or_else_in_the_papers():
    for language, by, read_on in (
        ("de", "Von Ada Marsh", "Im Web lesen"),
        ("da", "By Ada Marsh", "Read on the web"),
        ("zu", "By Ada Marsh", "Read on the web"),
    ):
        content = alert(article(language=language, authors=(Person(name="Ada Marsh"),)))
        assert by in said(content)
        assert by in content.text
        assert read_on in said(content)
        assert read_on in content.text
    german = config(language="de")
    danish = alert(article(language="da", authors=(Person(name="Ada Marsh"),)), config=german)
    assert "Von Ada Marsh" in said(danish)


def test_a_story_in_arabic_is_mirrored_in_an_english_paper():
    body = (
        "<blockquote><p>a</p></blockquote><ul><li>b</li></ul><dl><dt>c</dt><dd>d</dd></dl>"
        "<table><tr><th>e</th><th>f</th></tr><tr><td>g</td><td>h</td></tr></table>"
        "<pre>code</pre><blockquote dir='ltr'><p>i</p></blockquote><p dir='auto'>שלום</p>"
    )
    page = tree(alert(article(body=body, language="ar", section="City")))
    styles = {
        tag: page.find(f".//{tag}").get("style")
        for tag in ("blockquote", "ul", "dd", "th", "td[@class='rtl']", "pre")
    }
    assert "padding: 0 16px 0 0" in styles["blockquote"]
    assert "border-right: 3px" in styles["blockquote"]
    assert "border-left: 0" in styles["blockquote"]
    assert "padding: 0 24px 0 0" in styles["ul"]
    assert "margin: 0 24px 10px 0" in styles["dd"]
    assert "text-align: right" in styles["th"]
    assert "padding: 6px 0 6px 16px" in styles["td[@class='rtl']"]
    assert page.find(".//pre").get("dir") == "ltr"
    english = page.findall(".//blockquote")[1]
    assert "border-left: 3px" in english.get("style")
    assert "text-align: left" in english.get("style")
    assert page.xpath("//p[@dir='rtl']/text()") == ["שלום"]
    kicker = page.xpath("//span[@class='kicker']")[0].getparent()
    assert kicker.get("dir") == "rtl"
    assert "text-align:right" in kicker.getparent().get("style")


@pytest.mark.parametrize(("language", "side"), [("ar", "right"), ("en", "left")])
def test_who_paid_for_a_story_is_said_in_its_direction(language, side):
    paid = article(language=language, sponsor=BRIEF.sponsor)
    arabic = Newsletter(name="post", language="ar" if language == "en" else "en")
    (link,) = tree(alert(paid, newsletter=arabic)).xpath("//a[@rel='sponsored']")
    around = link.getparent().getparent()
    assert around.get("dir") == ("rtl" if side == "right" else "ltr")
    assert around.get("lang") == language
    assert f"text-align:{side}" in around.getparent().get("style")


def test_a_line_of_the_address_has_its_own_direction():
    arabic = config(title="بريد الميناء", postal_address="1 Harbour Street", language="ar")
    assert tree(alert(story(), config=arabic)).xpath("//p/bdi/text()") == [
        "بريد الميناء",
        "1 Harbour Street",
    ]


def test_an_english_story_has_no_mirrored_styles():
    assert 'class="rtl"' not in alert(story()).html


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


def test_the_text_of_a_picture_that_is_not_loaded_is_set_like_a_caption():
    image = tree(alert(article(image=DAM))).find(".//img")
    assert "font-size: 14px" in image.get("style")
    assert "color: #5A564E" in image.get("style")
    assert "max-width:536px" in image.get("style").replace(" ", "")
