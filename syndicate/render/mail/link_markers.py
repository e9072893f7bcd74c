"""The links of an edition, numbered, so that each can lead elsewhere in a reader's copy.

Only where the newsletter counts clicks, or tags its links: else the content is left
alone. Personal places are no links. What leads nowhere on the web isn't either.
"""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import urlsplit

from syndicate.config import Config, Newsletter, Tracking
from syndicate.model.editions import CANARY, Content, link_marker

_HREF = re.compile(r"""(<a(?:\s+(?!href=)[^\s=>"']+(?:="[^"]*")?)*\s+href=")([^"]*)(?=")""")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_AFTER = ".,;:!?)]}'\u2019\u201d»…"
"""What may stand behind an address and not belong to it."""
_TOKEN = 60
"""About as long is what a counted address has besides that of the web."""
_ROOM = 8_000
"""Bytes that an edition may grow by: `press.LIMIT` and this are below what Gmail shows."""


def mark_links(
    content: Content, newsletter: Newsletter, config: Config
) -> tuple[Content, tuple[str, ...]]:
    """Return a content with markers for its links, and where they lead, from number 1."""
    counted = newsletter.tracking is not Tracking.NONE
    if not counted and not newsletter.utm:
        return content, ()
    numbers = _LinkNumbers(content.nonce, len(config.web_url) + _TOKEN)
    html = _HREF.sub(lambda link: link[1] + numbers.of_href(link[2]), content.html)
    text = _ADDRESS.sub(lambda address: numbers.of_text(address[0]), content.text)
    if counted and numbers.known:
        html = _before_the_end(html, link_marker(content.nonce, CANARY))
    return replace(content, html=html, text=text), tuple(numbers.known)


class _LinkNumbers:
    """The addresses met so far; every one has its number, wherever it stands."""

    def __init__(self, nonce: str, length: int) -> None:
        self._nonce = nonce
        self._length = length
        self._room = _ROOM
        self.known: dict[str, int] = {}

    def of_href(self, written: str) -> str:
        """Return the marker for an attribute's value; the value, where it is to stay."""
        address = unescape(written).strip()
        if self._nonce in address or not _on_the_web(address):
            return written
        growth = max(0, self._length - len(written))
        if growth > self._room:
            return written
        self._room -= growth
        return link_marker(self._nonce, self.known.setdefault(address, len(self.known) + 1))

    def of_text(self, written: str) -> str:
        """Return the marker for an address of the text that is a link in the HTML."""
        for address in (written, written.rstrip(_AFTER)):
            if number := self.known.get(address):
                return link_marker(self._nonce, number) + written[len(address) :]
        return written


def _on_the_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and address.isprintable()


def _before_the_end(html: str, marker: str) -> str:
    end = html.rfind("</body>")
    return f"{html[:end]}{marker}{html[end:]}" if end >= 0 else html + marker
