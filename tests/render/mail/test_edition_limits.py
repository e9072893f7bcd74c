"""Editions whatever they contain: how large they get, what never changes, what stays text."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.body import markup
from syndicate.model.articles import Comments
from syndicate.model.editions import Content, placeholder
from syndicate.render.mail.context import MAX_BYTES
from syndicate.render.mail.digest import MAX_HEADLINES
from syndicate.text import printable
from tests.render.mail.samples import (
    DAM,
    NASTY,
    alert,
    article,
    digest,
    figure,
    said,
    stories,
    story,
    tree,
)


def both(**changes) -> list[Content]:
    return [
        alert(story(), **changes),
        digest(stories(), more=[article(9, "Rowers win")], **changes),
    ]


# Size


def test_a_long_story_is_cut_at_a_paragraph():
    paragraphs = [f"<p>Paragraph {n}. {'All about it. ' * 30}End {n}.</p>" for n in range(400)]
    content = alert(article(body="".join(paragraphs), comments=Comments(count=2)))
    text_part = said(content)
    assert 70_000 < len(content.html.encode()) <= MAX_BYTES
    assert "Read the rest of this story on the web" in text_part
    assert "Unsubscribe" in text_part
    last = max(int(n) for n in re.findall(r"Paragraph (\d+)\.", text_part))
    assert f"End {last}." in text_part
    assert "End 399." in content.text


@pytest.mark.parametrize(
    "body",
    [
        f"<p>{'word ' * 40_000}</p>",
        f"<div>{'<p>word</p>' * 20_000}</div>",
        f"<pre>{'&amp;' * 60_000}</pre>",
        f"<ul>{'<li>é</li>' * 15_000}</ul>",
        f"{'word ' * 40_000}<p>x</p>",
        f"<p>{chr(34) * 200_000}</p>",
    ],
    ids=["paragraph", "container", "code", "list", "bare text", "quotes"],
)
def test_the_size_is_kept_whatever_the_body_is_made_of(body):
    content = alert(article(body=body))
    assert len(content.html.encode()) <= MAX_BYTES
    assert "rest of this story on the web" in said(content)
    assert "Unsubscribe" in said(content)


def test_a_digest_too_long_for_mail_clients_names_its_last_stories():
    many = [
        article(n, f"Headline {n}", excerpt="All about it. " * 20, image=DAM) for n in range(300)
    ]
    content = digest(many)
    text_part, page = said(content), tree(content)
    assert len(content.html.encode()) <= MAX_BYTES
    assert content.subject == "Headline 0"
    headlines = len(page.findall(".//h2")) + 1
    assert 50 < headlines < 300
    assert f"{300 - headlines + 1 - MAX_HEADLINES} more on the web" in text_part


@pytest.mark.parametrize(("number", "named", "rest"), [(20, 20, ""), (21, 21, ""), (22, 20, "2")])
def test_a_digest_counts_further_stories_unless_it_would_be_only_one(number, named, rest):
    further = [article(n, f"Further {n}", excerpt="") for n in range(10, 10 + number)]
    text_part = said(digest(stories(), more=further))
    assert len({*re.findall(r"Further \d+", text_part)}) == named
    assert re.findall(r"(\d+) more on the web", text_part) == ([rest] if rest else [])


# What never changes, and what never fails


def test_the_same_edition_has_the_same_hash():
    assert alert(story()).hash == alert(story()).hash
    assert alert(story()).hash != alert(story(title="Another")).hash


def test_what_readers_do_not_see_does_not_change_the_hash():
    assert alert(story()).hash == alert(story(path="elsewhere.md", extra={"mood": "calm"})).hash


def test_a_marker_written_into_an_article_stays_text():
    nonce = alert(story()).nonce
    forged = placeholder(nonce, "unsubscribe")
    content = alert(story(body=f"<p>{forged}</p>"))
    assert content.nonce != nonce
    assert forged in said(content)


def test_templates_never_run_on_articles():
    body = "<p>{{ 7 * 7 }} {% raw %} {# no #} ${x} &lt;b&gt;</p>"
    content = alert(article(body=body, title="{{ config }}", excerpt="{% if %}"))
    assert "{{ 7 * 7 }} {% raw %} {# no #} ${x} <b>" in said(content)
    assert content.subject == "{{ config }}"
    assert "{% if %}" in digest([article(excerpt="{% if %}")]).text


def test_nasty_words_survive_everywhere():
    picture = figure(alt=NASTY, caption=NASTY, credit=NASTY)
    nasty = article(title=NASTY, excerpt=NASTY, section=NASTY, image=picture)
    for content in (alert(nasty), digest([nasty, nasty], more=[nasty])):
        page = tree(content)
        words = NASTY.split()
        assert page.find(".//img").get("alt").split() == words
        assert page.find(".//h1").text_content().split() == words
        assert "\\u{" not in content.html.replace(NASTY, "").replace("\\u{a0}", "")


_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=30
)
_TAGS = st.sampled_from(
    [
        *("p", "div", "h1", "h2", "blockquote", "ul", "ol", "li", "pre", "code", "em", "table"),
        *("tr", "td", "th", "figure", "figcaption", "a", "span", "section", "details", "summary"),
        *("dl", "dt", "dd", "sup", "cite"),
    ]
)
_BODY = st.recursive(
    _TEXT.map(lambda text: printable(text).replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.one_of(
        st.builds("<{0}>{1}</{0}>".format, _TAGS, inner),
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.builds('{}<img src="a b.png" alt="\u00ad\\"/><br/>'.format, inner),
        st.builds('<a href="{1}">{0}</a>'.format, inner, st.sampled_from(["#x", "http://[", "é ü", "mailto:a@b"])),
    ),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=_BODY)
def test_no_body_is_too_odd_and_every_word_of_it_arrives(body):
    tidy = markup.to_xml(markup.parse(body))
    content = alert(article(body=tidy))
    words = [word for text in markup.parse(tidy).itertext() for word in text.split()]
    text_part = "".join(tree(content).find("body").itertext())
    squeezed = "".join(text_part.split())
    assert all(word in squeezed for word in words)
    typed = "".join(re.sub(r"[>\s]|\[\d+\]", "", content.text).split())
    assert all(re.sub(r"[>\s]|\[\d+\]", "", word) in typed for word in words)
