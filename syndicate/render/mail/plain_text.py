"""Renders an article's body as plain text for mail.

Paragraphs are wrapped, quotations begin with `>`, callouts with `|`, list items with a dash;
tables are in columns, pictures are described in brackets, and addresses are numbered and listed at
the end.
"""

import re
import textwrap
from dataclasses import dataclass, field

from lxml import etree

from syndicate.body import callouts, markup
from syndicate.config import Config
from syndicate.language import Translator
from syndicate.render.mail import text_width
from syndicate.render.mail.html_body import RECORDINGS, describe_recording
from syndicate.render.mail.tables import read_table
from syndicate.render.mail.text_tables import write_table

WIDTH = 72
"""Columns per line, as RFC 3676 recommends."""

_INDENT = "    "
_LEAST_WIDTH = 24
"""Columns per line, however deep a list is in others."""
_MAX_DEPTH = 24
"""Elements nested deeper become plain words without structure."""
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LAID_OUT = _HEADINGS | {"ul", "ol", "dl", "dd", "blockquote", "pre", "figure", "table", "hr"}
"""Blocks with a layout of their own."""
_TEXT_XPATHS = {
    "ul": "li",
    "ol": "li",
    "dl": "dt | dd | div/dt | div/dd",
    "table": "caption[1] | .//tr/td | .//tr/th",
    "figure": "figcaption[1] | p[1]",
}
"""XPath of the elements that contain the text of a block."""
_BLOCKS = _LAID_OUT | {
    "p", "dt", "div", "section", "article", "aside", "header", "footer", "details",
    "summary", "figcaption", "li", "tr",
}  # fmt: skip
_SPACE = re.compile(r"[ \t\r\n\f]+")
_SMALL_DIGITS = {
    "sup": str.maketrans("0123456789+-=()n\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ⁻"),
    "sub": str.maketrans("0123456789+-=()\u2212", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎₋"),
}


def wrap(text: str, *, first: str = "", rest: str = "", width: int = WIDTH) -> str:
    """Wrap text to lines that begin with `first` or `rest`; long addresses are not broken."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines += _fill(line.strip(" \t"), rest if lines else first, rest, width)
    return "\n".join(lines)


def underline(text: str, mark: str, *, width: int = WIDTH) -> str:
    """Wrap text, and draw a line of a mark under it, as long as its longest line."""
    wrapped = wrap(text, width=width)
    longest = max(map(text_width.columns, wrapped.split("\n")))
    return f"{wrapped}\n{mark * min(longest, width)}"


def _fill(text: str, first: str, rest: str, width: int) -> list[str]:
    """Break text where it is full: between words, or anywhere in Chinese and Japanese."""
    lines, line, room = [], "", width - text_width.columns(first)
    for piece in text_width.pieces(text):
        taken = text_width.columns(line) + text_width.columns(piece)
        if line.strip(" \t") and taken > room:
            lines.append(line.rstrip(" \t"))
            line, room = "", width - text_width.columns(rest)
        line += piece if line else piece.lstrip(" \t")
    begins = [first, *(rest for _ in lines)]
    return [
        f"{begin}{line}" if line else "" for begin, line in zip(begins, [*lines, line], strict=True)
    ]


def render_plain_text(tree: etree._Element, *, page: str, words: Translator, config: Config) -> str:
    """Return the children of a body's tree as text for mail; the tree is consumed.

    `page` is the absolute address of its page.
    """
    callouts.write_titles(tree, words)
    markup.make_absolute(tree, config.url, page)
    writer = _TextWriter(words=words, page=page)
    blocks = writer.blocks(tree)
    if writer.links:
        numbered = [f"[{number}] {link}" for number, link in enumerate(writer.links, 1)]
        blocks.append("\n".join([words.gettext("Links") + ":", *numbered]))
    return "\n\n".join(blocks)


@dataclass(slots=True, kw_only=True)
class _TextWriter:
    """Writes one body as text, and collects its addresses."""

    words: Translator
    page: str
    links: list[str] = field(default_factory=list)
    margin: int = 0
    """Columns at the beginning of a line that belong to the elements around."""

    def blocks(self, element: etree._Element, depth: int = 0) -> list[str]:
        """Return the content of an element, block by block."""
        blocks: list[str] = []
        line = _collapse(element.text)
        for child in element:
            if isinstance(child.tag, str) and _is_block(child) and depth < _MAX_DEPTH:
                blocks += [self._paragraph(line), *self._block(child, depth + 1)]
                line = _collapse(child.tail)
            else:
                line += self._inline(child, depth + 1) + _collapse(child.tail)
        return [block for block in [*blocks, self._paragraph(line)] if block.strip()]

    def _prefixed(self, element: etree._Element, depth: int, prefix: str) -> list[str]:
        """Return the content of an element, block by block, each line after a prefix."""
        self.margin += len(prefix)
        blocks = self.blocks(element, depth)
        self.margin -= len(prefix)
        return [textwrap.indent(block, prefix, lambda _: True) for block in blocks]

    def _paragraph(self, line: str) -> str:
        return wrap(_lines(line), width=self._width)

    @property
    def _width(self) -> int:
        return max(WIDTH - self.margin, _LEAST_WIDTH)

    def _block(self, element: etree._Element, depth: int) -> list[str]:
        if element.tag not in _LAID_OUT or not _is_regular(element):
            return self._aside(element, depth)
        match element.tag:
            case "figure":
                return self._figure(element, depth)
            case "dd":
                return self._prefixed(element, depth, _INDENT)
            case "hr":
                text = "* * *"
            case "pre":
                code = "".join(element.itertext()).strip("\n")
                text = textwrap.indent(code, _INDENT, lambda _: True)
            case "blockquote":
                text = "\n>\n".join(self._prefixed(element, depth, "> "))
            case "table":
                text = self._table(element, depth)
            case "dl":
                return self._definitions(element, depth)
            case "ul" | "ol":
                text = self._list(element, depth)
            case _:
                text = self._heading(element, depth)
        return [text]

    def _aside(self, element: etree._Element, depth: int) -> list[str]:
        """Write the blocks of an element: a callout beside a line, footnotes under a heading."""
        if callouts.kind_of(element):
            title, *text = self._prefixed(element, depth, "| ") or [""]
            return ["\n".join(filter(None, [title, "\n|\n".join(text)]))]
        blocks = self.blocks(element, depth)
        if blocks and "footnotes" in element.get("class", "").split():
            label = self.words.gettext("Notes")  # not inside of an f-string: Babel misses it there
            heading = self.words.gettext("%(label)s: %(text)s", label=label, text="").rstrip()
            blocks[0] = f"{heading}\n{blocks[0]}"
        return blocks

    def _heading(self, element: etree._Element, depth: int) -> str:
        line = _lines(self._inline_content(element, depth))
        if element.tag in {"h1", "h2"} and line.strip():
            return underline(line, "-", width=self._width)
        return wrap(line, width=self._width)

    def _list(self, element: etree._Element, depth: int) -> str:
        items = []
        start = element.get("start", "")
        number = int(start) if start.isdecimal() else 1
        for item in element.iterchildren(etree.Element):
            bullet = f"{number}. " if element.tag == "ol" else "- "
            number += 1
            text = "\n".join(self._prefixed(item, depth, " " * len(bullet)))
            items.append(bullet + text.lstrip(" "))
        return "\n".join(items)

    def _figure(self, element: etree._Element, depth: int) -> list[str]:
        """Describe a figure in brackets: alternative text, caption and credit."""
        cite = element.find("figcaption//cite")
        if cite is not None and not len(cite) and (cite.text or "").strip():
            cite.text = f"({_collapse(cite.text).strip()})"
        caption = element.find("figcaption")
        text = "" if caption is None else _lines(self._inline_content(caption, depth)).strip()
        if (player := next(element.iter(*RECORDINGS), None)) is not None:
            return [self._paragraph(self._recording(player)), self._paragraph(text)]
        picture, missing = element.find(".//img"), element.find("p")
        alt = picture.get("alt") if picture is not None else ""
        if missing is not None:
            alt = self._inline_content(missing, depth)
        if picture is None and missing is None:
            return [self._paragraph(text)]
        text = ". ".join(part for part in (_collapse(alt).strip().rstrip("."), text) if part)
        label = self.words.gettext("Picture")
        inside = self.words.gettext("%(label)s: %(text)s", label=label, text=text)
        return [wrap(f"[{inside}]" if text else f"[{label}]", width=self._width)]

    def _table(self, element: etree._Element, depth: int) -> str:
        text = write_table(
            read_table(element),
            lambda cell: _lines(self._inline_content(cell, depth)).replace("\n", " ").strip(),
            wrap,
            self.words.gettext("See the table on the web"),
            indent=len(_INDENT) * sum(1 for _ in element.iterancestors("li", "dd", "blockquote")),
        )
        caption = element.find("caption")
        if caption is None:
            return text
        return f"{self._paragraph(self._inline_content(caption, depth))}\n{text}"

    def _definitions(self, element: etree._Element, depth: int) -> list[str]:
        """Write terms, and below each group of them what they mean, indented."""
        groups: list[list[str]] = [[]]
        before = ""
        for item in element.iter("dt", "dd"):
            if next(item.iterancestors("dl")) is not element:
                continue
            if item.tag == "dt" and before == "dd":
                groups.append([])
            if item.tag == "dt":
                groups[-1] += self.blocks(item, depth)
            else:
                groups[-1].append("\n\n".join(self._prefixed(item, depth, _INDENT)))
            before = str(item.tag)
        return ["\n".join(texts) for group in groups if (texts := [*filter(None, group)])]

    def _inline_content(self, element: etree._Element, depth: int) -> str:
        """Return the content of an element as one line, with its line breaks."""
        if depth >= _MAX_DEPTH:
            return _collapse("".join(element.itertext()))
        line = _collapse(element.text)
        for child in element:
            line += self._inline(child, depth + 1) + _collapse(child.tail)
        return line

    def _inline(self, element: etree._Element, depth: int) -> str:
        match element.tag:
            case "br":
                return "\n"
            case "img":
                alt = _collapse(element.get("alt")).strip()
                label = self.words.gettext("Picture")
                inside = self.words.gettext("%(label)s: %(text)s", label=label, text=alt)
                return f"[{inside}]" if alt else ""
            case "a":
                return self._link(element, depth)
            case tag if tag in RECORDINGS:
                return self._recording(element)
            case str():
                return _translated(
                    self._inline_content(element, depth), _SMALL_DIGITS.get(element.tag, {})
                )
            case _:
                return ""

    def _link(self, element: etree._Element, depth: int) -> str:
        if "footnote-backref" in element.get("class", "").split():
            return ""
        text, href = self._inline_content(element, depth), element.get("href", "")
        stripped = text.strip()
        is_own_page = href.partition("#")[0] in {"", self.page}
        if is_own_page or stripped in {href, href.removeprefix("mailto:")}:
            return text
        return f"{text} {self._reference(href)}" if stripped else ""

    def _recording(self, element: etree._Element) -> str:
        label, address = describe_recording(element, self.page, self.words)
        return f"{label} {self._reference(address)}"

    def _reference(self, address: str) -> str:
        """Add an address to the list; return its number in brackets."""
        address = "".join(address.split())
        if address not in self.links:
            self.links.append(address)
        return f"[{self.links.index(address) + 1}]"


def _is_block(element: etree._Element) -> bool:
    return element.tag in _BLOCKS or any(
        descendant.tag in _BLOCKS for descendant in element.iterdescendants(etree.Element)
    )


def _is_regular(element: etree._Element) -> bool:
    """Whether all text of a block is in its usual elements, and in each once."""
    if element.tag not in _TEXT_XPATHS:
        return True
    regular = sum(_letters(part) for part in element.xpath(_TEXT_XPATHS[element.tag]))
    parts = sum(1 for _ in element.iter("img", "p", *RECORDINGS)) if element.tag == "figure" else 0
    return regular == _letters(element) and parts <= 1


def _letters(element: etree._Element) -> int:
    return len("".join("".join(element.itertext()).split()))


def _collapse(text: str | None) -> str:
    """Collapse white space as HTML does, except no-break spaces."""
    return _SPACE.sub(" ", text or "")


def _lines(line: str) -> str:
    """Collapse white space within each line."""
    return "\n".join(re.sub(r"[ \t\r\f]+", " ", part).strip(" ") for part in line.split("\n"))


def _translated(text: str, table: dict[int, int]) -> str:
    """Write text in small digits, if all of its characters have one."""
    return text.translate(table) if all(ord(letter) in table for letter in text.strip()) else text
