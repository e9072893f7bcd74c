"""The personal places of a content, and its links, filled in: for mail, and for the web.

What is personal is escaped in HTML and stands as it is in the text. A marker that
somebody smuggles in through a name stays what it is: values aren't read again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from syndicate.deliver.links import Links
from syndicate.model.editions import CANARY, SLOTS, Content, link_marker, slot_marker

_HIDDEN = (
    '<a href="{address}" tabindex="-1" aria-hidden="true" '
    'style="display:none;font-size:0;line-height:0;max-height:0;overflow:hidden"></a>'
)
"""The canary: a link that only what reads the source can follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What goes into a content for one reader, or for everybody."""

    name: str = ""
    email: str = ""
    own: Mapping[str, str]
    """Where what is theirs alone is: the slots of `SLOTS` that are addresses."""
    leads: Sequence[str] = ()
    """Where the numbered links lead, from number 1."""
    canary: str = ""
    """Where the hidden link leads; empty: there is none."""

    def text(self, content: Content) -> str:
        """Fill in the text."""
        return self._filled(content.text, content.nonce, str)

    def html(self, content: Content) -> str:
        """Fill in the HTML."""
        return self._filled(content.html, content.nonce, escape)

    def _filled(self, said: str, nonce: str, written: Callable[[str], str]) -> str:
        values = {"name": self.name, "email": self.email, **self.own}
        fill = {slot_marker(nonce, name): written(values[name]) for name in SLOTS}
        for number, address in enumerate(self.leads, 1):
            fill[link_marker(nonce, number)] = written(address)
        hidden = _HIDDEN.format(address=written(self.canary)) if self.canary else ""
        fill[link_marker(nonce, CANARY)] = hidden
        return _markers(nonce).sub(lambda marker: fill[marker[0]], said)


def own_links(links: Links, edition: int, subscriber: int, newsletter: str) -> dict[str, str]:
    """Return the addresses that are one reader's alone, by slot."""
    return {
        "unsubscribe": links.unsubscribe(subscriber, newsletter),
        "preferences": links.preferences(subscriber),
        "view": links.view(edition, subscriber),
        "confirm": links.confirm(edition, subscriber),
    }


@lru_cache(maxsize=64)
def _markers(nonce: str) -> re.Pattern[str]:
    """Find what begins alike: then a search goes over the text in leaps."""
    start, end = slot_marker(nonce, "\0").split("\0")
    names = "|".join(map(str.upper, SLOTS))
    return re.compile(rf"{re.escape(start)}(?:{names}|LINK\d+){re.escape(end)}")
