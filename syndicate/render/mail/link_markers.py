"""Replaces the links of an edition with numbered markers, so that they can differ per reader.

Only for newsletters that count clicks or tag links (UTM): the content of others stays as it
is. Placeholders and addresses other than http(s) are never marked.
"""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import urlsplit

from syndicate.config import Config, Newsletter, Tracking
from syndicate.model.editions import CANARY, Content, link_marker

_HREF = re.compile(r"""(<a(?:\s+(?!href=)[^\s=>"']+(?:="[^"]*")?)*\s+href=")([^"]*)(?=")""")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_PUNCTUATION = ".,;:!?)]}'\u2019\u201d»…"
"""Characters after an address that don't belong to it."""
_TOKEN_LENGTH = 60
"""About how much longer a tracked address is than that of the web server, in characters."""
_MAX_GROWTH = 8_000
"""Bytes by which an edition may grow: with `context.MAX_BYTES` it is below Gmail's limit."""


def mark_links(
    content: Content, newsletter: Newsletter, config: Config
) -> tuple[Content, tuple[str, ...]]:
    """Return content with markers for its links, and their addresses, from number 1."""
    is_counted = newsletter.tracking is not Tracking.NONE
    if not is_counted and not newsletter.utm:
        return content, ()
    numbers = _LinkNumbers(content.nonce, len(config.web_url) + _TOKEN_LENGTH)
    html = _HREF.sub(lambda link: link[1] + numbers.of_href(link[2]), content.html)
    text = _ADDRESS.sub(lambda address: numbers.of_text(address[0]), content.text)
    if is_counted and numbers.known:
        head, end, tail = html.rpartition("</body>")
        canary = link_marker(content.nonce, CANARY)
        html = f"{head}{canary}{end}{tail}" if end else html + canary
    return replace(content, html=html, text=text), tuple(numbers.known)


class _LinkNumbers:
    """Numbers addresses, the same address always by the same number."""

    def __init__(self, nonce: str, length: int) -> None:
        self._nonce = nonce
        self._length = length
        self._room = _MAX_GROWTH
        self.known: dict[str, int] = {}

    def of_href(self, written: str) -> str:
        """Return the marker for a `href`, or its value if that is not to be tracked."""
        address = unescape(written).strip()
        if self._nonce in address or not _is_web(address):
            return written
        growth = max(0, self._length - len(written))
        if growth > self._room:
            return written
        self._room -= growth
        return link_marker(self._nonce, self.known.setdefault(address, len(self.known) + 1))

    def of_text(self, written: str) -> str:
        """Return the marker for an address in the text, if it is a link in the HTML."""
        for address in (written, written.rstrip(_PUNCTUATION)):
            if number := self.known.get(address):
                return link_marker(self._nonce, number) + written[len(address) :]
        return written


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and address.isprintable()
