"""Fills in the placeholders and links of a content for one reader: for mail, and for the web.

Personal values are escaped in HTML, and used as they are in text. A marker that somebody
puts into a name has no effect: values are not searched for placeholders.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from syndicate.deliver.message.links import SignedLinks
from syndicate.model.editions import CANARY, PLACEHOLDERS, Content, placeholder

_CANARY_HTML = (
    '<a href="{url}" tabindex="-1" aria-hidden="true" '
    'style="display:none;font-size:0;line-height:0;max-height:0;overflow:hidden"></a>'
)
"""A link that people can't see: only a program that reads the source follows it."""
_LINK = "LINK"
CANARY_PLACEHOLDER = f"{_LINK}{CANARY}"
"""The place of the hidden link, in HTML only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personalisation:
    """The values of a content's placeholders, for one reader or for everybody."""

    name: str = ""
    email: str = ""
    links: Mapping[str, str]
    """The reader's own URLs, by their placeholder in `PLACEHOLDERS`, in lower case."""
    link_urls: Sequence[str] = ()
    """The URLs of the numbered links; the first has number 1."""
    canary: str = ""
    """The URL of the hidden link; empty if there is none."""

    def html(self, content: Content) -> str:
        """Return the HTML with all placeholders filled in."""
        pieces = split_placeholders(content.html, content.nonce)
        pieces[1::2] = [
            self.canary_html if name == CANARY_PLACEHOLDER else escape(self.value(name))
            for name in pieces[1::2]
        ]
        return "".join(pieces)

    def text(self, content: Content) -> str:
        """Return the text with all placeholders filled in."""
        pieces = split_placeholders(content.text, content.nonce)
        pieces[1::2] = [self.value(name) for name in pieces[1::2]]
        return "".join(pieces)

    def value(self, name: str) -> str:
        """Return the unescaped value of a placeholder, named as in `split_placeholders`."""
        if name.startswith(_LINK):
            return self.link_urls[int(name.removeprefix(_LINK)) - 1]
        if name in {"NAME", "EMAIL"}:
            return self.name if name == "NAME" else self.email
        return self.links[name.lower()]

    @property
    def canary_html(self) -> str:
        """The hidden link, or nothing."""
        return _CANARY_HTML.format(url=escape(self.canary)) if self.canary else ""


def split_placeholders(text: str, nonce: str) -> list[str]:
    """Split a text at its placeholders: text and placeholder names alternate."""
    return _marker_pattern(nonce).split(text)


class PersonalLinks(dict[str, str]):
    """A reader's own URLs, by placeholder, and that in the header; signed when first used."""

    def __init__(self, links: SignedLinks, edition: int, subscriber: int, newsletter: str) -> None:
        self._links = links
        self._edition = edition
        self._subscriber = subscriber
        self._newsletter = newsletter

    def __missing__(self, name: str) -> str:
        match name:
            case "unsubscribe":
                url = self._links.leave(self._subscriber, self._newsletter)
            case "one_click":
                url = self._links.unsubscribe(self._subscriber, self._newsletter)
            case "preferences":
                url = self._links.preferences(self._subscriber)
            case "view":
                url = self._links.view(self._edition, self._subscriber)
            case "confirm":
                url = self._links.confirm(self._edition, self._subscriber)
            case _:
                raise KeyError(name)
        self[name] = url
        return url


@lru_cache(maxsize=64)
def _marker_pattern(nonce: str) -> re.Pattern[str]:
    """Return a pattern with a literal prefix, which `re` searches fastest."""
    start, end = placeholder(nonce, "\0").split("\0")
    names = "|".join(map(str.upper, PLACEHOLDERS))
    return re.compile(rf"{re.escape(start)}({names}|{_LINK}\d+){re.escape(end)}")
