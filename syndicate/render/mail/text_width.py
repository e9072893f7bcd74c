"""Where text may be broken, and how wide it is: in columns of text, and in pixels of a mail.

Which font a mail client has is unknown, so pixels are estimated as those of a wide one: DejaVu
Serif, which is on Linux, is wider than Georgia, Cambria and Charter.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len

_FULL_WIDTH = (
    "\u2e80-\u303e\u3041-\ua4cf\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60"
    "\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
"""Characters of Chinese and Japanese, which need no space between words, and pictographs."""
_CLOSING = "\u3001\u3002\u300d\u300f\u3011\u3015\uff01\uff09\uff0c\uff1a\uff1b\uff1f\u30fc"
"""Punctuation that doesn't begin a line (UAX 14)."""
_JOINED = "\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff"
_PIECES = re.compile(
    f"[{_FULL_WIDTH}](?:[{_CLOSING}]|[{_JOINED}](?:(?<=\u200d).)?)*+|[^{_FULL_WIDTH} \t]+|[ \t]+"
)
_SHARES = {
    **dict.fromkeys("',-./:;\\ijl| \u00a0", 0.34),
    **dict.fromkeys("!()IJ[]ft", 0.41),
    **dict.fromkeys('"*?_`rsz\u2013', 0.52),
    **dict.fromkeys("ABEFKLPSTVXYZß", 0.72),
    **dict.fromkeys("#+<=>CDGOQRU", 0.82),
    **dict.fromkeys("&HNmw", 0.93),
    **dict.fromkeys("%@MW\u2014", 1.02),
}
_OTHER, _CAPITAL, _FULL, _BOLD = 0.62, 0.8, 1.0, 1.1
"""Widths of characters, as shares of the font size."""


def pieces(text: str) -> list[str]:
    """Divide text where a line may end: into words, single characters without spaces, and gaps."""
    return _PIECES.findall(text)


def columns(text: str) -> int:
    """Return how many columns text takes in a font whose letters have one width."""
    return len(text) if text.isascii() else cell_len(text)


def pixels(text: str, size: int, *, bold: bool = False) -> float:
    """Return about how wide text on one line is, in pixels, in a font of `size` pixels."""
    shares = sum(map(_share, text))
    return shares * size * (_BOLD if bold else 1)


def on_lines(texts: Sequence[str], size: int, width: float) -> list[tuple[str, bool]]:
    """Return texts that a dot joins, each with whether it begins another line of `width` pixels."""
    lines: list[tuple[str, bool]] = []
    filled = 0.0
    for text in texts:
        wide = pixels(text, size)
        joined = filled + pixels(" · ", size) + wide
        begins = bool(lines) and joined > width
        filled = joined if lines and not begins else wide
        lines.append((text, begins))
    return lines


def widest_word(text: str, size: int, *, bold: bool = False) -> float:
    """Return about how wide the widest part is that must not be broken, in pixels."""
    return max((pixels(word, size, bold=bold) for word in pieces(text)), default=0)


@lru_cache(maxsize=4096)
def _share(character: str) -> float:
    if (known := _SHARES.get(character)) is not None:
        return known
    if character.isupper():
        return _CAPITAL
    return (0.0, _OTHER, _FULL)[min(cell_len(character), 2)]
