"""Bodies as they are compiled for each channel, and as they are without what is missing."""

from dataclasses import replace

import pytest
from lxml import etree

from syndicate.body.compiler import compile_body
from syndicate.body.figures import without_files
from syndicate.body.markup import remove_all, write_children
from syndicate.model.articles import Figure
from syndicate.render import addresses
from syndicate.render.article_view import BodyRenderer
from syndicate.render.topics import everything, has_archives
from tests.render.feeds.samples import an_article
from tests.render.feeds.written_feeds import CONFIG


def rendered(body, channel, compiled=None, url="https://news.example/post"):
    publication = CONFIG.publication.model_copy(update={"url": url})
    renderer = BodyRenderer(CONFIG.override(publication=publication), channel)
    return renderer.render(an_article(body=body, figures=()), compiled)[1]


def test_links_from_the_root_of_the_host_are_not_below_the_publication():
    body = '<p><a href="/x">a</a><a href="media/y">b</a></p>'
    assert rendered(body, "page") == '<p><a href="/x">a</a><a href="/post/media/y">b</a></p>'


def test_a_body_that_older_code_compiled_is_compiled_again():
    old = replace(compile_body(an_article(body="<p>old</p>"), slug="x"), rules="other")
    assert rendered("<p>new</p>", "page", old) == "<p>new</p>"


@pytest.mark.parametrize(("scheme", "plays"), [("https", True), ("http", False)])
def test_amp_plays_what_comes_by_https(scheme, plays):
    html = rendered(f'<video src="{scheme}://v.example/a.mp4"></video>', "amp")
    assert ("<amp-video" in html, "<a href" in html) == (plays, not plays)


def test_amp_plays_a_loop_of_several_sources():
    sources = '<source src="https://v.example/a.webm"/><source src="https://v.example/a.mp4"/>'
    assert rendered(f'<video loop="">{sources}</video>', "amp").count("<source ") == 2


def test_a_missing_lead_picture_keeps_its_text_unless_the_body_has_it():
    missing = {"media/a.jpg"}
    lead = Figure(src="media/a.jpg", alt="The quay")
    article = an_article(image=lead, figures=())
    assert without_files(article, missing).image == Figure(src="", alt="The quay")
    assert without_files(replace(article, figures=(lead,)), missing).image is None


def test_a_missing_poster_is_not_loaded():
    article = an_article(body='<video poster="media/p.jpg" src="https://v.example/a.mp4"></video>')
    assert "poster" not in without_files(article, {"media/p.jpg"}).body


def test_the_text_behind_a_removed_element_stays():
    root = etree.fromstring("<div>a<b>x</b>c<i>d<b>y</b>e</i></div>")
    remove_all(root, list(root.iter("b")))
    assert write_children(root) == "ac<i>de</i>"


def test_names_that_differ_in_letters_have_different_addresses():
    assert addresses.tag("a北") != addresses.tag("a京")
    assert addresses.tag("ZURICH") == addresses.tag("Zurich")


def test_archives_can_be_switched_off():
    off = CONFIG.syndication.model_copy(update={"archives": False})
    assert has_archives(everything(), CONFIG)
    assert not has_archives(everything(), CONFIG.override(syndication=off))
