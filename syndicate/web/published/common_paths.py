"""Paths that people and programs guess, such as /feed and /favicon.ico, and their targets."""

from collections.abc import Callable

from syndicate.config import Config
from syndicate.render import addresses

_RSS_NAMES = ("feed", "feeds", "rss", "feed.rss", "feed.xml", "index.rss", "index.xml")
_FEEDS = dict.fromkeys(_RSS_NAMES, addresses.RSS)
_FEEDS |= {"atom": addresses.ATOM, "feed.atom": addresses.ATOM}
_NEGOTIATED = "feed"
_ICONS = frozenset({"favicon.ico", "apple-touch-icon.png", "apple-touch-icon-precomposed.png"})


class CommonPaths:
    """Finds the file that a guessed path means; `exists` returns whether a file is published."""

    def __init__(self, config: Config, exists: Callable[[str], bool]) -> None:
        self._icon = addresses.icon_of(config)
        self._exists = exists

    def find_target(self, path: str, accept: str | None) -> str | None:
        """Return the address that a path without a file means, or None."""
        if path in _ICONS:
            return self._icon
        folder, _, name = path.rstrip("/").rpartition("/")
        if name not in _FEEDS:
            return None
        accepted = (accept or "") if name == _NEGOTIATED else ""
        matching = (address for _, media_type, address in addresses.FEEDS if media_type in accepted)
        for address in (*matching, _FEEDS[name]):
            file = f"{folder}{address}".lstrip("/")
            if self._exists(file):
                return f"/{file}"
        return None


def varies_by_accept(path: str) -> bool:
    """Return whether the target of a path depends on Accept.

    `/feed` does; a feed's own address has a single format (WebSub, section 4).
    """
    return path.rstrip("/").rpartition("/")[2] == _NEGOTIATED
