"""Find the code in a text with Liquid; render `{% highlight %}` blocks."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Self

_SEARCHED_CHARACTERS = 300
"""Characters of a line that are searched for the end of a code span."""
_LANGUAGE = re.compile(r"[\w+#-]{1,30}", re.ASCII)
_PLACE = r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+"
_ITEM = re.compile(_PLACE)
_FENCE = re.compile(rf"^{_PLACE}(`{{3,}}+(?=[^`\n]*$)|~{{3,}}+)", re.MULTILINE)
_QUOTED = re.compile(r"^[ \t]*(?:>[ \t]?)+")
_SPECIAL = re.compile(r"[!-/:-@\[-`{-~\n]")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """An open `{% highlight %}` block."""

    at: int
    """Position of its tag in the text."""
    start: int
    """Index of its first piece of output."""
    language: str
    indent: str
    """Prefix of the lines in a list item or quotation."""

    @classmethod
    def begin(cls, text: str, at: int, options: str, start: int) -> Self:
        """Begin a block whose tag is at a position in the text."""
        name = _LANGUAGE.match(options)
        line = text[max(text.rfind("\n", 0, at) + 1, at - _SEARCHED_CHARACTERS) : at]
        item = _ITEM.match(line)
        indent = re.sub(r"[^ \t>]", " ", line) if item and item.end() == len(line) else ""
        return cls(at, start, "" if name is None else name[0], indent)

    def html(self, code: str) -> str:
        """Return the block as one line of HTML, which Markdown leaves as it is."""
        lines = self._dedented(code.split("\n"))
        while lines and not lines[-1].strip():
            lines.pop()
        while lines and not lines[0].strip():
            del lines[0]
        name = f' class="language-{self.language}"' if self.language else ""
        inner = _SPECIAL.sub(lambda letter: f"&#{ord(letter[0])};", "\n".join(lines))
        return f"<pre><code{name}>{inner}</code></pre>"

    def _dedented(self, lines: list[str]) -> list[str]:
        """Remove the prefix of lines in a list item or quotation."""
        if ">" in self.indent:
            return [_QUOTED.sub("", line, count=1) for line in lines]
        if all(line.startswith(self.indent) for line in lines if line.strip()):
            return [line[len(self.indent) :] for line in lines]
        return lines


class CodeSpans:
    """The code in a text: in fences, and between backticks on one line."""

    def __init__(self, text: str) -> None:
        self._text = text

    def has(self, start: int, end: int) -> bool:
        """Whether a range of the text is in code."""
        line = max(self._text.rfind("\n", 0, start) + 1, start - _SEARCHED_CHARACTERS)
        before = self._text[line:start]
        after = self._text[end : end + _SEARCHED_CHARACTERS].partition("\n")[0]
        in_span = before.count("`") % 2 == 1 and "`" in after
        return in_span or bisect_right(self._fences, start) % 2 == 1

    @cached_property
    def _fences(self) -> list[int]:
        """Positions where fences begin and end, in turn."""
        places, mark = [], ""
        for fence in _FENCE.finditer(self._text):
            if not mark:
                mark = fence[1]
            elif fence[1][0] == mark[0] and len(fence[1]) >= len(mark):
                mark = ""
            else:
                continue
            places.append(fence.start())
        return places
