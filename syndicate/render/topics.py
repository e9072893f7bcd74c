"""Topics: everything, sections, tags, authors and custom feeds, each with a list and feeds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from syndicate.config import Config
from syndicate.config.sections.feeds import CustomFeed
from syndicate.config.sections.navigation import Section
from syndicate.model.article_selection import matches
from syndicate.model.articles import Article
from syndicate.render import addresses


class TopicKind(StrEnum):
    """What a topic selects by, in the order in which they are offered to readers."""

    EVERYTHING = "everything"
    FEED = "feed"
    SECTION = "section"
    TAG = "tag"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. `home` is the prefix of its feeds and archives, with a slash at the end.

    The name is spelled as in its newest article; it is empty for everything.
    """

    kind: TopicKind
    name: str
    home: str

    @property
    def page(self) -> str:
        """The address of its list; that of everything is not the home page."""
        return addresses.LATEST if self.kind is TopicKind.EVERYTHING else self.home

    def numbered(self, number: int) -> str:
        """Return the address of a page of its list; page 1 is the oldest."""
        return f"{self.page}page/{number}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of a topic's list."""

    topic: Topic
    address: str
    number: int | None = None
    """From 1, the oldest; None for the page with the newest articles."""
    articles: tuple[int, ...] = ()
    """Their keys, newest first."""
    newer: str | None = None
    older: str | None = None
    """Addresses of the pages beside it."""

    @property
    def lead(self) -> int | None:
        """The article that is shown large: the newest one, on the newest page."""
        return self.articles[0] if self.articles and self.number is None else None

    @property
    def others(self) -> tuple[int, ...]:
        """The articles below the lead."""
        return self.articles if self.lead is None else self.articles[1:]


def everything() -> Topic:
    """Return the topic of all articles."""
    return Topic(kind=TopicKind.EVERYTHING, name="", home=addresses.HOME)


def custom(feed: CustomFeed) -> Topic:
    """Return the topic of a custom feed."""
    return Topic(kind=TopicKind.FEED, name=feed.label, home=addresses.custom_feed(feed.name))


def configured(config: Config) -> Iterator[Topic]:
    """Yield the topics that config.toml names: readers can follow them before they have a story."""
    yield from map(custom, config.feeds)
    for section in config.sections:
        home = addresses.section(section.title)
        yield Topic(kind=TopicKind.SECTION, name=section.title, home=home)


def in_order(found: Iterable[Topic], config: Config | None = None) -> list[Topic]:
    """Return topics in the order in which they are offered to readers: by kind, then by name.

    The sections of a `config` come in its order, before other sections.
    """
    kinds = {kind: rank for rank, kind in enumerate(TopicKind)}
    sections = [addresses.section(section.title) for section in config.sections] if config else []
    ranks = {home: rank for rank, home in enumerate(sections)}

    def key(topic: Topic) -> tuple[int, int, str, str]:
        rank = ranks.get(topic.home, len(ranks))
        return kinds[topic.kind], rank, topic.name.casefold(), topic.home

    return sorted(found, key=key)


def custom_feed(topic: Topic, config: Config) -> CustomFeed | None:
    """Return the configuration of a custom feed; None for any other topic."""
    return next((feed for feed in config.feeds if custom(feed).home == topic.home), None)


def configured_section(name: str, config: Config) -> Section | None:
    """Return the configuration of the section with the address of this name; None if it has none.

    So names that differ only in case, accents or punctuation are one section, as in addresses.
    """
    home = addresses.section(name)
    return next((item for item in config.sections if addresses.section(item.title) == home), None)


def item_limit(topic: Topic, config: Config) -> int:
    """Return the maximum number of articles in a topic's feed."""
    own_feed = custom_feed(topic, config)
    return (own_feed.items if own_feed else None) or config.syndication.items


def full_text(topic: Topic, config: Config) -> bool:
    """Whether a topic's feed has the full text of articles."""
    own_feed = custom_feed(topic, config)
    chosen = own_feed.full_text if own_feed else None
    return config.syndication.full_text if chosen is None else chosen


def has_archives(topic: Topic, config: Config) -> bool:
    """Whether a topic's feeds have archives back to its first article.

    Those of tags and authors would only repeat the archives of everything.
    """
    archived = topic.kind in (TopicKind.EVERYTHING, TopicKind.FEED, TopicKind.SECTION)
    return config.syndication.archives and archived


def article_topics(article: Article, config: Config) -> Iterator[Topic]:
    """Yield the topics of an article, each once; a section is spelt as in config.toml."""
    yield everything()
    for feed in config.feeds:
        if matches(article, feed.select):
            yield custom(feed)
    named = [(TopicKind.SECTION, addresses.section, config.section_title(article.section))]
    named += [(TopicKind.TAG, addresses.tag, tag) for tag in article.tags]
    named += [(TopicKind.AUTHOR, addresses.author, author.name) for author in article.authors]
    homes = set()
    for kind, address, name in named:
        home = address(name)
        if name.strip() and home not in homes:
            homes.add(home)
            yield Topic(kind=kind, name=name, home=home)
