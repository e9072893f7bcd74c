"""The tasks of page workers: small values, since they are sent between processes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.render.feeds.history import FeedHistory
from syndicate.render.topics import Topic

Missing = Mapping[int, Collection[str]]
"""The files of `media/` that articles are rendered without, by the article's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlesTask:
    """The pages of some articles, by their keys, as of `at`."""

    keys: tuple[int, ...]
    at: datetime
    recopy_media: bool = False
    """Whether to copy files of `media/` again that are published already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPageTask:
    """One page of a topic's list."""

    topic: Topic
    address: str
    number: int | None
    """From 1, the oldest; None for the page with the newest articles."""
    articles: tuple[int, ...]
    """Newest first."""
    newer: str | None = None
    older: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBatch:
    """Some pages of lists, of any topics, as of `at`."""

    pages: tuple[ListPageTask, ...]
    at: datetime
    missing: Missing = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocumentTask:
    """One document of a topic's feed, in all of its formats."""

    topic: Topic
    folder: str
    """The address of the folder with a file for each format."""
    articles: tuple[int, ...]
    """Newest first, with retracted ones."""
    archive: FeedHistory | None = None
    """Its links to the feed's archives; None where all articles are in one document."""
    missing: Missing = field(default_factory=dict)


Task = ArticlesTask | PageBatch | FeedDocumentTask
