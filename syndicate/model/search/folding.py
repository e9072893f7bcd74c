"""Text as the search index keeps it: folded, and divided into words by spaces.

The index, the queries and the marks of excerpts fold alike, whatever SQLite or Python knows of
Unicode. Case, diacritics, Arabic vowel marks and articles, and the forms of one letter don't
matter. Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese have no spaces, or join particles
to words: each two neighbouring characters are a word there, and so is the last one.
"""

import html
import re
import unicodedata
from collections.abc import Collection, Iterable

_ARABIC = "\u0621-\u064a\u066e-\u06d3"
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3105-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U000323af"
)
"""The characters of scripts without spaces, as in a class of a regular expression."""
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\ufe00-\ufe0f\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
)
"""Marks that are ignored: diacritics, vowel points, the tatweel, and what is invisible."""
_ARTICLES = f"(?:ال|لل)(?=[{_ARABIC}]{{2}})|(?:وال|بال|كال|فال)(?=[{_ARABIC}]{{3}})"

_IS_ARABIC = re.compile(f"[{_ARABIC}]")
_FEW = 40
"""Different characters beyond ASCII in a text up to which they are replaced one by one."""
_ARTICLE = re.compile(f"(?<![{_ARABIC}])(?:{_ARTICLES})")
_UNSPACED_RUN = re.compile(f"[{UNSPACED}]+")
_WORD = re.compile("[0-9a-z\x80-\U0010ffff]+")
_MARK = re.compile(f"[{MARKS}]")
_LETTERS = {
    letter: folded
    for letters, folded in (
        *(("ßẞ", "ss"), ("æÆ", "ae"), ("œŒ", "oe"), ("þÞ", "th"), ("øØ", "o"), ("łŁ", "l")),
        *(("đĐðÐ", "d"), ("ħĦ", "h"), ("ŧŦ", "t"), ("\u0131", "i"), ("ىی", "ي"), ("ک", "ك")),
        *(("\u0629", "\u0647"), ("\u0671", "\u0627")),
    )
    for letter in letters
}
"""Letters that are folded although Unicode doesn't decompose them."""
_TAG = re.compile(r"""<(/?\w*)[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>""")
_INLINE = frozenset({
    *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd"),
    *("mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "u", "var", "wbr"),
})  # fmt: skip
"""Elements that don't end a word."""


class _FoldTable(dict[int, str]):
    """A table for `str.translate`, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    """Return the letters, digits and marks that a character is indexed as, or a space."""
    if character in _LETTERS:
        return _LETTERS[character]
    if _MARK.match(character):
        return ""
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    bare = _MARK.sub("", unicodedata.normalize("NFKD", character))
    folded = unicodedata.normalize("NFC", bare).casefold()
    kept = (part if unicodedata.category(part)[0] in "LMN" else " " for part in folded)
    return "".join(kept) or " "


_FOLDED = _FoldTable()


def fold(text: str) -> str:
    """Return text with its letters folded, and spaces for all else that isn't ASCII."""
    text = text.lower()
    return text if text.isascii() else _fold_foreign(text, set(text))


def _fold_foreign(text: str, characters: Collection[str]) -> str:
    foreign = [character for character in characters if character > "\x7f"]
    if len(foreign) > _FEW:
        return text.translate(_FOLDED)
    for character in foreign:  # a few replacements are ten times as fast as one translation
        text = text.replace(character, _FOLDED[ord(character)])
    return text


def index_text(text: str, *, singles: bool = False) -> str:
    """Return text as the index keeps it; ASCII that is neither letter nor digit divides words.

    With `singles`, each character of a script without spaces is also a word of its own, after all
    others.
    """
    if text.isascii():
        return text.lower()
    text = text.lower()
    characters = set(text)
    folded = _fold_foreign(text, characters)
    seen = _fold_foreign("".join(characters), characters)  # half-width letters are whole in it
    if _IS_ARABIC.search(seen) is not None:
        folded = _ARTICLE.sub("", folded)
    if _UNSPACED_RUN.search(seen) is None:
        return folded
    divided = _UNSPACED_RUN.sub(_pairs, folded)
    if singles:
        divided += " " + " ".join("".join(_UNSPACED_RUN.findall(folded)))
    return divided


def _pairs(run: re.Match[str]) -> str:
    characters = run[0]
    pairs = (characters[start : start + 2] for start in range(len(characters)))
    return f" {' '.join(pairs)} "


def folded_words(text: str) -> list[str]:
    """Return the words of a text, folded; a run of a script without spaces is one word."""
    folded = _ARTICLE.sub("", fold(text))
    return _WORD.findall(_UNSPACED_RUN.sub(r" \g<0> ", folded))


def index_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return the words of the index that stand in a row where `words` do.

    A last one without spaces may go on in the text: its last character is no word then, unless
    nothing else is left.
    """
    found: list[str] = []
    is_open = False
    for word in words:
        run = _UNSPACED_RUN.fullmatch(word)
        found += _pairs(run).split() if run else [word]
        is_open = run is not None
    return tuple(found[:-1] if is_open and len(found) > 1 else found)


def is_unspaced(word: str) -> bool:
    """Whether a word is of a script without spaces."""
    return _UNSPACED_RUN.fullmatch(word) is not None


def aligned(text: str) -> str:
    """Return text folded character by character, each in its place.

    A character that is folded to none or several stays, in lower case.
    """
    text = text.lower() if len(text.lower()) == len(text) else text
    return text if text.isascii() else text.translate(_ALIGNED)


class _AlignedTable(dict[int, str]):
    def __missing__(self, code: int) -> str:
        folded = _FOLDED[code]
        kept = self[code] = folded if len(folded) == 1 else chr(code)
        return kept


_ALIGNED = _AlignedTable()


def text_of(body: str) -> str:
    """Return the text of an article's body, each block on a line of its own."""
    return html.unescape(_TAG.sub(_separator, body.replace("\n", " ")))


def _separator(tag: re.Match[str]) -> str:
    return "" if tag[1].lstrip("/") in _INLINE else "\n"
