"""Find the code in a text with Liquid; render `{% highlight %}` blocks."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Self

_SEARCHED_CHARACTERS = 300
"""Characters of a line that are searched for the end of a code span."""
_LANGUAGE = re.compile(r"[\w+#-]{1,30}", re.ASCII)
_LINE_PREFIX = r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+"
_PREFIX_PATTERN = re.compile(_LINE_PREFIX)
_FENCE = re.compile(rf"^{_LINE_PREFIX}(`{{3,}}+(?=[^`\n]*$)|~{{3,}}+)", re.MULTILINE)
_QUOTED = re.compile(r"^[ \t]*(?:>[ \t]?)+")
_SPECIAL = re.compile(r"[!-/:-@\[-`{-~\n]")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """An open `{% highlight %}` block."""

    position: int
    """The position of its tag in the text."""
    output_start: int
    """Index of the first piece of output inside it."""
    language: str
    indent: str
    """Prefix of the lines in a list item or quotation."""

    @classmethod
    def begin(cls, text: str, position: int, options: str, output_start: int) -> Self:
        """Open the block whose tag is at `position` in `text`."""
        language = match[0] if (match := _LANGUAGE.match(options)) else ""
        start = max(text.rfind("\n", 0, position) + 1, position - _SEARCHED_CHARACTERS)
        line = text[start:position]
        prefix = _PREFIX_PATTERN.match(line)
        indent = re.sub(r"[^ \t>]", " ", line) if prefix and prefix.end() == len(line) else ""
        return cls(position, output_start, language, indent)

    def html(self, code: str) -> str:
        """Return the block as one line of HTML, which Markdown leaves as it is."""
        lines = self._dedented(code.split("\n"))
        while lines and not lines[-1].strip():
            lines.pop()
        while lines and not lines[0].strip():
            del lines[0]
        class_attribute = f' class="language-{self.language}"' if self.language else ""
        inner = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", "\n".join(lines))
        return f"<pre><code{class_attribute}>{inner}</code></pre>"

    def _dedented(self, lines: list[str]) -> list[str]:
        """Remove the prefix of lines in a list item or quotation."""
        if ">" in self.indent:
            return [_QUOTED.sub("", line, count=1) for line in lines]
        if all(line.startswith(self.indent) for line in lines if line.strip()):
            return [line[len(self.indent) :] for line in lines]
        return lines


class CodeSpans:
    """Where a text has code: in fences, and between backticks on one line."""

    def __init__(self, text: str) -> None:
        self._text = text

    def contains(self, start: int, end: int) -> bool:
        """Whether a range of the text is in code."""
        line = max(self._text.rfind("\n", 0, start) + 1, start - _SEARCHED_CHARACTERS)
        before = self._text[line:start]
        after = self._text[end : end + _SEARCHED_CHARACTERS].partition("\n")[0]
        in_span = before.count("`") % 2 == 1 and "`" in after
        return in_span or bisect_right(self._fences, start) % 2 == 1

    @cached_property
    def _fences(self) -> list[int]:
        """The positions at which fences begin and end, alternately."""
        positions, open_fence = [], ""
        for fence in _FENCE.finditer(self._text):
            if not open_fence:
                open_fence = fence[1]
            elif fence[1][0] == open_fence[0] and len(fence[1]) >= len(open_fence):
                open_fence = ""
            else:
                continue
            positions.append(fence.start())
        return positions
