"""Render Markdown as HTML: CommonMark with what newsrooms add to it, by comrak.

That is tables, footnotes, strikethrough, definition lists and callouts (`> [!NOTE]`). Attributes
behind a picture, `{.wide}` or Kramdown's `{: .wide}`, become its class.

Code between Jekyll's highlight tags is put into fences first; other Liquid is plain text.
"""

import re
from collections.abc import Collection
from html import unescape

from comrak import ExtensionOptions, RenderOptions, render_markdown
from lxml import etree

from syndicate.body.markup import id_prefix, parse
from syndicate.errors import Refused
from syndicate.intake.markup.sanitise import sanitise
from syndicate.text import one_line

_MAX_CELLS = 1_000_000
"""Short rows are filled up: a wide header above many lines would take all memory."""
_MAX_NESTED_NOTES = 100
"""Notes inside each other take quadratic time."""
_MAX_DEFINITIONS = 2000
"""Definitions between empty lines take quadratic time."""
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
_CODE = re.compile(
    r"""
    ^[ \t>]*+ (?:(?:[-*+]|\d++[.)])[ \t]++)*+ (?P<fence>`{3,}+(?=[^`\n]*+$)|~{3,}+) [^\n]*+\n
    .*? (?: ^[ \t>]*+ (?P=fence) [`~]*+ [ \t]*+$ | \Z )
    |
    ^(?P<place>[ \t]*+(?:>[ \t]*+)*+)
    \{%-?[ \t]*+ highlight [ \t]++ (?P<language>[\w+\#-]++) [^%\n]*+ %\} [ \t]*+\n
    .*? (?: ^(?P<last>[ \t>]*+) (?P<end>\{%-?[ \t]*+ endhighlight [ \t]*+-?%\}) [ \t]*+$ | \Z )
    """,
    re.MULTILINE | re.DOTALL | re.ASCII | re.VERBOSE,
)
"""A fence, or code between tags; either may lack its end."""
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]")
_CODE_INDENT = 4
_SEARCHED_CHARACTERS = 4_000
"""Characters that are searched backwards for the start of a list item."""
_CALLOUT_TITLE = re.compile(r'(?<=<p class="markdown-alert-title">)[^<\n]*[*_`\[][^<\n]*')
"""The title of a callout with Markdown in it, which comrak leaves as it is."""
_ATTRIBUTE = r"""(?:[.#][\w-]+|[\w-]+=(?:&quot;[^&}\n]*&quot;|'[^'}\n]*'|[^\s{}"'<>&]+))"""
_PICTURE_ATTRIBUTES = re.compile(
    rf"(<img (?:[^<>\"]|\"[^\"]*\")*?)( ?/>)\s?\{{:?[ ]*({_ATTRIBUTE}(?:[ ]+{_ATTRIBUTE})*)[ ]*\}}"
)
"""A picture, and a list of attributes behind it."""
_RENDERING = RenderOptions()
_RENDERING.unsafe_ = True
_MAY_BE_MARKED = re.compile(r"[*_`\[\\<&]")
_NOTE = re.compile(r"\[\^[^\]\s]+\]")
_LINE_START = "\u00b6"
"""Before a line, so that its first characters are no list, heading or quotation."""
_LITERAL_HTML = RenderOptions()
_LITERAL_HTML.escape = True
_DEFINITION = re.compile(r"^[ \t>]*+:[ \t]", re.MULTILINE)


def to_html(text: str) -> str:
    """Render Markdown; the HTML is not sanitised."""
    text = _CODE.sub(_add_fence, text) if "endhighlight" in text else text
    escaped = "~" in text and _TILDE_PLACEHOLDER not in text
    if escaped:
        text = _TILDE.sub(_TILDE_PLACEHOLDER, text)
    html = str(render_markdown(text, _extensions(text), render_options=_RENDERING))
    if escaped:
        html = html.replace(_TILDE_PLACEHOLDER, "~").replace(_QUOTED_PLACEHOLDER, "~")
    if "<img" in html and "{" in html:
        html = _PICTURE_ATTRIBUTES.sub(_with_class, html)
    if "markdown-alert-title" in html:
        html = _CALLOUT_TITLE.sub(_render_title, html)
    return _BACK_REFERENCE.sub(_BACK_ARROW, html) if "data-footnote" in html else html


def to_body(text: str, path: str, *, part: str = "", hosts: Collection[str]) -> etree._Element:
    """Render Markdown as a sanitised body, with ids that are those of a part of its file alone.

    `hosts` are those of `sanitise`. Raise Refused, with the file, for what can't be well-formed.
    """
    prefix = id_prefix(f"{path}:{part}" if part else path)
    try:
        return sanitise(to_html(text), prefix, hosts=hosts)
    except Refused as error:
        raise Refused(f"{path}: {error}") from error


def _with_class(picture: re.Match[str]) -> str:
    """Give a picture the classes in its attributes; others are dropped."""
    classes = " ".join(re.findall(r"(?:^| )\.([\w-]+)", picture[3]))
    return f'{picture[1]} class="{classes}"{picture[2]}' if classes else picture[1] + picture[2]


def _render_title(title: re.Match[str]) -> str:
    html = str(render_markdown(unescape(title[0]), ExtensionOptions(), render_options=_RENDERING))
    return html.strip().removeprefix("<p>").removesuffix("</p>")


def to_text(line: str) -> str:
    """Return a line that may be Markdown as plain text: of a link its text, of a picture its alt.

    HTML stays as it is written.
    """
    if not _MAY_BE_MARKED.search(line):  # most lines
        return line
    line = _LINE_START + line
    root = parse(str(render_markdown(line, ExtensionOptions(), render_options=_LITERAL_HTML)))
    for picture in root.iter("img"):
        picture.text = picture.get("alt")
    text = "".join(root.itertext()).strip().removeprefix(_LINE_START)
    return one_line(_NOTE.sub("", text))


def _extensions(text: str) -> ExtensionOptions:
    """Return the extensions for a text, without those that would take too long for it."""
    rules = (line for line in text.split("\n") if "-" in line and not line.strip(" \t>|:-"))
    widest = max((rule.count("|") for rule in rules), default=0)
    options = ExtensionOptions()
    options.table = (widest + 1) * text.count("\n") < _MAX_CELLS
    options.strikethrough = True
    options.alerts = "[!" in text
    definitions = len(_DEFINITION.findall(text)) if ":" in text else 0
    options.description_lists = 0 < definitions <= _MAX_DEFINITIONS
    nested = max(part.count("[^") + part.count("^[") for part in text.split("]"))
    options.footnotes = nested <= _MAX_NESTED_NOTES
    options.inline_footnotes = options.footnotes and text.count("^[") <= _MAX_INLINE_NOTES
    return options


def _add_fence(code: re.Match[str]) -> str:
    """Put `{% highlight ruby %}` … `{% endhighlight %}`, including the tags, into a fence.

    In a paragraph the lines would run together.
    """
    if not code["end"] or _is_in_code(code.string[: code.start()], code["place"]):
        return code[0]
    fence = "~" * max([3, *(len(run) + 1 for run in re.findall("~+", code[0]))])
    return f"{code['place']}{fence}{code['language']}\n{code[0]}\n{code['last']}{fence}"


def _is_in_code(before: str, place: str) -> bool:
    """Whether Markdown treats this place as raw HTML or as code already."""
    above = before[-_SEARCHED_CHARACTERS:].split("\n")[:-1]
    indent = _width(place.rpartition(">")[2])
    if above and above[-1].lstrip(" \t>").startswith("<"):
        return True
    if indent < _CODE_INDENT:
        return False
    for line in reversed(above):
        inner = line.lstrip()
        if inner and (line_indent := _width(line.removesuffix(inner))) < indent:
            if _ITEM.match(inner):
                return False
            indent = line_indent
    return True


def _width(blanks: str) -> int:
    return len(blanks.expandtabs(_CODE_INDENT))
