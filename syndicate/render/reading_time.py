"""How long it takes to read a body."""

import re

_WORDS_PER_MINUTE = 238
"""Brysbaert 2019, of English prose read silently; other alphabets differ little."""
_CHARACTERS_PER_MINUTE = 500
"""Of Chinese and Japanese, which have no spaces between words."""
_TAG = re.compile("<[^>]*>")
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WIDE_BYTES = 1.4
"""Bytes of UTF-8 for each character from which ideographs are looked for."""


def reading_minutes(html: str) -> int:
    """Return the minutes that a body takes to read; 0 for one without text.

    Ideographs and kana are counted each, all else by words.
    """
    text = _TAG.sub("", html)
    characters = 0
    if not text.isascii() and len(text.encode("utf-8", "replace")) > len(text) * _WIDE_BYTES:
        text, characters = _IDEOGRAPHS.subn(" ", text)
    minutes = len(text.split()) / _WORDS_PER_MINUTE + characters / _CHARACTERS_PER_MINUTE
    return max(round(minutes), 1) if minutes else 0
