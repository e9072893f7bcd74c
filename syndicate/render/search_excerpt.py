"""Search results: headlines and excerpts with the words marked that a reader searched for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from syndicate.model.articles import Article
from syndicate.model.search.folding import MARKS, UNSPACED, aligned, is_unspaced, text_of
from syndicate.model.search.query import SearchTerm
from syndicate.text import one_line, shorten

LENGTH = 240
"""Characters of an excerpt."""
_LEAD_IN = 70
"""Characters of it before the first mark, at most."""
_MAX_MATCHES = 200
"""Matches of a text that are looked at."""
_LIGATURES = {"ss": "(?:ss|ß)", "ae": "(?:ae|æ)", "oe": "(?:oe|œ)", "th": "(?:th|þ)"}
_ARABIC_ARTICLE = "(?:[وبكف]?ال|لل)?"
_ARABIC = re.compile("[\u0621-\u064a]")
_LETTER = rf"[^\W_{UNSPACED}]"
_STARTS, _ENDS, _REST = f"(?<!{_LETTER})", f"(?!{_LETTER})", f"(?:{_LETTER}|[{MARKS}])*"
_BETWEEN = r"[\W_]{0,8}"

_Span = tuple[int, int, int]
"""Where a match begins and ends, and the number of its term."""


@dataclass(frozen=True)
class Highlighter:
    """Marks the terms of a query in texts, which it returns as HTML."""

    terms: Sequence[SearchTerm]

    def mark(self, text: str) -> Markup:
        """Return a text on one line, whole."""
        text = one_line(text)
        return _marked(text, self._find(text))

    def excerpt(self, article: Article) -> Markup:
        """Return the part of an article with the most terms: of its summary, else of its body.

        Without a match it is the beginning.
        """
        for text in (one_line(article.summary), _joined(text_of(article.body).splitlines())):
            if spans := self._find(text):
                return _cut(text, spans)
        return Markup.escape(shorten(article.excerpt, LENGTH))

    def _find(self, text: str) -> list[_Span]:
        if not self.terms:
            return []
        spans: list[_Span] = []
        folded = aligned(text)
        pattern = self._ascii_pattern if folded.isascii() else self._pattern
        for match in pattern.finditer(folded):
            spans.append((match.start(), match.end(), match.lastindex or 0))
            if len(spans) == _MAX_MATCHES:
                break
        return spans

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(f"({_pattern_of(term)})" for term in self.terms))

    @cached_property
    def _ascii_pattern(self) -> re.Pattern[str]:
        """A pattern that finds the same in ASCII, in half the time."""
        return re.compile("|".join(f"({_ascii_pattern_of(term)})" for term in self.terms))


def _pattern_of(term: SearchTerm) -> str:
    *words, last = term.words
    parts = [_pattern_of_word(word, begins=False) for word in words]
    return _BETWEEN.join((*parts, _pattern_of_word(last, begins=term.begins)))


def _ascii_pattern_of(term: SearchTerm) -> str:
    """Return a pattern that begins with letters, for which `re` looks first."""
    if not all(word.isascii() for word in term.words):
        return "(?!)"
    first, *others = term.words
    begun = f"{first}(?<![0-9a-z]{first})"
    words = f"(?![0-9a-z]){_BETWEEN}".join((begun, *others))
    return f"{words}[0-9a-z]*" if term.begins else f"{words}(?![0-9a-z])"


def _pattern_of_word(word: str, *, begins: bool) -> str:
    letters, at = [], 0
    while at < len(word):
        pair = word[at : at + 2]
        letters.append(_LIGATURES.get(pair) or re.escape(word[at]))
        at += 2 if pair in _LIGATURES else 1
    written = f"[{MARKS}]*".join(letters)
    if is_unspaced(word):
        return written
    article = _ARABIC_ARTICLE if _ARABIC.match(word) else ""
    return f"{_STARTS}{article}{written}{_REST if begins else _ENDS}"


def _joined(blocks: Iterable[str]) -> str:
    """Return blocks of text on one line, with a dot between a heading and what follows."""
    parts: list[str] = []
    for block in filter(None, map(one_line, blocks)):
        if parts and parts[-1][-1].isalnum():
            parts.append("·")
        parts.append(block)
    return " ".join(parts)


def _cut(text: str, spans: Sequence[_Span]) -> Markup:
    """Return the part of a text that begins shortly before the best of its matches."""
    best = max(spans, key=lambda span: (len(_terms_near(span, spans)), -span[0]))
    start = max(0, min(best[0] - _LEAD_IN, len(text) - LENGTH))
    if start and (space := text.find(" ", start, best[0])) >= 0:
        start = space + 1
    end = min(start + LENGTH, len(text))
    if end < len(text) and (space := text.rfind(" ", best[1], end)) >= 0:
        end = space
    inside = [
        (first - start, last - start, term)
        for first, last, term in spans
        if first >= start and last <= end
    ]
    before, after = "… " if start else "", " …" if end < len(text) else ""
    return Markup("{}{}{}").format(before, _marked(text[start:end], inside), after)


def _terms_near(first: _Span, spans: Sequence[_Span]) -> set[int]:
    reach = first[0] + LENGTH - _LEAD_IN
    return {term for start, end, term in spans if first[0] <= start and end <= reach}


def _marked(text: str, spans: Sequence[_Span]) -> Markup:
    parts, at = [], 0
    for start, end, _ in spans:
        parts.append(Markup.escape(text[at:start]))
        parts.append(Markup("<mark>{}</mark>").format(text[start:end]))
        at = end
    parts.append(Markup.escape(text[at:]))
    return Markup("").join(parts)
