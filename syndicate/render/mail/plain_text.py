"""The body of an article as a person would type it into a mail.

Paragraphs are wrapped, quotations have their `>`, lists their dashes; a picture
is told in brackets, and addresses stand numbered at the end.
"""

import re
import textwrap
from dataclasses import dataclass, field

from lxml import etree

from syndicate.body import markup
from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.model.videos import Video
from syndicate.render import addresses
from syndicate.render.mail.ui_strings import MailStrings

WIDTH = 72
"""Characters to a line, as RFC 3676 has it."""

_INDENT = "    "
_DEEP = 24
"""Below so many elements nothing is set any more; the words alone are kept."""
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_SET = _HEADINGS | {"ul", "ol", "dd", "blockquote", "pre", "figure", "table", "hr"}
"""Blocks that are set in a way of their own."""
_PLACES = {
    "ul": "li",
    "ol": "li",
    "table": "caption[1] | .//tr/td | .//tr/th",
    "figure": "figcaption[1] | p[1]",
}
"""Where text belongs in blocks that have places for it, as XPath."""
_BLOCKS = _SET | {
    "p", "dl", "dt", "div", "section", "article", "aside", "header", "footer", "details",
    "summary", "figcaption", "li", "tr",
}  # fmt: skip
_PLAYERS = ("video", "audio", "iframe", "embed", "object")
_SPACE = re.compile(r"[ \t\r\n\f]+")


def wrap(text: str, *, first: str = "", rest: str = "") -> str:
    """Fold text to lines, each begun with `first` or `rest`; long addresses stay whole."""
    lines = [
        textwrap.fill(
            line.strip(" \t"), WIDTH, initial_indent=first if number == 0 else rest,
            subsequent_indent=rest, break_long_words=False, break_on_hyphens=False,
        )
        for number, line in enumerate(text.split("\n"))
    ]  # fmt: skip
    return "\n".join(lines)


def render_plain_text(
    tree: etree._Element, *, article: Article, words: MailStrings, config: Config
) -> str:
    """Return the children of a body's tree as text for mail; the tree is used up."""
    page = addresses.absolute(addresses.page(article), config)
    markup.make_absolute(tree, config.url, page)
    typist = _TextWriter(words=words, page=page)
    blocks = typist.blocks(tree)
    if typist.links:
        numbered = [f"[{number}] {link}" for number, link in enumerate(typist.links, 1)]
        blocks.append("\n".join([f"{words.links}:", *numbered]))
    return "\n\n".join(blocks)


@dataclass(slots=True, kw_only=True)
class _TextWriter:
    """Types one body, and notes the addresses that it meets."""

    words: MailStrings
    page: str
    links: list[str] = field(default_factory=list)

    def blocks(self, element: etree._Element, depth: int = 0) -> list[str]:
        """Type what is in an element, one block after the other."""
        blocks: list[str] = []
        line = _folded(element.text)
        for child in element:
            if isinstance(child.tag, str) and _is_block(child) and depth < _DEEP:
                blocks += [self._paragraph(line), *self._block(child, depth + 1)]
                line = _folded(child.tail)
            else:
                line += self._inline(child, depth + 1) + _folded(child.tail)
        return [block for block in [*blocks, self._paragraph(line)] if block.strip()]

    def _paragraph(self, line: str) -> str:
        return wrap(_lines(line))

    def _block(self, element: etree._Element, depth: int) -> list[str]:
        if element.tag not in _SET or not _orderly(element):
            return self.blocks(element, depth)
        if element.tag in _HEADINGS:
            return self._heading(element, depth)
        if element.tag in {"ul", "ol"}:
            return [self._list(element, depth)]
        if element.tag in {"figure", "table"}:
            draw = self._figure if element.tag == "figure" else self._table
            return draw(element, depth)
        return self._offset(element, depth)

    def _offset(self, element: etree._Element, depth: int) -> list[str]:
        """Set what stands apart from the text around it."""
        match element.tag:
            case "hr":
                return ["* * *"]
            case "pre":
                return _prefixed(["".join(element.itertext()).strip("\n")], _INDENT)
            case "blockquote":
                return ["\n>\n".join(_prefixed(self.blocks(element, depth), "> "))]
            case _:
                return _prefixed(self.blocks(element, depth), _INDENT)

    def _heading(self, element: etree._Element, depth: int) -> list[str]:
        said = self._paragraph(self._inside(element, depth))
        if not said.strip() or element.tag not in {"h1", "h2"}:
            return [said]
        longest = max(len(line) for line in said.split("\n"))
        return [f"{said}\n{'-' * longest}"]

    def _list(self, element: etree._Element, depth: int) -> str:
        items = []
        start = element.get("start", "")
        number = int(start) if start.isdecimal() else 1
        for item in element.iterchildren(etree.Element):
            bullet = f"{number}. " if element.tag == "ol" else "- "
            number += 1
            said = "\n".join(self.blocks(item, depth)) or ""
            items.append(_hanging(said, bullet))
        return "\n".join(items)

    def _figure(self, element: etree._Element, depth: int) -> list[str]:
        """Tell a figure in brackets: what is to be seen, the caption, the credit."""
        cite = element.find("figcaption//cite")
        if cite is not None and not len(cite) and (cite.text or "").strip():
            cite.text = f"({_folded(cite.text).strip()})"
        caption = element.find("figcaption")
        said = "" if caption is None else _lines(self._inside(caption, depth)).strip()
        if (player := next(element.iter(*_PLAYERS), None)) is not None:
            return [self._paragraph(self._recording(player)), self._paragraph(said)]
        picture, missing = element.find(".//img"), element.find("p")
        seen = picture.get("alt") if picture is not None else ""
        if missing is not None:
            seen = self._inside(missing, depth)
        if picture is None and missing is None:
            return [self._paragraph(said)]
        told = ". ".join(part for part in (_folded(seen).strip().rstrip("."), said) if part)
        return [wrap(f"[{self.words.picture}: {told}]" if told else f"[{self.words.picture}]")]

    def _table(self, element: etree._Element, depth: int) -> list[str]:
        rows = [
            " | ".join(
                _lines(self._inside(cell, depth)).replace("\n", " ").strip()
                for cell in row.iterchildren("td", "th")
            )
            for row in element.iter("tr")
        ]
        caption = element.find("caption")
        if caption is not None:
            rows.insert(0, self._paragraph(self._inside(caption, depth)))
        return ["\n".join(rows)]

    def _inside(self, element: etree._Element, depth: int) -> str:
        """Type what is in an element as one line."""
        if depth >= _DEEP:
            return _folded("".join(element.itertext()))
        line = _folded(element.text)
        for child in element:
            line += self._inline(child, depth + 1) + _folded(child.tail)
        return line

    def _inline(self, element: etree._Element, depth: int) -> str:
        match element.tag:
            case "br":
                return "\n"
            case "img":
                alt = _folded(element.get("alt")).strip()
                return f"[{self.words.picture}: {alt}]" if alt else ""
            case "a":
                return self._link(element, depth)
            case tag if tag in _PLAYERS:
                return self._recording(element)
            case str():
                return self._inside(element, depth)
            case _:
                return ""

    def _link(self, element: etree._Element, depth: int) -> str:
        said, href = self._inside(element, depth), element.get("href", "")
        shown = said.strip()
        here = href.partition("#")[0] in {"", self.page}
        if here or shown in {href, href.removeprefix("mailto:")}:
            return said
        return f"{said} {self._note(href)}" if shown else ""

    def _recording(self, element: etree._Element) -> str:
        source = next((s for s in element.iter("source") if s.get("src")), element)
        address = source.get("src") or source.get("data") or self.page
        video = Video.from_url(address)
        words = {"video": self.words.video, "audio": self.words.audio}
        said = words.get("video" if video else element.tag, self.words.embedded)
        title = _folded(element.get("title")).strip()
        return f"{title or said} {self._note(video.page_url if video else address)}"

    def _note(self, address: str) -> str:
        """Note an address, and return the number it has at the end."""
        address = "".join(address.split())
        if address not in self.links:
            self.links.append(address)
        return f"[{self.links.index(address) + 1}]"


def _is_block(element: etree._Element) -> bool:
    return element.tag in _BLOCKS or any(
        descendant.tag in _BLOCKS for descendant in element.iterdescendants(etree.Element)
    )


def _orderly(element: etree._Element) -> bool:
    """Whether all that a block says stands where it belongs, and nothing twice over."""
    if element.tag not in _PLACES:
        return True
    placed = sum(_letters(part) for part in element.xpath(_PLACES[element.tag]))
    shown = sum(1 for _ in element.iter("img", "p", *_PLAYERS)) if element.tag == "figure" else 0
    return placed == _letters(element) and shown <= 1


def _letters(element: etree._Element) -> int:
    return len("".join("".join(element.itertext()).split()))


def _folded(text: str | None) -> str:
    """Fold white space as HTML does; no-break spaces stay."""
    return _SPACE.sub(" ", text or "")


def _lines(line: str) -> str:
    """Fold each line between forced breaks."""
    return "\n".join(re.sub(r"[ \t\r\f]+", " ", part).strip(" ") for part in line.split("\n"))


def _prefixed(blocks: list[str], prefix: str) -> list[str]:
    return [textwrap.indent(block, prefix, lambda _: True) for block in blocks]


def _hanging(text: str, bullet: str) -> str:
    return bullet + textwrap.indent(text, " " * len(bullet)).lstrip(" ")
