"""Who polls: the family of a reader, and how many people a service says it reads for.

Both come out of `User-Agent`, which anybody can write as they like. So families are
those of a table, and what is said of subscribers is what was claimed.
"""

import re
from dataclasses import dataclass

OTHER = "other"
"""Whoever isn't in the table."""

_FAMILIES = (
    # services: one fetch for many people
    ("feedly", "Feedly"),
    ("inoreader", "Inoreader"),
    ("newsblur", "NewsBlur"),
    ("feedbin", "Feedbin"),
    ("theoldreader", "The Old Reader"),
    ("bazqux", "BazQux"),
    ("readwise", "Readwise"),
    ("feedspot", "Feedspot"),
    ("feedmail", "Feedmail"),
    ("blogtrottr", "Blogtrottr"),
    ("feeder.co", "Feeder"),
    ("flipboard", "Flipboard"),
    ("overcast", "Overcast"),
    ("pocketcasts", "Pocket Casts"),
    ("superfeedr", "Superfeedr"),
    ("ifttt", "IFTTT"),
    ("yarr", "Yarr"),
    # readers that people run themselves
    ("freshrss", "FreshRSS"),
    ("miniflux", "Miniflux"),
    ("tiny tiny rss", "Tiny Tiny RSS"),
    ("commafeed", "CommaFeed"),
    ("nextcloud-news", "Nextcloud News"),
    ("netnewswire", "NetNewsWire"),
    ("reeder", "Reeder"),
    ("unread", "Unread"),
    ("newsboat", "Newsboat"),
    ("newsbeuter", "Newsboat"),
    ("liferea", "Liferea"),
    ("akregator", "Akregator"),
    ("thunderbird", "Thunderbird"),
    ("quiterss", "QuiteRSS"),
    ("rssguard", "RSS Guard"),
    ("rss guard", "RSS Guard"),
    ("newsflash", "NewsFlash"),
    ("vienna/", "Vienna"),
    ("emacs elfeed", "Elfeed"),
    ("elfeed", "Elfeed"),
    ("rss2email", "rss2email"),
    ("python-reader", "reader"),
    ("universalfeedparser", "feedparser"),
    ("feedparser", "feedparser"),
    ("simplepie", "SimplePie"),
    ("rss-parser", "rss-parser"),
    ("gofeed", "gofeed"),
    ("apple-pubsub", "Apple PubSub"),
    ("itms", "Apple Podcasts"),
    ("applepodcasts", "Apple Podcasts"),
    # search engines, previews, validators
    ("feedfetcher-google", "FeedFetcher"),
    ("googlebot", "Googlebot"),
    ("bingbot", "Bingbot"),
    ("applebot", "Applebot"),
    ("duckduckbot", "DuckDuckBot"),
    ("yandex", "Yandex"),
    ("slackbot", "Slackbot"),
    ("discordbot", "Discordbot"),
    ("telegrambot", "Telegrambot"),
    ("facebookexternalhit", "Facebook"),
    ("mastodon", "Mastodon"),
    ("feedvalidator", "Feed validator"),
    ("w3c_validator", "W3C validator"),
    # programs and libraries
    ("curl/", "curl"),
    ("wget/", "Wget"),
    ("python-requests", "python-requests"),
    ("python-httpx", "python-httpx"),
    ("python-urllib", "python-urllib"),
    ("aiohttp", "aiohttp"),
    ("go-http-client", "Go"),
    ("okhttp", "OkHttp"),
    ("axios", "axios"),
    ("node-fetch", "Node.js"),
    ("undici", "Node.js"),
    ("prometheus", "Prometheus"),
    # browsers come last: half of the above call themselves Mozilla
    ("mozilla/", "browser"),
    ("opera/", "browser"),
)
"""What a reader's User-Agent has in it, in small letters, and its family; the first that fits."""
FAMILIES = frozenset(family for _, family in _FAMILIES) | {OTHER}
"""Every family there is."""

_READ = 400
"""How many characters of a User-Agent are looked at."""
_SUBSCRIBERS = re.compile(r"(?<![\w,.])(\d[\d,]{0,11})[ _](?:subscriber|reader)s?\b", re.IGNORECASE)
_REMEMBERED = 1024
"""How many User-Agents are known by heart."""


@dataclass(frozen=True, slots=True)
class FeedClient:
    """What a User-Agent says of who asks."""

    family: str
    """One of FAMILIES."""
    subscribers: int | None = None
    """For how many people a service says that it reads; None where it says nothing."""


UNKNOWN_CLIENT = FeedClient(OTHER)
"""Who says nothing of themselves."""


class FeedClients:
    """Tells who asks; the User-Agents met most are known by heart."""

    def __init__(self) -> None:
        self._known: dict[bytes, FeedClient] = {}

    def of(self, agent: bytes | None) -> FeedClient:
        """Return what a User-Agent says, as it stands in the request; None is none."""
        if agent is None:
            return UNKNOWN_CLIENT
        known = self._known.get(agent)
        if known is not None:
            return known
        poller = identify_client(agent[:_READ].decode("latin-1"))
        if len(agent) <= _READ:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[agent] = poller
        return poller


def identify_client(agent: str) -> FeedClient:
    """Return what a User-Agent says; whatever it is, the family is one of the table."""
    small = agent[:_READ].lower()
    family = next((family for mark, family in _FAMILIES if mark in small), OTHER)
    said = _SUBSCRIBERS.search(small)
    count = int(said[1].replace(",", "")) if said else None
    return FeedClient(family, count) if count is not None else FeedClient(family)
