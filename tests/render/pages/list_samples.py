"""What lists are made of: pages of a topic, the front page, and the feeds that are offered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from syndicate.config import Config
from syndicate.model.articles import Article, Person
from syndicate.model.front_page import SectionStories
from syndicate.render import addresses, topics
from syndicate.render.feeds.formats import Feed
from syndicate.render.pages import ListPages
from syndicate.render.topics import ListPage, Topic, TopicKind
from tests.render.pages import sample_publication

ADA = Person(name="Ada Lind", place="Kiel", url="https://ada.example/")
HOMES = {
    TopicKind.FEED: addresses.custom_feed,
    TopicKind.SECTION: addresses.section,
    TopicKind.TAG: addresses.tag,
    TopicKind.AUTHOR: addresses.author,
}


def listing(
    pages: ListPages,
    *,
    kind: TopicKind = TopicKind.TAG,
    name: str = "river",
    stories: Sequence[Article] | None = None,
    **values: Any,
) -> bytes:
    """Make a page of a topic's list; the one with the newest stories, unless it has a number."""
    topic = Topic(kind=kind, name=name, home=HOMES[kind](name))
    chosen = sample_publication.edition() if stories is None else stories
    number = values.get("number")
    first, others = (chosen[:1], chosen[1:]) if number is None else ((), chosen)
    lead = "".join(pages.teaser(story, lead=True) for story in first)
    teasers = [pages.teaser(story) for story in others]
    address = topic.numbered(number) if number else topic.page
    person = values.pop("person", None)
    page = ListPage(topic=topic, **{"address": address} | values)
    return pages.listing(page, teasers, person, lead=lead)


def home(
    pages: ListPages,
    articles: Sequence[Article],
    *,
    strip: Article | None = None,
    sections: Sequence[SectionStories] = (),
    at: datetime = sample_publication.AT,
) -> bytes:
    """Make the home page of these articles, newest first."""
    return pages.home(articles, strip, sections=sections, at=at)


def blocks(articles: Sequence[Article]) -> list[SectionStories]:
    """Return the sections of these articles, with all of their stories."""
    names = dict.fromkeys(article.section for article in articles if article.section)
    return [
        SectionStories(
            title=name,
            address=addresses.section(name),
            stories=[article for article in articles if article.section == name],
        )
        for name in names
    ]


def offers(config: Config, articles: Sequence[Article]) -> list[Feed]:
    """Return the feeds of everything that these articles belong to, as they are offered."""
    found = {
        topic.home: topic for each in articles for topic in topics.article_topics(each, config)
    }
    order = list(TopicKind)
    ranked = sorted(found.values(), key=lambda topic: (order.index(topic.kind), topic.name))
    return [Feed.of(topic, config, since=0) for topic in ranked]
