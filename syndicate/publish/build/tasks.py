"""The tasks of page workers and their outcomes: small values, sent between processes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime

from syndicate.errors import Problem
from syndicate.publish.output.media import MediaFault
from syndicate.publish.records.manifest import PublishedFile
from syndicate.publish.records.topic_index import ListedArticle
from syndicate.render.feeds.channel import FeedHistory
from syndicate.render.topics import Topic
from syndicate.workers.pool import WorkerPool

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


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file of the output: its path, how it is served, and what renders it."""

    path: str
    owner: str
    render: Callable[[], bytes]
    _: KW_ONLY
    status: int = 200
    location: str | None = None
    modified: str | None = None
    compress: bool = False
    """Whether it has compressed copies."""
    settled: bool = False
    """As in `PublishedFile`."""


@dataclass(slots=True, kw_only=True)
class TaskOutcome:
    """The result of a task."""

    files: list[PublishedFile] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    unchanged: int = 0
    failed: list[tuple[str, int]] = field(default_factory=list)
    """Paths that could not be written, each with its HTTP status."""
    problems: list[Problem] = field(default_factory=list)
    faults: list[MediaFault] = field(default_factory=list)
    articles: dict[int, "ArticleOutcome"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleOutcome:
    """The result for one article."""

    page: str
    """The path of its page."""
    listing: ListedArticle | None = None
    """Its entry in lists; None where it is in none."""
    pictures: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)
    """Files that readers can't load, and that the page leaves out; each with its stamp."""
    failed: bool = False


PageWorkers = WorkerPool[Task, TaskOutcome]
"""Processes that do the tasks."""


def error_text(error: Exception) -> str:
    """Return the text of an error for operators."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
