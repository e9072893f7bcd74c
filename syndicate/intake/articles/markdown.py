"""Markdown to HTML: CommonMark with tables, footnotes and strikethrough, by comrak.

Raw HTML passes through: `sanitise` comes next.
"""

import re

from comrak import ExtensionOptions, RenderOptions, render_markdown

from syndicate.intake.articles import highlight_tags

_MAX_CELLS = 1_000_000
"""Cells that rows lack are filled in: a wide head above many lines would take all memory."""
_MAX_NESTED_NOTES = 100
"""Notes that begin inside of each other; they take quadratic time."""
_MAX_INLINE_NOTES = 200
"""Notes in passing; the end of each is looked for as far as the text goes."""
_TILDE = re.compile("(?<!~)~(?!~)")
_TILDE_PLACEHOLDER, _QUOTED_PLACEHOLDER = "\ue0fe", "%EE%83%BE"
"""Stands for a single tilde: comrak strikes out what is between two, such as 5~10 and 20~30."""
_BACK_REFERENCE = re.compile(
    r' data-footnote-backref data-footnote-backref-idx="([0-9-]+)"'
    r' aria-label="Back to reference \1">↩'
)
_BACK_ARROW = ">↩\ufe0e"
"""The arrow back from a footnote, which would else be an emoji in places."""
_RENDERING = RenderOptions()
_RENDERING.unsafe_ = True


def to_html(text: str) -> str:
    """Render Markdown; what comes out is not yet safe."""
    text = highlight_tags.fence_highlight_tags(text)
    marked = "~" in text and _TILDE_PLACEHOLDER not in text
    if marked:
        text = _TILDE.sub(_TILDE_PLACEHOLDER, text)
    html = str(render_markdown(text, _extensions(text), render_options=_RENDERING))
    if marked:
        html = html.replace(_TILDE_PLACEHOLDER, "~").replace(_QUOTED_PLACEHOLDER, "~")
    return _BACK_REFERENCE.sub(_BACK_ARROW, html) if "data-footnote" in html else html


def _extensions(text: str) -> ExtensionOptions:
    """Choose what a text may hold besides CommonMark: what would take for ever is left out."""
    rules = (line for line in text.split("\n") if "-" in line and not line.strip(" \t>|:-"))
    widest = max((rule.count("|") for rule in rules), default=0)
    options = ExtensionOptions()
    options.table = (widest + 1) * text.count("\n") < _MAX_CELLS
    options.strikethrough = True
    nested = max(part.count("[^") + part.count("^[") for part in text.split("]"))
    options.footnotes = nested <= _MAX_NESTED_NOTES
    options.inline_footnotes = options.footnotes and text.count("^[") <= _MAX_INLINE_NOTES
    return options
