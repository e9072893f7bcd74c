"""Topics: the selections of articles that have a page and feeds of their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from syndicate.config import Config, CustomFeed
from syndicate.model.article_selection import matches
from syndicate.model.articles import Article
from syndicate.render import addresses


class TopicKind(StrEnum):
    """What a topic selects by, in the order in which readers are offered them."""

    EVERYTHING = "everything"
    FEED = "feed"
    SECTION = "section"
    TAG = "tag"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One selection. Its `home` is what its feeds and archives hang from, with a slash at the end.

    The name is spelt as its newest article does; everything has none.
    """

    kind: TopicKind
    name: str
    home: str

    @property
    def page(self) -> str:
        """The address of its list; the home page has a make-up of its own."""
        return addresses.LATEST if self.kind is TopicKind.EVERYTHING else self.home

    def numbered(self, number: int) -> str:
        """Return the address of one page of its list, counted from the oldest, from 1."""
        return f"{self.page}page/{number}/"


def everything() -> Topic:
    """Return the topic of all articles."""
    return Topic(kind=TopicKind.EVERYTHING, name="", home=addresses.HOME)


def custom(feed: CustomFeed) -> Topic:
    """Return the topic of a feed that the config names."""
    return Topic(kind=TopicKind.FEED, name=feed.label, home=addresses.custom_feed(feed.name))


def custom_feed(topic: Topic, config: Config) -> CustomFeed | None:
    """Return what the config says of a feed that it names; None for any other topic."""
    return next((feed for feed in config.feeds if custom(feed).home == topic.home), None)


def item_limit(topic: Topic, config: Config) -> int:
    """Return how many articles a topic's feed holds."""
    own_feed = custom_feed(topic, config)
    return (own_feed.items if own_feed else None) or config.syndication.items


def full_text(topic: Topic, config: Config) -> bool:
    """Whether a topic's feed holds whole articles."""
    own_feed = custom_feed(topic, config)
    chosen = own_feed.full_text if own_feed else None
    return config.syndication.full_text if chosen is None else chosen


def has_archives(topic: Topic, config: Config) -> bool:
    """Whether a topic's feeds reach back to its first article.

    Tags and authors repeat what everything's archives hold; their pages list it all.
    """
    reach_back = topic.kind in (TopicKind.EVERYTHING, TopicKind.FEED, TopicKind.SECTION)
    return config.syndication.archives and reach_back


def article_topics(article: Article, config: Config) -> Iterator[Topic]:
    """Iterate over the topics that an article belongs to, each once."""
    yield everything()
    for feed in config.feeds:
        if matches(article, feed.select):
            yield custom(feed)
    named = [(TopicKind.SECTION, addresses.section, article.section or "")]
    named += [(TopicKind.TAG, addresses.tag, tag) for tag in article.tags]
    named += [(TopicKind.AUTHOR, addresses.author, author.name) for author in article.authors]
    homes = set()
    for kind, address, name in named:
        home = address(name)
        if name.strip() and home not in homes:
            homes.add(home)
            yield Topic(kind=kind, name=name, home=home)
