"""Galleys: bodies set in type, so that no channel parses one again."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal

Channel = Literal["page", "amp", "feed"]
Part = str | Mapping[str, str]
"""What every channel shows; or what each of them shows in its place, by the channel's name.

In AMP's place, `needs` names the extension that it takes.
"""

BASE = "\x01"
"""Stands where an address from the root begins: each channel puts its own base there."""
ORIGIN = "\x03"
"""Stands where an address from the root of the host begins: scheme and host, or nothing."""
WORD = "\x02"
"""Stands around the name of a word of ours, which is said in the article's language."""

_WORD = re.compile(f"{WORD}(\\w+){WORD}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledBody:
    """One body, cut where channels differ. No body has the marks: they are control characters."""

    opening: tuple[Part, ...]
    """The lead figure, if the article begins with one."""
    body: tuple[Part, ...]
    rules: str
    """Names the rules that it was cut by: other rules, another galley."""

    def extensions(self) -> set[str]:
        """Return the AMP extensions that it takes."""
        return {part["needs"] for part in self._differing() if "needs" in part}

    def _differing(self) -> Iterator[Mapping[str, str]]:
        return (part for part in (*self.opening, *self.body) if not isinstance(part, str))


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyJoiner:
    """Joins galleys for one channel of one publication."""

    channel: Channel
    base: str
    """What an address from the publication's root begins with, without a slash at its end."""
    origin: str = ""
    """What one from the host's root begins with."""

    def join(self, parts: tuple[Part, ...], word: Callable[[str], str]) -> str:
        """Return HTML; `word` says a word of ours by its name."""
        channel = self.channel
        text = "".join(part if isinstance(part, str) else part[channel] for part in parts)
        if WORD in text:
            text = _WORD.sub(lambda mark: escape(word(mark[1])), text)
        return text.replace(BASE, self.base).replace(ORIGIN, self.origin)
