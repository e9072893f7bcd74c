"""Make slugs: the last part of an article's URL, of lower-case ASCII letters, digits, hyphens."""

# ruff: noqa: RUF001 - the letters of other scripts are data here

import hashlib
import re
import unicodedata
from pathlib import PurePath

MAX_LENGTH = 100
_DATED = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[-_](.+)")
_APOSTROPHES = re.compile("['’‘`´]")
_LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i",
    # Cyrillic, Greek: no decomposition to ASCII
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "",
    "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "є": "ye", "і": "i", "ґ": "g",
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i",
    "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s",
    "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip


def slugify(text: str) -> str:
    """Return the slug of any text: never empty, and always the same for the same text.

    If letters have no ASCII form, or the text is too long, a short hash is appended, so
    that two headlines in Chinese get different slugs.
    """
    folded = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold())
    letters = [_to_ascii(letter) for letter in folded]
    words = re.sub(r"[^a-z0-9]+", "-", "".join(part or "" for part in letters)).strip("-")
    if words and None not in letters and len(words) <= MAX_LENGTH:
        return words
    digest = hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()[:8]
    cut = words[: MAX_LENGTH - len(digest) - 1].rstrip("-")
    return f"{cut or 'a'}-{digest}"


def article_name(file: PurePath) -> str:
    """Return the name of a file, or of the folder of a page bundle, without suffix."""
    first, dot, language = file.stem.partition(".")
    if first.lower() == "index" and file.parent.name:
        return f"{file.parent.name}{dot}{language}"
    return file.stem


def split_dated_name(name: str) -> tuple[str | None, str]:
    """Split a name without suffix into its date, if it begins with one, and the rest."""
    dated = _DATED.fullmatch(name)
    return (dated[1], dated[2]) if dated else (None, name)


def _to_ascii(letter: str) -> str | None:
    """Return a character in ASCII; None for a letter without ASCII form, "-" for any other."""
    if letter.isascii():
        return letter if letter.isalnum() else "-"
    parts = unicodedata.normalize("NFKD", letter)
    bases = [part for part in parts if unicodedata.category(part) != "Mn"]
    written = "".join(_LETTERS.get(part, part) for part in bases)
    if written.isascii():
        return re.sub("[^a-z0-9]", "-", written.lower())
    return None if letter.isalnum() else "-"
