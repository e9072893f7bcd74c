"""Put code between Jekyll's highlight tags into Markdown fences; other Liquid is plain text."""

import re

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


def fence_highlight_tags(text: str) -> str:
    """Put `{% highlight ruby %}` … `{% endhighlight %}`, including the tags, into fences.

    In a paragraph the lines would run together.
    """
    return _CODE.sub(_add_fence, text) if "endhighlight" in text else text


def _add_fence(code: re.Match[str]) -> str:
    if not code["end"] or _is_in_code(code.string[: code.start()], code["place"]):
        return code[0]
    fence = "~" * max([3, *(len(run) + 1 for run in re.findall("~+", code[0]))])
    return f"{code['place']}{fence}{code['language']}\n{code[0]}\n{code['last']}{fence}"


def _is_in_code(before: str, place: str) -> bool:
    """Whether Markdown treats this place as raw HTML or as code already."""
    above, indent = (
        before[-_SEARCHED_CHARACTERS:].split("\n")[:-1],
        _width(place.rpartition(">")[2]),
    )
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
