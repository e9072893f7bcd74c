"""Callouts, as Markdown and other programs write them."""

import pytest

from syndicate.body.markup import write_children
from syndicate.intake.articles.markdown import to_html
from syndicate.intake.markup.sanitise import sanitise


def cleaned(markup: str) -> str:
    return write_children(sanitise(markup, "a1-", hosts=())).replace("\n", "")


def body(text: str) -> str:
    return cleaned(to_html(text))


@pytest.mark.parametrize("kind", ["note", "tip", "important", "warning", "caution"])
def test_each_kind_of_markdown_is_known_and_keeps_no_english_title(kind):
    text = f"> [!{kind.upper()}]\n> The *ferry* sails.\n>\n> - twice"
    assert body(text) == (
        f'<div class="callout callout-{kind}"><p>The <em>ferry</em> sails.</p>'
        "<ul><li>twice</li></ul></div>"
    )


def test_a_title_of_its_own_stays_with_its_markdown():
    assert body("> [!TIP] Mind `the` *gap* &\n> x") == (
        '<div class="callout callout-tip"><p class="callout-title">Mind <code>the</code> '
        "<em>gap</em> &amp;</p><p>x</p></div>"
    )


def test_other_quotations_stay_quotations():
    assert body("> [!BREAKING]\n> x").startswith("<blockquote>")
    assert body("> Said [!NOTE] he").startswith("<blockquote>")


@pytest.mark.parametrize(
    ("markup", "kind"),
    [
        (
            '<div class="admonition danger"><p class="admonition-title">Danger</p>{}</div>',
            "caution",
        ),
        ('<aside class="admonition note"><p class="admonition-title">Note</p>{}</aside>', "note"),
        ('<blockquote class="markdown-alert-tip">{}</blockquote>', "tip"),
        ('<div class="callout callout-warning big">{}</div>', "warning"),
    ],
)
def test_other_programs_callouts_become_ours(markup, kind):
    assert (
        cleaned(markup.format("<p>x</p>")) == f'<div class="callout callout-{kind}"><p>x</p></div>'
    )


def test_a_word_that_is_no_callout_styles_nothing():
    assert cleaned('<div class="note">x</div>') == "<div>x</div>"
    assert cleaned('<p class="callout-title">x</p>') == "<p>x</p>"
    assert (
        cleaned('<p class="callout callout-tip wide">x</p>')
        == '<div class="callout callout-tip">x</div>'
    )


def test_definition_lists_are_read():
    assert body("Tide\n: Twice a *day*.\n\nSpring tide\n: Large.\n: Monthly.") == (
        "<dl><dt>Tide</dt><dd>Twice a <em>day</em>.</dd>"
        "<dt>Spring tide</dt><dd>Large.</dd><dd>Monthly.</dd></dl>"
    )


def test_more_definitions_than_any_story_has_are_plain_text():
    assert "<dl>" not in to_html("a\n\n: b\n\n" * 2001)
