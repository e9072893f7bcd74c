"""Markdown to HTML: CommonMark with tables, footnotes and strikethrough, by comrak.

Raw HTML passes through: `sanitise` comes next. Liquid tags are text like any
other; no template engine ever runs on an article.
"""

import re

from comrak import ExtensionOptions, RenderOptions, render_markdown

_MOST_CELLS = 1_000_000
"""Cells that rows lack are filled in: a wide head above many lines would take all memory."""
_CODE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|^ {0,3}\{%-?[ \t]*highlight[ \t]+(?P<language>[A-Za-z0-9_+#-]+)[^%\n]*%\}[ \t]*\n.*?"
    r"(?:^[ \t]*(?P<end>\{%-?[ \t]*endhighlight[ \t]*-?%\})[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""A fence, or Jekyll's own way to write one; either may never end."""
_BACK = re.compile(
    r' data-footnote-backref data-footnote-backref-idx="([0-9-]+)"'
    r' aria-label="Back to reference \1">↩'
)
_BACK_AS_TEXT = ">↩\ufe0e"
"""The arrow back from a footnote, which would else be an emoji in places."""


def to_html(text: str) -> str:
    """Render Markdown; what comes out is not yet safe."""
    if "endhighlight" in text:
        text = _CODE.sub(_fenced, text)
    widest = max(line.count("|") for line in text.split("\n"))
    tables = (widest + 1) * text.count("\n") < _MOST_CELLS
    html = str(render_markdown(text, _TABLES if tables else _NO_TABLES, render_options=_RENDERING))
    return _BACK.sub(_BACK_AS_TEXT, html) if "data-footnote" in html else html


def _fenced(code: re.Match[str]) -> str:
    """Put `{% highlight ruby %}` … `{% endhighlight %}`, tags and all, into a fence.

    As a paragraph its lines would run together.
    """
    if not code["end"]:
        return code[0]
    fence = "~" * max([3, *(len(run) + 1 for run in re.findall("~+", code[0]))])
    return f"{fence}{code['language']}\n{code[0]}\n{fence}"


def _extensions(*, table: bool) -> ExtensionOptions:
    options = ExtensionOptions()
    options.table = table
    options.strikethrough = options.footnotes = options.inline_footnotes = True
    return options


_TABLES, _NO_TABLES = _extensions(table=True), _extensions(table=False)
_RENDERING = RenderOptions()
_RENDERING.unsafe_ = True
