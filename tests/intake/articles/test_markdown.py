"""Markdown as editors write it, and as somebody might who means no good."""

import re

import pytest

from syndicate.body.markup import write_children
from syndicate.errors import Refused
from syndicate.intake.articles.markdown import to_html, to_text
from syndicate.intake.markup.sanitise import sanitise


def body(text: str) -> str:
    return write_children(sanitise(to_html(text), "a1-", hosts=()))


def test_tables_keep_how_their_columns_are_aligned():
    assert '<td class="align-right">1</td>' in body("| a |\n|--:|\n| 1 |")


def test_what_is_struck_through_is_marked():
    assert body("a ~~b~~ c") == "<p>a <del>b</del> c</p>"


def test_single_tildes_strike_nothing_out():
    text = (
        "Bids of 5~10 and 20~30, `a~b`, [Ada](https://x.example/~ada/) ~~or~~\n\n~~~\nc~d ~~\n~~~"
    )
    assert body(text) == (
        '<p>Bids of 5~10 and 20~30, <code>a~b</code>, <a href="https://x.example/~ada/">Ada</a>'
        " <del>or</del></p>\n<pre><code>c~d ~~\n</code></pre>"
    )


@pytest.mark.parametrize("link", ["[a](//bücher.example/ß)", "<https://u:p@bücher.example/ß>"])
def test_a_host_in_any_script_is_reached(link):
    assert "//xn--bcher-kva.example/%C3%9F" in body(link)


def test_notes_may_be_called_anything():
    told = body('# Title[^Ä]\n\nA[^a"b].\n\n[^Ä]: One.\n\n[^a"b]: Two.')
    ids = re.findall('id="([^"]+)"', told)
    assert ids[0] == "a1-title"
    assert sorted(re.findall('href="#([^"]+)"', told)) == sorted(ids[1:])


def test_notes_stand_at_the_end_and_lead_back_by_an_arrow_that_is_no_emoji():
    told = body("A[^n] and b^[said in passing].\n\n[^n]: A note.\n\nC.")
    notes = told[told.index('<div class="footnotes">') :]
    assert told.index("<p>C.</p>") < told.index(notes)
    assert re.findall(r">↩(.)</a>", notes) == ["\ufe0e", "\ufe0e"]
    assert "said in passing" in notes
    assert "Back to reference" not in told
    leads = re.findall('href="#([^"]+)"', told)
    assert sorted(leads) == sorted(set(re.findall('id="([^"]+)"', told)))


def test_liquid_stays_as_text():
    assert body("{{ x }} `{% y %}`") == "<p>{{ x }} <code>{% y %}</code></p>"
    assert "{% highlight ruby %}" in body("{% highlight ruby %}\nnever ends")


def test_a_table_that_would_fill_all_memory_is_told_as_text():
    text = "a|" * 3000 + "\n" + "-|" * 3000 + "\n" + "x\n" * 3000
    assert "<td>" not in to_html(text)
    assert len(to_html(text)) < 10 * len(text)


def test_a_long_table_is_one_whatever_else_has_bars():
    rows = 20_000
    code = "```\n" + "|" * 500 + "\n```\n\n"
    assert to_html(code + "| a | b |\n|---|---|\n" + "| c | d |\n" * rows).count("<td>") == 2 * rows


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3000,
        "**a " * 5000,
        "[a](" * 5000,
        "`" * 5000,
        "~~a ~" * 5000,
        "[^a]" * 5000 + "\n\n[^a]: x",
        "^[" * 50_000 + "x" + "]" * 50_000,
        "[^" * 50_000 + "x" + "]" * 50_000,
        "[^a]:^[    " * 20_000,
    ],
)
def test_marks_that_never_end_are_no_trouble(text):
    assert body(text)


@pytest.mark.parametrize("text", ["> " * 5000 + "x", "* " * 5000 + "x"])
def test_what_is_nested_too_deeply_is_refused(text):
    with pytest.raises(Refused, match="nested too deeply"):
        body(text)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("The **dam** is [open](https://dam.example), says _she_.", "The dam is open, says she."),
        ("`syndicate run` and ![a cat](cat.png)", "syndicate run and a cat"),
        ("_Start_ of the *line*", "Start of the line"),
        ("# 1 is *not* a heading", "# 1 is not a heading"),
        ("1. FC Köln *wins*", "1. FC Köln wins"),
        (
            "- AT&amp;T, AT&T, 5 * 3 * 2, snake_case_name",
            "- AT&T, AT&T, 5 * 3 * 2, snake_case_name",
        ),
        ("Vec<T>, a < b, [brackets] and C:\\new", "Vec<T>, a < b, [brackets] and C:\\new"),
        ("A fact[^1] and 5~10", "A fact and 5~10"),
        ("**unfinished and ~~so~~", "**unfinished and ~~so~~"),
        ("Plain – «text»", "Plain – «text»"),
        ("", ""),
    ],
)
def test_of_a_line_only_its_text_is_left(line, text):
    assert to_text(line) == text
