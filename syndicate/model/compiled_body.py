"""Compiled bodies: article bodies as parts of HTML, so that no build parses them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Channel = Literal["page", "amp", "feed"]
Part = str | Mapping[str, str]
"""HTML for all channels, or HTML for each channel by its name.

Beside AMP's HTML, `needs` names the AMP extension that it requires.
"""

BASE = "\x01"
"""Placeholder before an address from the publication's root."""
ORIGIN = "\x03"
"""Placeholder before an address from the host's root."""
UI_STRING = "\x02"
"""Placeholder on both sides of the name of a UI string, rendered in the article's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledBody:
    """One body, divided where channels differ.

    No body contains the placeholders: they are control characters.
    """

    opening: tuple[Part, ...]
    """The lead figure, if the article begins with one."""
    body: tuple[Part, ...]
    rules: str
    """A digest of the compiler's code: a body compiled by other code is compiled again."""

    def extensions(self) -> set[str]:
        """Return the AMP extensions that it requires."""
        parts = (part for part in (*self.opening, *self.body) if not isinstance(part, str))
        return {part["needs"] for part in parts if "needs" in part}
