"""Figures in rows, beyond the column and beside the text, and callouts, in every channel."""

import re

import pytest

from syndicate.body.compiler import compile_body
from syndicate.body.galleries import row_lengths
from syndicate.model.articles import Figure
from syndicate.render.article_view import BodyRenderer
from tests.render.feeds.samples import an_article
from tests.render.feeds.written_feeds import CONFIG


def figure(name, width=1200, height=800, layout="", caption="Text."):
    layout = f' class="{layout}"' if layout else ""
    size = f' width="{width}" height="{height}"' if width else ""
    return (
        f'<figure{layout}><img src="media/{name}.jpg" alt=""{size}/>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def rendered(body, channel="page", language="en"):
    names = dict.fromkeys(re.findall(r"media/\w+\.jpg", body))
    figures = tuple(Figure(src=name, width=1200, height=800) for name in names)
    article = an_article(body=f"<p>Text.</p>{body}", figures=figures, language=language)
    compiled = compile_body(article, slug="x")
    return str(BodyRenderer(CONFIG, channel).render(article, compiled)[1]).removeprefix(
        "<p>Text.</p>"
    )


def rows(html):
    return [row.count("<figure") for row in re.findall(r'<div class="gallery.*?</div>', html)]


@pytest.mark.parametrize(
    ("count", "lengths"),
    [
        (1, []),
        (2, [2]),
        (3, [3]),
        (4, [2, 2]),
        (5, [3, 2]),
        (7, [3, 2, 2]),
        (40, [3] * 12 + [2, 2]),
    ],
)
def test_a_row_has_two_or_three_pictures_and_none_is_left_over(count, lengths):
    assert row_lengths(count) == lengths
    assert rows(rendered("".join(figure(f"p{n}") for n in range(count)))) == lengths


def test_pictures_of_a_row_state_their_size_at_one_height():
    html = rendered(figure("a", 1200, 800) + "\n" + figure("b", 600, 800))
    assert re.findall(r'width="(\d+)" height="(\d+)"', html) == [("3000", "2000"), ("1500", "2000")]
    assert html.count("<figcaption>Text.</figcaption>") == 2
    amp = rendered(figure("a", 1200, 800) + figure("b", 600, 800), "amp")
    assert 'width="1500" height="2000"' in amp


def test_feeds_have_plain_figures_in_their_own_size():
    html = rendered(figure("a") + figure("b", layout="wide"), "feed")
    assert html == rendered(figure("a"), "feed") + rendered(figure("b"), "feed")
    assert 'width="1200"' in html


@pytest.mark.parametrize(
    "between", ["<p>Text.</p>", "Text.", figure("x", layout="wide"), figure("y", width=None)]
)
def test_text_and_figures_with_a_place_of_their_own_end_a_row(between):
    assert rows(rendered(figure("a") + between + figure("b"))) == []


def test_an_upright_picture_knows_its_aspect_ratio_rounded_down():
    assert '<figure class="tall-65">' in rendered(figure("a", 800, 1200))
    assert '<figure class="left tall-40">' in rendered(figure("a", 100, 1200, layout="left"))
    assert "tall" not in rendered(figure("a", 800, 800))
    assert '<div class="gallery tall-120">' in rendered(
        figure("a", 800, 1200) + figure("b", 600, 1000)
    )


def test_a_picture_beyond_the_column_loads_a_wider_rendition():
    sizes = {}
    for layout in ("", "wide", "full", "left"):
        picture = Figure(src="media/a.jpg", width=1200, height=800, variants=(400, 800))
        body = f"<p>Text.</p>{figure('a', layout=layout)}"
        article = an_article(body=body, figures=(picture,))
        html = BodyRenderer(CONFIG, "page").render(article, None)[1]
        sizes[layout] = re.findall(r'sizes="([^"]*)"', html)[0]
    assert len(set(sizes.values())) == 4
    assert sizes["full"] == "100vw"


NOTE = '<div class="callout callout-note"><p>Read <b>this</b>.</p></div>'


def test_a_callout_has_the_title_of_its_kind_in_the_language_of_the_story():
    assert rendered(NOTE) == (
        '<div class="callout callout-note" role="note"><p class="callout-title">Note</p>'
        "<p>Read <b>this</b>.</p></div>"
    )
    assert ">Hinweis</p>" in rendered(NOTE, language="de")
    assert rendered(NOTE, "amp") == rendered(NOTE)


def test_a_callout_is_a_quotation_in_feeds_with_its_own_title_if_it_has_one():
    assert rendered(NOTE, "feed") == (
        "<blockquote><p><strong>Note</strong></p><p>Read <b>this</b>.</p></blockquote>"
    )
    titled = NOTE.replace("<p>", '<p class="callout-title">By <i>the</i> way</p><p>', 1)
    assert rendered(titled, "feed") == (
        "<blockquote><p><strong>By <i>the</i> way</strong></p><p>Read <b>this</b>.</p></blockquote>"
    )
