"""The personal places of a content, and its links, filled in: for mail, and for the web.

What is personal is escaped in HTML and stands as it is in the text. A marker that
somebody smuggles in through a name stays what it is: values aren't read again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from syndicate.deliver.message.links import SignedLinks
from syndicate.model.editions import CANARY, SLOTS, Content, slot_marker

_HIDDEN = (
    '<a href="{address}" tabindex="-1" aria-hidden="true" '
    'style="display:none;font-size:0;line-height:0;max-height:0;overflow:hidden"></a>'
)
"""The canary: a link that only what reads the source can follow."""
_LINK = "LINK"
HIDDEN = f"{_LINK}{CANARY}"
"""The place of the canary, in HTML alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personalisation:
    """What goes into a content for one reader, or for everybody."""

    name: str = ""
    email: str = ""
    own: Mapping[str, str]
    """Where what is theirs alone is: the slots of `SLOTS` that are addresses."""
    leads: Sequence[str] = ()
    """Where the numbered links lead, from number 1."""
    canary: str = ""
    """Where the hidden link leads; empty: there is none."""

    def html(self, content: Content) -> str:
        """Fill in the HTML."""
        pieces = parted(content.html, content.nonce)
        pieces[1::2] = [
            self.hidden if place == HIDDEN else escape(self.value(place)) for place in pieces[1::2]
        ]
        return "".join(pieces)

    def value(self, place: str) -> str:
        """Return what goes into a place, unescaped; by the name that `parted` gives it."""
        if place.startswith(_LINK):
            return self.leads[int(place.removeprefix(_LINK)) - 1]
        match place:
            case "NAME":
                return self.name
            case "EMAIL":
                return self.email
        return self.own[place.lower()]

    @property
    def hidden(self) -> str:
        """The HTML that goes into the place of the canary."""
        return _HIDDEN.format(address=escape(self.canary)) if self.canary else ""


def parted(said: str, nonce: str) -> list[str]:
    """Part a text at its markers: what stands for all, a place's name, and so on in turn."""
    return _markers(nonce).split(said)


class PersonalLinks(Mapping[str, str]):
    """The addresses that are one reader's alone, by slot; signed when they are asked for."""

    def __init__(self, links: SignedLinks, edition: int, subscriber: int, newsletter: str) -> None:
        self._links = links
        self._edition = edition
        self._subscriber = subscriber
        self._newsletter = newsletter
        self._unsubscribe = ""

    def __getitem__(self, slot: str) -> str:
        match slot:
            case "unsubscribe":  # it stands in the header, too
                if not self._unsubscribe:
                    self._unsubscribe = self._links.unsubscribe(self._subscriber, self._newsletter)
                return self._unsubscribe
            case "preferences":
                return self._links.preferences(self._subscriber)
            case "view":
                return self._links.view(self._edition, self._subscriber)
            case "confirm":
                return self._links.confirm(self._edition, self._subscriber)
        raise KeyError(slot)

    def __iter__(self) -> Iterator[str]:
        return iter(("unsubscribe", "preferences", "view", "confirm"))

    def __len__(self) -> int:
        return len(list(iter(self)))


@lru_cache(maxsize=64)
def _markers(nonce: str) -> re.Pattern[str]:
    """Find what begins alike: then a search goes over the text in leaps."""
    start, end = slot_marker(nonce, "\0").split("\0")
    names = "|".join(map(str.upper, SLOTS))
    return re.compile(rf"{re.escape(start)}({names}|{_LINK}\d+){re.escape(end)}")
