"""Render Markdown as HTML: CommonMark with tables, footnotes and strikethrough, by comrak."""

import re

from comrak import ExtensionOptions, RenderOptions, render_markdown

from syndicate.intake.articles import highlight_tags

_MAX_CELLS = 1_000_000
"""Short rows are filled up: a wide header above many lines would take all memory."""
_MAX_NESTED_NOTES = 100
"""Notes inside each other take quadratic time."""
_MAX_INLINE_NOTES = 200
"""Inline notes: the end of each is searched for in all of the text."""
_TILDE = re.compile("(?<!~)~(?!~)")
_TILDE_PLACEHOLDER, _QUOTED_PLACEHOLDER = "\ue0fe", "%EE%83%BE"
"""Replaces a single tilde: comrak strikes out text between two, as in 5~10 and 20~30."""
_BACK_REFERENCE = re.compile(
    r' data-footnote-backref data-footnote-backref-idx="([0-9-]+)"'
    r' aria-label="Back to reference \1">↩'
)
_BACK_ARROW = ">↩\ufe0e"
"""The arrow back from a footnote, which some systems would show as an emoji."""
_RENDERING = RenderOptions()
_RENDERING.unsafe_ = True


def to_html(text: str) -> str:
    """Render Markdown; the HTML is not sanitised."""
    text = highlight_tags.fence_highlight_tags(text)
    escaped = "~" in text and _TILDE_PLACEHOLDER not in text
    if escaped:
        text = _TILDE.sub(_TILDE_PLACEHOLDER, text)
    html = str(render_markdown(text, _extensions(text), render_options=_RENDERING))
    if escaped:
        html = html.replace(_TILDE_PLACEHOLDER, "~").replace(_QUOTED_PLACEHOLDER, "~")
    return _BACK_REFERENCE.sub(_BACK_ARROW, html) if "data-footnote" in html else html


def _extensions(text: str) -> ExtensionOptions:
    """Return the extensions for a text, without those that would take too long for it."""
    rules = (line for line in text.split("\n") if "-" in line and not line.strip(" \t>|:-"))
    widest = max((rule.count("|") for rule in rules), default=0)
    options = ExtensionOptions()
    options.table = (widest + 1) * text.count("\n") < _MAX_CELLS
    options.strikethrough = True
    nested = max(part.count("[^") + part.count("^[") for part in text.split("]"))
    options.footnotes = nested <= _MAX_NESTED_NOTES
    options.inline_footnotes = options.footnotes and text.count("^[") <= _MAX_INLINE_NOTES
    return options
