"""The feeds that a publication offers to readers, one for each topic."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from syndicate.clock import EPOCH
from syndicate.config import Config
from syndicate.render import topics
from syndicate.render.feeds.channel import feed_title
from syndicate.render.feeds.formats import offered_formats
from syndicate.render.topics import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A topic's feed, as readers see it."""

    topic: Topic
    title: str
    formats: tuple[tuple[str, str, str], ...]
    """Name, media type and address of each, the main one first."""
    since: datetime
    """When its oldest article was published; the epoch if there is none."""

    @classmethod
    def of(cls, topic: Topic, config: Config, *, since: int) -> Self:
        """Return the feed of a topic; `since` is in microseconds since the epoch."""
        return cls(
            topic=topic,
            title=feed_title(config, topic),
            formats=offered_formats(topic, config),
            since=EPOCH + timedelta(microseconds=since),
        )

    @classmethod
    def everything(cls, config: Config) -> Self:
        """Return the feed of everything, of a publication without articles."""
        return cls.of(topics.everything(), config, since=0)

    @property
    def name(self) -> str:
        """The name of its topic."""
        return self.topic.name

    @property
    def home(self) -> str:
        """The address of its page."""
        return self.topic.home
