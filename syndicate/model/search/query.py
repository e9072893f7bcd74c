"""What a reader searches for: words, phrases in quotation marks, and what is left out.

Any text is a query, and none is a mistake. `-word` and `-"a phrase"` leave out; the last word is
also found where it begins a longer one.
"""

import re
from dataclasses import dataclass, replace
from typing import Self

from syndicate.model.search.folding import folded_words, index_words, is_unspaced
from syndicate.text import one_line

MAX_QUERY = 200
"""Characters of a query that are read."""
_MAX_TERMS = 8
"""Terms that are searched for, and that are left out."""
_MIN_PREFIX = 3
"""Letters of the beginning of a word; fewer begin too many."""
_QUOTES = '"„“”«»「」'
_TERM = re.compile(
    rf"(?P<minus>(?<!\S)[-\N{{MINUS SIGN}}\N{{EN DASH}}])?"
    rf"(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?|(?P<word>[^\s{_QUOTES}]+))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTerm:
    """A word or a phrase."""

    words: tuple[str, ...]
    """Folded, in a row; one that is written as one may be several, such as `e-mail`."""
    begins: bool = False
    """Whether the last word may go on."""
    is_phrase: bool = False

    @property
    def index_words(self) -> tuple[str, ...]:
        """The words of the index that it consists of."""
        return index_words(self.words)

    def as_beginning(self) -> Self:
        """Return it as the beginning of a word, where it is long enough and no phrase."""
        last = self.words[-1]
        may_begin = not self.is_phrase and len(last) >= _MIN_PREFIX and not is_unspaced(last)
        return replace(self, begins=True) if may_begin else self


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A parsed query."""

    text: str
    """As the reader wrote it, on one line and shortened."""
    terms: tuple[SearchTerm, ...] = ()
    """All of them have to be found."""
    excluded: tuple[SearchTerm, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a query; one without a word has no terms."""
        text = one_line(text[:MAX_QUERY])
        terms: list[SearchTerm] = []
        excluded: list[SearchTerm] = []
        for match in _TERM.finditer(text):
            phrase = match["phrase"]
            words = folded_words(match["word"] if phrase is None else phrase)
            if words:
                term = SearchTerm(words=tuple(words), is_phrase=phrase is not None)
                (excluded if match["minus"] else terms).append(term)
        terms = terms[:_MAX_TERMS]
        return cls(
            text=text,
            terms=(*terms[:-1], *(term.as_beginning() for term in terms[-1:])),
            excluded=tuple(excluded[:_MAX_TERMS]),
        )

    def relaxed(self) -> Self:
        """Return it with every word as a beginning, for when it finds nothing."""
        return replace(self, terms=tuple(term.as_beginning() for term in self.terms))
