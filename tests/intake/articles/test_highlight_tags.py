"""Code between Jekyll's highlight tags, wherever Markdown may have it."""

import pytest

from tests.intake.articles.test_markdown import body

CODE = "{% highlight ruby linenos %}\ndef a\n  b < c\n~~~~\n\nend\n{% endhighlight %}"
SHOWN = f'<pre><code class="language-ruby">{CODE.replace("<", "&lt;")}\n</code></pre>'


def indented(text, by):
    return "\n".join(by + line for line in text.split("\n"))


def test_code_keeps_its_lines():
    assert body(f"Before:\n{CODE}\n*After.*\n\n{CODE}") == (
        f"<p>Before:</p>\n{SHOWN}\n<p><em>After.</em></p>\n{SHOWN}"
    )


@pytest.mark.parametrize(
    ("item", "by"), [("-", "  "), ("1.", "   "), ("1. ", "    "), ("+", "   ")]
)
def test_code_in_a_list_stays_in_its_item(item, by):
    told = body(f"{item} First\n\n{by}More\n\n{indented(CODE, by)}\n\n{item} Second")
    assert told.count("<li>") == 2
    assert told.count("</ul>") + told.count("</ol>") == 1
    assert 'language-ruby">' in told
    assert "~~~ruby" not in told


def test_code_in_a_quotation_stays_in_it():
    told = body(f"> Said:\n>\n{indented(CODE, '> ')}\n\nAfter.")
    assert told.endswith(f"{SHOWN}\n</blockquote>\n<p>After.</p>")


@pytest.mark.parametrize(
    ("mark", "by"), [("```", ""), ("~~~~~", ""), ("  ```", ""), ("- ```", "  "), ("> ```", "> ")]
)
def test_tags_in_a_fence_are_part_of_its_code(mark, by):
    told = body(f"{mark}\n{indented(CODE, by)}\n")
    assert "language-ruby" not in told
    assert told.count("{% highlight") == told.count("<code>") == 1


def test_a_span_between_three_backticks_opens_no_fence():
    assert body(f"``` one ``` is a span\n\n{CODE}").endswith(SHOWN)


def test_tags_in_code_or_in_raw_html_get_no_fence():
    assert body(f"Text.\n\n{indented(CODE, '    ')}").count("{% highlight") == 1
    for told in (
        body(f"Text.\n\n{indented(CODE, '    ')}"),
        body(f'<div class="code">\n{CODE}\n</div>'),
        body(f"<pre>\n{CODE}\n</pre>"),
    ):
        assert "~~~ruby" not in told


@pytest.mark.parametrize(
    "text",
    [
        "endhighlight\n" + "~" * 200_000,
        "endhighlight\n" + "`" * 200_000,
        "endhighlight" + " " * 200_000 + "x",
        "{% endhighlight %}\n" + "{% highlight c %}\n" * 50_000,
        "      {% highlight c %}\n x\n{% endhighlight %}\n" * 10_000,
    ],
)
def test_tags_that_never_match_take_no_time(text):
    assert body(text)
