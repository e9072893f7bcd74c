"""Markdown as editors write it, and as somebody might who means no good."""

import re

import pytest

from syndicate.errors import Refused
from syndicate.intake.markdown import to_html
from syndicate.intake.sanitise import sanitise
from syndicate.intake.trees import write


def body(text: str) -> str:
    return write(sanitise(to_html(text), "a1-", hosts=()))


def test_tables_keep_how_their_columns_are_aligned():
    assert '<td class="align-right">1</td>' in body("| a |\n|--:|\n| 1 |")


def test_what_is_struck_through_is_marked():
    assert body("a ~~b~~ c") == "<p>a <del>b</del> c</p>"


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


def test_code_between_liquid_tags_keeps_its_lines():
    code = "{% highlight ruby linenos %}\ndef a\n  b < c\n~~~~\n\nend\n{% endhighlight %}"
    assert body(f"Before:\n\n{code}\n\n*After.*") == (
        f'<p>Before:</p>\n<pre><code class="language-ruby">{code.replace("<", "&lt;")}\n</code></pre>'
        "\n<p><em>After.</em></p>"
    )


@pytest.mark.parametrize("mark", ["```", "~~~~"])
def test_liquid_tags_in_a_fence_are_part_of_its_code(mark):
    code = "{% highlight ruby %}\na\n{% endhighlight %}\n"
    assert body(f"{mark}\n{code}{mark}\n") == f"<pre><code>{code}</code></pre>"
    assert body(f"{mark}\n{code}") == f"<pre><code>{code}</code></pre>"


def test_a_table_that_would_fill_all_memory_is_told_as_text():
    text = "a|" * 3000 + "\n" + "-|" * 3000 + "\n" + "x\n" * 3000
    assert "<td>" not in to_html(text)
    assert len(to_html(text)) < 10 * len(text)


def test_a_long_table_is_one():
    rows = 20_000
    assert to_html("| a | b |\n|---|---|\n" + "| c | d |\n" * rows).count("<td>") == 2 * rows


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3000,
        "**a " * 5000,
        "[a](" * 5000,
        "`" * 5000,
        "~~a ~" * 5000,
        "[^a]" * 5000 + "\n\n[^a]: x",
    ],
)
def test_marks_that_never_end_are_no_trouble(text):
    assert body(text)


@pytest.mark.parametrize("text", ["> " * 5000 + "x", "* " * 5000 + "x"])
def test_what_is_nested_too_deeply_is_refused(text):
    with pytest.raises(Refused, match="nested too deeply"):
        body(text)
