"""Markdown to HTML: CommonMark with tables, footnotes, strikethrough and heading anchors.

Raw HTML passes through: `sanitise` comes next. Liquid tags are text like any
other; no template engine ever runs on an article.
"""

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.footnote import footnote_plugin

_DEEPEST = 100
_HIGHLIGHT = re.compile(r"\{%-?\s*highlight\s+([A-Za-z0-9_+#-]+)[^%]*%\}\s*")
_END = re.compile(r"\{%-?\s*endhighlight\s*-?%\}\s*")
_ALIGN = re.compile(r"text-align:(left|center|right)")


_NOTES_OPEN = '<hr class="footnotes-sep">\n<div class="footnotes">\n<ol class="footnotes-list">\n'
_NOTES_CLOSE = "</ol>\n</div>\n"


def to_html(text: str) -> str:
    """Render Markdown; what comes out is not yet safe."""
    return str(_parser().render(text, {}))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(anchors_plugin, max_level=6)
    parser.block.ruler.before(
        "fence", "liquid_highlight", _liquid_highlight, {"alt": ["paragraph", "reference"]}
    )
    parser.core.ruler.push("cell_alignment", _cell_alignment)
    # the plugin's <section> has no heading, which a section should have
    parser.add_render_rule("footnote_block_open", lambda *_: _NOTES_OPEN)
    parser.add_render_rule("footnote_block_close", lambda *_: _NOTES_CLOSE)
    return parser


def _liquid_highlight(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Keep `{% highlight ruby %}` … `{% endhighlight %}`, tags and all, as a block of code.

    As a paragraph its lines would run together.
    """
    opening = _HIGHLIGHT.fullmatch(_line(state, start))
    if opening is None:
        return False
    last = next((n for n in range(start + 1, end) if _END.fullmatch(_line(state, n))), None)
    if last is None or silent:
        return last is not None
    token = state.push("fence", "code", 0)
    token.info = opening[1]
    token.content = state.getLines(start, last + 1, state.blkIndent, keepLastLF=True)
    token.map = [start, last + 1]
    state.line = last + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _cell_alignment(state: StateCore) -> None:
    """Say how a column is aligned by a class: style attributes do not survive."""
    for token in state.tokens:
        style = _ALIGN.search(str(token.attrGet("style") or ""))
        if style is not None:
            token.attrSet("class", f"align-{style[1]}")
