"""Evaluate the Liquid in a text, tag by tag: a few tags, without a template engine."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from syndicate.intake.articles import jekyll
from syndicate.text import one_line, shorten

UNKNOWN_ADDRESS = "x-unknown:"
"""Scheme of an address that can't be known; `sanitise` drops such a link."""
_MAX_TAG_LENGTH = 2_000
_MAX_ADDRESS_LENGTH = 500
_SEARCHED_PIECES = 8
"""Pieces of output that are searched for the start of an address."""
_MAX_WARNINGS = 5
_OPENING = re.compile(r"\{[{%]")
_END_RAW = re.compile(r"\{%-?\s*+endraw\s*+-?%\}")
_END_COMMENT = re.compile(r"\{%-?\s*+endcomment\s*+-?%\}")
_WHITE_SPACE = re.compile(r"\s*+")
_ADDRESS = re.compile(
    r"""(?:\]\(<?|(?:href|src)=["']?|^[ ]{0,3}\[[^\]\n]{1,200}\]:[ \t]{0,9}<?)"""
    r"""(?P<path>[^\s"'<>()]*)\Z""",
    re.MULTILINE,
)
"""The start of a link or picture whose address is not complete."""

_PARTS = re.compile(r"""(?:"[^"]*"|'[^']*'|[^|"'])+|["']""")
_ASSIGNMENT = re.compile(r"([\w-]+)\s*=(.*)", re.DOTALL)
_PARAMETER = re.compile(r"""([\w-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"']+)""")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class LiquidResult:
    """A text with its Liquid evaluated."""

    text: str
    warnings: tuple[tuple[int, str], ...] = ()
    """Lines of the text, from 1, and the problem there."""
    left: tuple[str, ...] = ()
    """Unknown tags that stay in code; summaries leave them out."""


def read_liquid(text: str, values: Mapping[str, str], site: jekyll.JekyllSite) -> LiquidResult:
    """Return a text with the known tags evaluated as Jekyll does."""
    return _LiquidReader(text, _Expressions({**site.values(), **values}), site).read()


class _LiquidReader:
    """One pass over a text."""

    def __init__(self, text: str, expressions: "_Expressions", site: jekyll.JekyllSite) -> None:
        self._text = text
        self._code = jekyll.CodeSpans(text)
        self._expressions = expressions
        self._out: list[str] = []
        self._at = 0
        self._closings: dict[str, int] = {}
        self._blocks: list[jekyll.CodeBlock] = []
        self._warned: dict[str, int] = {}
        self._left: dict[str, None] = {}
        evaluate = expressions.evaluate
        self._tags: Mapping[str, Callable[[str], str | None]] = {
            "link": lambda rest: site.post_by_link(evaluate(rest) or rest),
            "post_url": lambda rest: site.post_by_url(evaluate(rest) or rest),
            "include": self._include,
            "youtube": lambda rest: jekyll.render_player("youtube", evaluate(rest) or rest),
            "vimeo": lambda rest: jekyll.render_player("vimeo", evaluate(rest) or rest),
            "gist": lambda rest: jekyll.render_gist(rest.partition(" ")[0]),
            "assign": lambda rest: "" if expressions.assign(rest) else None,
        }

    def read(self) -> LiquidResult:
        while (beginning := _OPENING.search(self._text, self._at)) is not None:
            start = beginning.start()
            self._out.append(self._text[self._at : start])
            closing = "}}" if beginning[0] == "{{" else "%}"
            end = self._closing(closing, start + 2)
            if end < 0 or end - start > _MAX_TAG_LENGTH:
                self._out.append(beginning[0])
                self._at = start + 2
            else:
                self._at = end + 2
                self._read_tag(start, self._text[start + 2 : end], output=closing == "}}")
        self._out.append(self._text[self._at :])
        for block in self._blocks:
            self._warned.setdefault("{% highlight %} without its end", block.position)
        return LiquidResult("".join(self._out), self._warnings(), tuple(self._left))

    def _closing(self, mark: str, start: int) -> int:
        """Return the position of the next closing mark, or -1; no text is searched twice."""
        found = self._closings.get(mark, 0)
        if 0 <= found < start:
            found = self._closings[mark] = self._text.find(mark, start)
        return found

    def _read_tag(self, start: int, inner: str, *, output: bool) -> None:
        if inner.startswith("-"):  # remove white space at the end of the output
            first = self._blocks[-1].output_start if self._blocks else 0
            while len(self._out) > first:
                self._out[-1] = self._out[-1].rstrip()
                if self._out[-1]:
                    break
                self._out.pop()
        trims, end = inner.endswith("-"), self._at
        inner = inner.removeprefix("-").removesuffix("-").strip()
        shown = self._expressions.evaluate(inner) if output else self._shown(start, inner)
        self._out.append(self._not_understood(start, end) if shown is None else shown)
        if trims and self._at == end:
            blanks = _WHITE_SPACE.match(self._text, end)
            self._at = end if blanks is None else blanks.end()

    def _shown(self, start: int, inner: str) -> str | None:
        """Return the output of a tag; None if it is not understood."""
        name, rest = (*inner.split(None, 1), "", "")[:2]
        if name == "raw":
            return self._until(_END_RAW, start)
        if name == "comment":
            self._until(_END_COMMENT, start)
            return ""
        if name.startswith("#"):
            return ""
        if name == "highlight" and not self._blocks:  # they don't nest
            self._blocks.append(jekyll.CodeBlock.begin(self._text, start, rest, len(self._out)))
            return ""
        if name == "endhighlight" and self._blocks:
            block = self._blocks.pop()
            code = "".join(self._out[block.output_start :])
            del self._out[block.output_start :]
            return block.html(code)
        tag = self._tags.get(name)
        return None if tag is None else tag(rest)

    def _until(self, end: re.Pattern[str], start: int) -> str:
        """Skip a block and return its content; without an end, that is the rest of the text."""
        found = end.search(self._text, self._at)
        inside = self._text[self._at : None if found is None else found.start()]
        if found is None:
            self._warned.setdefault(f"{self._text[start : self._at]} without its end", start)
        self._at = len(self._text) if found is None else found.end()
        return inside

    def _include(self, rest: str) -> str | None:
        name, parameters = (*rest.split(None, 1), "", "")[:2]
        shown = jekyll.render_include(name, self._expressions.parameters(parameters))
        return None if shown is None else f"{shown}\n"

    def _not_understood(self, start: int, end: int) -> str:
        """Drop an unknown tag, and a link whose address depends on it; keep it in code."""
        token = self._text[start:end]
        self._warned.setdefault(token, start)
        if self._blocks or self._code.contains(start, end):
            self._left[one_line(token)] = None
            return token
        recent = "".join(piece[-_MAX_ADDRESS_LENGTH:] for piece in self._out[-_SEARCHED_PIECES:])
        address = _ADDRESS.search(recent, max(0, len(recent) - _MAX_ADDRESS_LENGTH))
        if address is None:
            return ""
        letters = len(address["path"])  # of the output, to be removed
        while letters:
            last = self._out.pop()
            if len(last) > letters:
                self._out.append(last[:-letters])
            letters -= min(letters, len(last))
        return UNKNOWN_ADDRESS

    def _warnings(self) -> tuple[tuple[int, str], ...]:
        """Return a warning for each unknown tag, at its first line."""
        warnings: list[tuple[int, str]] = []
        line, at = 1, 0
        for token, start in sorted(self._warned.items(), key=lambda item: item[1]):
            line, at = line + self._text.count("\n", at, start), start
            if len(warnings) == _MAX_WARNINGS:
                rest = len(self._warned) - _MAX_WARNINGS
                warnings.append((line, f"and {rest} more unknown Liquid tags from here on"))
                break
            shown = shorten(token, 80)
            warnings.append((line, f"unknown Liquid: {shown}"))
        return tuple(warnings)


class _Expressions:
    """The variables of a page; expressions that are not understood evaluate to None."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values: dict[str, str | None] = dict(values)

    def evaluate(self, text: str) -> str | None:
        """Return the value of an expression such as `"/path" | relative_url`."""
        first, *filters = [part.strip() for part in _PARTS.findall(text)] or [""]
        value = self._operand(first)
        for name in filters:
            if value is None:
                return None
            value = self._filtered(value, name)
        return value

    def assign(self, text: str) -> bool:
        """Assign `name = value`; return whether it was understood."""
        parts = _ASSIGNMENT.fullmatch(text)
        if parts is not None:
            self._values[parts[1]] = self.evaluate(parts[2])
        return parts is not None and self._values[parts[1]] is not None

    def parameters(self, text: str) -> Mapping[str, str]:
        """Return the values of `key="value"` and `key=page.value` that are understood."""
        parameters = ((name, self._operand(value)) for name, value in _PARAMETER.findall(text))
        return {name.lower(): value for name, value in parameters if value is not None}

    def _operand(self, text: str) -> str | None:
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            return text[1:-1]
        if _NUMBER.fullmatch(text):
            return text
        return self._values.get(text)

    def _filtered(self, value: str, text: str) -> str | None:
        name, _, argument = (part.strip() for part in text.partition(":"))
        if name in ("prepend", "append"):
            other = self._operand(argument)
            if other is None:
                return None
            return other + value if name == "prepend" else value + other
        base = self._values.get("site.baseurl") or ""
        if name in ("relative_url", "absolute_url"):
            value = f"{base}/{value.lstrip('/')}"
            return value if name == "relative_url" else (self._values.get("site.url") or "") + value
        plain = _FILTERS.get(name)
        return None if plain is None or argument else plain(value)


_FILTERS: Mapping[str, Callable[[str], str]] = {
    "escape": escape,
    "xml_escape": escape,
    "escape_once": escape,
    "strip": str.strip,
    "upcase": str.upper,
    "downcase": str.lower,
    "capitalize": str.capitalize,
}
