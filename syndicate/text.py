"""Clean, shorten and check text: for XML, for header fields, and to stand among other text."""

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\U0001fffe-\U0010ffff]"
)
"""Control characters and noncharacters. Beyond U+FFFF a range is much faster than a list of those
that end each plane, and contains characters, too."""
_INVALID_IN_XML = (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)
"""And U+FFFE, U+FFFF and surrogates (XML 1.0, 2.2); U+007F is only discouraged."""
_DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e]")
"""They reverse the text that follows (UAX 9), so a name could deceive."""
_ISOLATES = re.compile("[\u2066-\u2069]")
_FIRST_STRONG, _POP, _ISOLATE = "\u2068", "\u2069", {"ltr": "\u2066", "rtl": "\u2067"}
_BIDI = {"L": "ltr", "R": "rtl", "AL": "rtl"}
_INVISIBLE = " \u200b\u2060\ufeff"
"""Zero-width characters that mean nothing at an end. Joiners and direction marks may."""
_LAST_MARKS = " .,;:\N{EN DASH}\N{EM DASH}-"
"""What an ellipsis doesn't follow."""
_SENTENCE_END = re.compile(
    "[.!?\u2026\u061f\u06d4\u0964]+[\"'\u201c\u201d\u2019\xab\xbb)\\]]*(?:\\s+|$)|[\u3002\uff01\uff1f]+[\u300d\u300f\uff09]*"
)
"""The marks that end sentences, with closing quotation marks; German has U+201C and U+00AB."""
_ABBREVIATIONS = frozenset({
    "mrs", "prof", "gen", "sen", "rep", "gov", "capt", "bzw", "etc", "usw", "vgl", "ca", "vs", "pp",
})  # fmt: skip
_SHORTENED = re.compile(r"\w|[A-Z\xc0-\xde][a-z]|\d+|(?:\w\.)+\w")
"""Initials, "Mr", numbers as in German dates, "U.S"."""
_MAX_SLUG = 100
"""File systems allow names of 255 bytes, but nobody reads an address that long."""


def printable(text: str) -> str:
    """Remove control characters, noncharacters and lone surrogates; join pairs of surrogates.

    U+0085, which HTML doesn't allow, becomes a line feed.
    """
    if text.replace("\n", "").isprintable():  # nearly all text: ten times as fast
        return text
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return _SUSPECT.sub(_keep_character, paired.replace("\x85", "\n"))


def _keep_character(match: re.Match[str]) -> str:
    code = ord(match[0])
    return match[0] if code > 0xFFFF and code & 0xFFFE != 0xFFFE else ""  # noqa: PLR2004


def one_line(text: str) -> str:
    """Return printable text on one line that doesn't change the direction of what follows it."""
    if text.isascii() and text.isprintable():  # most text
        return " ".join(text.split())
    cleaned = _without_open_isolates(_DIRECTION_OVERRIDES.sub("", printable(text)))
    return " ".join(cleaned.split()).strip(_INVISIBLE)


def first_direction(text: str) -> str | None:
    """Return the direction of the first letter with one, `ltr` or `rtl` (UAX 9, P2)."""
    return next(_directions(text), None)


def isolate(part: str, around: str, direction: str = "") -> str:
    """Isolate a part from text of a direction, `ltr` or `rtl`, if it has letters of the other.

    Otherwise a program that shows the text would reorder spaces, digits and punctuation between
    them (UAX 9, 2.1.2). `direction` is the part's own; without it, that of its first letter.
    """
    found = set(_directions(part))
    if not found - {around}:
        return part
    own = direction or around
    opening = _FIRST_STRONG if first_direction(part) == own or not direction else _ISOLATE[own]
    return f"{opening}{part}{_POP}"


def _directions(text: str) -> Iterator[str]:
    if text.isascii():
        text = re.sub("[^A-Za-z]", "", text)[:1]
    for character in text:
        if direction := _BIDI.get(unicodedata.bidirectional(character)):
            yield direction


def shorten(text: str, limit: int) -> str:
    """Return text on one line, of at most `limit` characters, cut at a word where one is near.

    The ellipsis counts, too.
    """
    text = one_line(text)
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    words = head.rpartition(" ")[0]
    if len(words) < limit // 2:  # a language without spaces, or an address
        end = limit - 1
        while end and _continues_cluster(text, end):
            end -= 1
        words = text[: end or limit - 1]
    return _without_open_isolates(words).rstrip(_LAST_MARKS) + "…"


def whole_sentences(text: str, limit: int, *, count: int) -> str:
    """Return the first sentences of a text, at most `count`, in at most `limit` characters.

    If the first one is longer, it is shortened.
    """
    text = one_line(text)
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if _ends_sentence(text, match)]
    fitting = [end for end in (*ends, len(text))[:count] if len(text[:end].rstrip()) <= limit]
    return text[: fitting[-1]].rstrip() if fitting else shorten(text, limit)


def _ends_sentence(text: str, mark: re.Match[str]) -> bool:
    """Whether a mark ends a sentence: not that of an abbreviation, an initial or a number.

    Nor does one of a quotation, after which the sentence goes on.
    """
    if text[mark.end() : mark.end() + 1].islower():
        return False
    if not mark[0].startswith("."):
        return True
    word = re.split(r"[\s(“„«\"'-]", text[: mark.start()])[-1]
    return not _SHORTENED.fullmatch(word) and word.casefold() not in _ABBREVIATIONS


def to_utf8(text: str) -> bytes:
    """Encode text without what XML can't contain; it was made `printable` when it came in.

    Much faster than `printable` on long text that needs no change.
    """
    if "\ufffe" not in text and "\uffff" not in text:
        with suppress(UnicodeEncodeError):  # a lone surrogate
            data = text.encode()
            # one search per character is faster than a regular expression
            if not any(control in data for control in _INVALID_IN_XML):
                return data
    return printable(text).encode()


def _without_open_isolates(text: str) -> str:
    """Remove direction isolates (UAX 9) unless each is closed."""
    is_closed = sum(map(text.count, "\u2066\u2067\u2068")) == text.count("\u2069")
    return text if is_closed else _ISOLATES.sub("", text)


def _continues_cluster(text: str, index: int) -> bool:
    """Whether a cut here would split what readers see as one character (UAX 29)."""
    character = text[index]
    if "\U0001f1e6" <= character <= "\U0001f1ff":  # two make a flag
        before = re.search("[\U0001f1e6-\U0001f1ff]*$", text[:index])
        return before is not None and len(before[0]) % 2 == 1
    return (
        unicodedata.category(character).startswith("M")  # marks, with variation selectors
        or "\u1160" <= character <= "\u11ff"  # vowels and final consonants of Hangul
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags, as in the flag of Scotland
        or "\u200d" in (character, text[index - 1])  # the zero-width joiner
    )


def count_of(number: int, noun: str) -> str:
    """Return a number with its English noun: "1 report", "2,000 reports"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def closest_match(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most similar to a mistaken one; None if none is similar."""
    return next(iter(difflib.get_close_matches(word.lower(), list(known), n=1)), None)


@lru_cache(maxsize=16384)
def name_slug(name: str) -> str:
    """Return the name of a section, tag or author in characters that every address allows.

    Names that differ only in case or accents share one. A name that is shortened, or not ASCII,
    ends with a hash, so that no two others do.
    """
    folded = unicodedata.normalize("NFKD", name.strip().casefold())
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if slug and plain.isascii() and len(slug) <= _MAX_SLUG:
        return slug
    digest = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{slug[:_MAX_SLUG].rstrip('-')}-{digest}".lstrip("-")


def email_error(address: str) -> str:
    """Say what is wrong with an email address's form; "" if nothing is.

    DNS is not asked, and a domain for tests (`example.test`) is as good as others.
    """
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - start-up

    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError) as error:
        return str(error)
    return ""


def is_email(address: str) -> bool:
    """Whether mail can be addressed like this, as far as its form says."""
    return not email_error(address)
