"""Addresses of feeds that people and programs guess, such as /feed: where they lead."""

from collections.abc import Callable

from syndicate.render import addresses

_GUESSED = {
    "feed": addresses.RSS,
    "rss": addresses.RSS,
    "feeds": addresses.RSS,
    "feed.xml": addresses.RSS,
    "index.xml": addresses.RSS,
    "rss.json": addresses.JSON,
    "atom": addresses.ATOM,
}
_NEGOTIATED = "feed"


def feed(path: str, accept: str | None, there: Callable[[str], bool]) -> str | None:
    """Return the address of the feed that a path without a file means; None where it is none.

    `/feed` is the format that the client accepts, since a feed's own address has one
    alone (WebSub, section 4). `there` tells whether a file is published.
    """
    folder, _, name = path.rstrip("/").rpartition("/")
    found = _GUESSED.get(name)
    if found is None:
        return None
    wishes = [found]
    if name == _NEGOTIATED and accept is not None:
        wishes = [address for _, type_, address in addresses.FEEDS if type_ in accept] + wishes
    for address in wishes:
        file = f"{folder}{address}".lstrip("/")
        if there(file):
            return f"/{file}"
    return None
