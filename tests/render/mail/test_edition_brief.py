"""What an editor writes about an edition, and who paid for it or for a story."""

from dataclasses import replace

import pytest

from syndicate.config import Newsletter
from syndicate.model.articles import Sponsor
from syndicate.model.edition_files import EditionBrief
from tests.render.mail.samples import (
    HARBOUR,
    URL,
    alert,
    article,
    both,
    digest,
    figure,
    said,
    stories,
    story,
    tree,
    written,
)

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


@pytest.mark.parametrize(("language", "side"), [("ar", "right"), ("en", "left")])
def test_who_paid_for_a_story_is_said_in_its_direction(language, side):
    paid = article(language=language, sponsor=BRIEF.sponsor)
    arabic = Newsletter(name="post", language="ar" if language == "en" else "en")
    (link,) = tree(alert(paid, newsletter=arabic)).xpath("//a[@rel='sponsored']")
    around = link.getparent().getparent()
    assert around.get("dir") == ("rtl" if side == "right" else "ltr")
    assert around.get("lang") == language
    assert f"text-align:{side}" in around.getparent().get("style")
