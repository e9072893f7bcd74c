"""Editions in other languages, and stories in another language or direction than their paper's."""

from zoneinfo import ZoneInfo

from syndicate.config import Newsletter
from syndicate.model.articles import Person
from tests.render.mail.samples import alert, article, config, digest, said, stories, story, tree


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


def test_headlines_in_japanese_break_between_phrases():
    shown = [article(1, "ダムの水門", language="ja"), article(2, language="en")]
    for content in (digest(shown), digest(shown, newsletter=Newsletter(name="b", style="brief"))):
        styles = [tree(content).find(f".//{tag}").get("style") for tag in ("h1", "h2")]
        assert ["auto-phrase" in style for style in styles] == [True, False]
    assert "auto-phrase" in tree(alert(shown[0])).find(".//h1").get("style")


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


def test_a_line_of_the_address_has_its_own_direction():
    arabic = config(title="بريد الميناء", postal_address="1 Harbour Street", language="ar")
    assert tree(alert(story(), config=arabic)).xpath("//p/bdi/text()") == [
        "بريد الميناء",
        "1 Harbour Street",
    ]


def test_an_english_story_has_no_mirrored_styles():
    assert 'class="rtl"' not in alert(story()).html
