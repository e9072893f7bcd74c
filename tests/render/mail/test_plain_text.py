"""The text twin: as if a person had written it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.body import markup
from syndicate.language import translator
from syndicate.model.editions import PLACEHOLDERS, placeholder
from syndicate.render.mail.plain_text import WIDTH, render_plain_text, underline, wrap
from tests.render.mail.samples import URL, alert, article, config, digest, stories, story

GOLDEN = Path(__file__).parent / "golden"


def typed(body: str, language: str = "en") -> str:
    return render_plain_text(
        markup.parse(body), page=f"{URL}/a/", words=translator(language), config=config()
    )


@pytest.mark.parametrize("kind", ["alert", "digest"])
def test_the_whole_twin_reads_as_in_the_golden_file(kind):
    content = (
        alert(story()) if kind == "alert" else digest(stories(), more=[article(9, "Rowers win")])
    )
    text = content.text
    for slot in PLACEHOLDERS:
        text = text.replace(placeholder(content.nonce, slot), f"<{slot}>")
    assert text == (GOLDEN / f"{kind}.txt").read_text()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>One</p>two<p>three</p>", "One\n\ntwo\n\nthree"),
        ("<p>a\n  b <b>c</b><br/>d</p>", "a b c\nd"),
        ("<h2>Head</h2><h3>Sub</h3>", "Head\n----\n\nSub"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol start='9'><li>a</li><li><p>b</p><p>c</p></li></ol>", "9. a\n10. b\n    c"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<blockquote><blockquote>a</blockquote>b</blockquote>", "> > a\n>\n> b"),
        ("<pre><code>a\n  b\n</code></pre>", "    a\n      b"),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "a\n    b"),
        (
            "<dl><dt>a</dt><dt>b</dt><dd>c</dd><dd><p>d</p><p>e</p></dd><div><dt>f</dt><dd>g</dd></div></dl>",
            "a\nb\n    c\n    d\n\n    e\n\nf\n    g",
        ),
        (
            "<p>10<sup>-2</sup> m<sup>2</sup>, H<sub>2</sub>O, 1<sup>st</sup></p>",
            "10⁻² m², H₂O, 1st",
        ),
        ("<dl><dd>a</dd><dt>b</dt><dd>c</dd></dl>", "    a\n\nb\n    c"),
        ("<dl><dd></dd></dl>", ""),
        (
            "<p>a</p><div class='callout callout-tip'><p>b</p><p>c</p></div><p>d</p>",
            "a\n\n| Tip\n| b\n|\n| c\n\nd",
        ),
        ("<p>a</p><hr/><p>b</p>", "a\n\n* * *\n\nb"),
        ("<table><caption>c</caption><tr><th>a</th><td>b</td></tr></table>", "c\na  b"),
        ("<p><img src='x' alt='A cat'/></p>", "[Picture: A cat]"),
        ("<figure><img src='x' alt='A cat.'/></figure>", "[Picture: A cat]"),
        ("<figure><img src='x' alt=''/></figure>", "[Picture]"),
        (
            "<figure><p class='missing-picture'>A cat</p><figcaption>Gone. <cite>AP</cite></figcaption></figure>",
            "[Picture: A cat. Gone. (AP)]",
        ),
        (
            "<figure><img src='a' alt='A'/><img src='b' alt='B'/></figure>",
            "[Picture: A][Picture: B]",
        ),
        (
            (
                "<figure class='embed'><video src='https://x.example/a.mp4'></video>"
                "<figcaption>Rain. <cite>AP</cite></figcaption></figure>"
            ),
            "Watch the video [1]\n\nRain. (AP)\n\nLinks:\n[1] https://x.example/a.mp4",
        ),
        (
            (
                "<figure class='embed'><iframe src='https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ'"
                " title='The tram'></iframe></figure><p>b</p>"
            ),
            "The tram [1]\n\nb\n\nLinks:\n[1] https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        ),
        ("<ul>stray<li>a</li></ul>", "stray\n\na"),
        ("<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>", "a\n\nb"),
        ("<figure><figcaption>Gone. <cite>AP</cite></figcaption></figure>", "Gone. (AP)"),
        ("<p><a href='https://a.example'>https://a.example</a></p>", "https://a.example"),
        ("<p><a href='#fn1'>up</a></p>", "up"),
        ("<p>x<a href='https://a.example'><img src='x' alt=''/></a></p>", "x"),
        ("", ""),
    ],
)
def test_bodies_are_typed_as_people_type(body, text):
    assert typed(body) == text


def test_links_are_numbered_once_each():
    body = "<p><a href='/b/'>b</a>, <a href='https://c.example/'>c</a>, <a href='/b/'>again</a></p>"
    assert typed(body, "de") == (
        "b [1], c [2], again [1]\n\nLinks:\n[1] https://post.example/b/\n[2] https://c.example/"
    )


def test_a_recording_is_an_address():
    assert typed("<video><source src='media/a.mp4'/></video>", "de") == (
        "Video ansehen [1]\n\nLinks:\n[1] https://post.example/media/a.mp4"
    )


def test_lines_are_short_but_addresses_whole():
    address = "https://a.example/" + "x" * 100
    lines = typed(f"<p>{'word ' * 60}<a href='{address}'>here</a></p>").split("\n")
    assert f"[1] {address}" in lines
    assert all(len(line) <= WIDTH for line in lines if address not in line)


def test_lines_are_short_in_whatever_stands_around_them():
    words = "word " * 60
    body = (
        f"<ul><li>{words}<ol><li>{words}</li></ol></li></ul><dl><dt>a</dt><dd>{words}</dd></dl>"
        f"<blockquote><h2>{words}</h2><blockquote>{words}</blockquote></blockquote>"
        f"<div class='callout callout-note'>{words}</div><ul><li><figure><img src='a' alt='{words}'/></figure></li></ul>"
    )
    lengths = [len(line) for line in typed(body).split("\n")]
    assert max(lengths) <= WIDTH
    assert typed(f"<ul><li>{words}").split("\n")[0] == "- " + "word " * 13 + "word"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"])))
def test_no_letter_is_lost_in_wrapping(text):
    assert wrap(text).replace("\n", "") == text


def test_a_headline_is_underlined_as_far_as_its_longest_line():
    assert underline("Dam", "=") == "Dam\n==="
    assert underline("水門", "=") == "水門\n===="
    two_lines = underline(f"{'word ' * 14}longer", "-").split("\n")
    assert [len(line) for line in two_lines] == [69, 6, 69]
    assert underline("x" * 90, "=").endswith("\n" + "=" * 72)


def test_deep_nesting_keeps_the_words():
    body = "<blockquote>" * 120 + "deep" + "</blockquote>" * 120
    assert "deep" in typed(body)
