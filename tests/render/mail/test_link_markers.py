"""Links numbered: so that each reader's copy can have its own, or none at all."""

import re
from dataclasses import replace

import pytest

from syndicate.config import Newsletter
from syndicate.model.editions import Content, link_marker
from syndicate.render.mail.edition_content import mark_links
from tests.render.mail.samples import ADS, BREAKING, alert, config, digest, stories, story

COUNTED = Newsletter(name="breaking", title="Breaking news", tracking="clicks")
TAGGED = Newsletter(name="breaking", utm=True)
HREF = re.compile(r'<a\s[^>]*?href="([^"]*)"')


@pytest.fixture(scope="module", params=["alert", "digest", "digest with ads"])
def content(request: pytest.FixtureRequest) -> Content:
    """A mail, composed once a test needs it: every worker imports this module."""
    if request.param == "alert":
        return alert(story())
    ads = config(ads=ADS) if request.param == "digest with ads" else config()
    return digest(stories(), config=ads)


def said(html: str, text: str = "") -> Content:
    return Content(subject="", preheader="", html=html, text=text, nonce="q7")


def lead(number: int) -> str:
    return link_marker("q7", number)


def test_a_newsletter_that_counts_nothing_says_the_very_same(content):
    assert mark_links(content, BREAKING, config()) == (content, ())


@pytest.mark.parametrize("newsletter", [COUNTED, TAGGED])
def test_every_link_has_a_number_and_an_address_only_one(content, newsletter):
    marked, links = mark_links(content, newsletter, config())
    assert len(set(links)) == len(links) > 2
    assert all(link.startswith("https://") for link in links)
    assert not re.search('href="http', marked.html)
    places = HREF.findall(marked.html)
    assert all(place.startswith(f"SLOT{content.nonce}") for place in places)
    numbers = {int(n) for place in places for n in re.findall("LINK([0-9]+)END", place)}
    assert numbers == set(range(1, len(links) + 1))


def test_filled_with_its_own_addresses_it_is_as_before(content):
    marked, links = mark_links(content, TAGGED, config())
    html, text = marked.html, marked.text
    for number, address in enumerate(links, 1):
        html = html.replace(link_marker(content.nonce, number), address.replace("&", "&amp;"))
        text = text.replace(link_marker(content.nonce, number), address)
    assert html.replace("&amp;", "&") == content.html.replace("&amp;", "&")
    assert text == content.text


def test_the_text_leads_where_the_html_does():
    content = said(
        '<a href="https://a.example/?x=1&amp;y=2">A</a>',
        "[1] https://a.example/?x=1&y=2\n(see https://a.example/?x=1&y=2).\nhttps://b.example/",
    )
    marked, links = mark_links(content, TAGGED, config())
    assert links == ("https://a.example/?x=1&y=2",)
    assert marked.text == f"[1] {lead(1)}\n(see {lead(1)}).\nhttps://b.example/"


@pytest.mark.parametrize(
    "href",
    ["mailto:desk@post.example", "#top", "SLOTq7UNSUBSCRIBEEND", "https://x.example/?SLOTq7EMAILEND",
     "javascript:x", "https://", "https://[x/", "", "tel:1"],
)  # fmt: skip
def test_what_is_personal_or_leads_nowhere_on_the_web_stays(href):
    content = said(f'<p><a class="x > y" href="{href}">A</a></p>', href)
    assert mark_links(content, TAGGED, config()) == (content, ())


def test_other_attributes_stay_as_they_are():
    html = '<a title="href=" data-x="a>b"\n href="https://a.example/" rel="me">A</a><link href="https://c.example/">'
    marked, links = mark_links(said(html), TAGGED, config())
    assert links == ("https://a.example/",)
    assert marked.html == html.replace("https://a.example/", lead(1))


def test_only_where_clicks_are_counted_is_there_a_hidden_link():
    content = said('<body><a href="https://a.example/">A</a></body>')
    assert mark_links(content, COUNTED, config())[0].html.endswith(f"{lead(0)}</body>")
    assert lead(0) not in mark_links(content, TAGGED, config())[0].html
    bare = said("<body>No link</body>")
    assert mark_links(bare, COUNTED, config()) == (bare, ())


def test_an_edition_does_not_grow_past_what_gmail_shows():
    links = "".join(f'<a href="https://a.example/{n}">{n}</a>' for n in range(2000))
    marked, numbers = mark_links(said(links), COUNTED, config())
    assert 50 < len(numbers) < 500
    assert marked.html.count('href="https://a.example/') == 2000 - len(numbers)


def test_a_link_that_is_as_long_as_ours_makes_an_edition_no_larger():
    links = "".join(f'<a href="https://a.example/{"x" * 80}{n}">{n}</a>' for n in range(2000))
    assert len(mark_links(said(links), COUNTED, config())[1]) == 2000


def test_a_reader_can_not_smuggle_a_link_in():
    content = replace(said(f'<a href="https://a.example/">{lead(7)}</a>'), text=lead(7))
    marked, links = mark_links(content, COUNTED, config())
    assert links == ("https://a.example/",)
    assert marked.text == lead(7)
