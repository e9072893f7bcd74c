"""Addresses that people and programs guess, such as /feed and /favicon.ico: where they lead."""

from collections.abc import Callable

from syndicate.config import Config
from syndicate.render import addresses

_FEEDS = {
    "feed": addresses.RSS,
    "feeds": addresses.RSS,
    "rss": addresses.RSS,
    "feed.rss": addresses.RSS,
    "feed.xml": addresses.RSS,
    "index.rss": addresses.RSS,
    "index.xml": addresses.RSS,
    "atom": addresses.ATOM,
    "feed.atom": addresses.ATOM,
}
_NEGOTIATED = "feed"
_ICONS = frozenset({"favicon.ico", "apple-touch-icon.png", "apple-touch-icon-precomposed.png"})


class CommonPaths:
    """What one publication has at other addresses; `there` tells whether a file is published."""

    def __init__(self, config: Config, there: Callable[[str], bool]) -> None:
        self._icon = addresses.icon_of(config)
        self._there = there

    def meant(self, path: str, accept: str | None) -> str | None:
        """Return the address that a path without a file means; None where it means none."""
        if path in _ICONS:
            return self._icon
        folder, _, name = path.rstrip("/").rpartition("/")
        if name not in _FEEDS:
            return None
        liked = _liked(accept) if name == _NEGOTIATED else []
        for address in (*liked, _FEEDS[name]):
            file = f"{folder}{address}".lstrip("/")
            if self._there(file):
                return f"/{file}"
        return None


def varies_by_accept(path: str) -> bool:
    """Tell whether what a path means depends on what the client accepts.

    `/feed` does, since a feed's own address has one format alone (WebSub, section 4).
    """
    return path.rstrip("/").rpartition("/")[2] == _NEGOTIATED


def _liked(accept: str | None) -> list[str]:
    return [address for _, type_, address in addresses.FEEDS if type_ in (accept or "")]
