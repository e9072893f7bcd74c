"""What a printer is asked for: small values that travel between processes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.render.feeds import FeedHistory
from syndicate.render.topics import Topic

Missing = Mapping[int, Collection[str]]
"""The files of `media/` that articles do without, by the article's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlesTask:
    """The pages of some articles, as of a moment, by their keys."""

    keys: tuple[int, ...]
    at: datetime
    anew: bool = False
    """Whether to look into pictures that are there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPageTask:
    """One page of a topic's list."""

    topic: Topic
    address: str
    number: int | None
    """Counted from the oldest, from 1; None for the page with the newest."""
    articles: tuple[int, ...]
    """Newest first."""
    newer: str | None = None
    older: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBatch:
    """Some pages of lists, of any topics, as of a moment."""

    pages: tuple[ListPageTask, ...]
    at: datetime
    missing: Missing = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocumentTask:
    """One document of a topic's feed, in all of its formats."""

    topic: Topic
    folder: str
    """The address that its formats lie at."""
    rows: tuple[int, ...]
    """Articles, those that were withdrawn among them, newest first."""
    archive: FeedHistory | None = None
    """Where it is in its feed's history, if that is longer than one document."""
    missing: Missing = field(default_factory=dict)


Task = ArticlesTask | PageBatch | FeedDocumentTask
