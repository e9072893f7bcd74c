"""The tasks of a build, how they are divided among processes, and their outcomes.

Tasks and outcomes are small values, sent between processes. List pages and feed documents are
numbered from the oldest article of a topic: all but the last are full and don't change when
articles are added.
"""

import heapq
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from itertools import islice

from syndicate.config import Config
from syndicate.errors import Problem
from syndicate.publish.output.media import MediaFault
from syndicate.publish.records.manifest import PublishedFile
from syndicate.publish.records.topic_index import ListedArticle, ListRow, TopicIndex
from syndicate.render import addresses, topics
from syndicate.render.feeds.channel import FeedHistory
from syndicate.render.feeds.formats import topic_formats
from syndicate.render.topics import ListPage, Topic
from syndicate.workers.pool import Shard, WorkerPool

PAGE_SIZE = 30
"""Articles of a list page."""
_BATCH_SIZE = 8
"""Pages of one task."""
_MIN_PAGES_PER_SHARD = 2
"""A topic with fewer pages goes to one process, since sharing them would be uneven."""

Missing = Mapping[int, Collection[str]]
"""The files of `media/` that articles are rendered without, by the article's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlesTask:
    """The pages of some articles, by their keys, as of `at`."""

    keys: tuple[int, ...]
    at: datetime
    recopy_media: bool = False
    """Whether to copy files of `media/` again that are published already."""
    preceding: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """The articles with which the page of each ends."""
    missing: Missing = field(default_factory=dict)
    """The files that those are shown without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBatch:
    """Some pages of lists, of any topics, as of `at`."""

    pages: tuple[ListPage, ...]
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
    at: datetime
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
    source: str = ""
    """Its file, or its slug."""
    listing: ListedArticle | None = None
    """Its entry in lists; None where it is in none."""
    pictures: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)
    """Files that readers can't load, and that the page leaves out; each with its stamp."""
    links: Mapping[str, int | None] = field(default_factory=dict)
    """The articles to which it links by their files, by path; None for a file without one."""
    broken_links: tuple[str, ...] = ()
    """What is wrong with those links."""
    failed: bool = False


PageWorkers = WorkerPool[Task, TaskOutcome]
"""Processes that do the tasks."""


def error_text(error: Exception) -> str:
    """Return the text of an error for operators."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """The tasks for some topics, divided among the processes of a build.

    Each process gets the pages or archives of all topics for one span of time, oldest
    first, so that it renders an article once for all documents that contain it.
    """

    index: TopicIndex
    config: Config
    changed: Sequence[Topic]
    """The topics to plan."""
    at: datetime
    _: KW_ONLY
    everything: bool
    """Whether to plan all pages, and not only those that changed."""
    missing: Missing = field(default_factory=dict)

    def pages(self, shard: Shard) -> Iterator[PageBatch]:
        """Plan list pages in batches, those with the newest articles last."""
        pages = self._pages(shard)
        while batch := tuple(islice(pages, _BATCH_SIZE)):
            keys = (key for page in batch for key in page.articles)
            yield PageBatch(pages=batch, at=self.at, missing=self._missing_of(keys))

    def archives(self, shard: Shard) -> Iterator[FeedDocumentTask]:
        """Plan the archives of feeds (RFC 5005)."""
        archives = (
            self._archives(topic, shard)
            for topic in self.changed
            if topics.has_archives(topic, self.config)
        )
        return heapq.merge(*archives, key=lambda task: max(task.articles, default=sys.maxsize))

    def subscription_documents(self, shard: Shard) -> Iterator[FeedDocumentTask]:
        """Plan the feed documents that readers subscribe to: a topic's newest articles."""
        for topic in shard.interleaved(self.changed):
            rows = self.index.newest(topic.home, topics.item_limit(topic, self.config))
            full = self.full_archives(topic)
            history = FeedHistory(prev_archive=self._files(topic, full)) if full else None
            yield self._document(topic, topic.home, rows, history)

    def empty_documents(self, empty: Sequence[Topic], shard: Shard) -> Iterator[FeedDocumentTask]:
        """Plan the feeds of topics that show no article, so that readers can subscribe to them.

        Those that had some say what was retracted.
        """
        for topic in shard.interleaved(empty):
            rows = self.index.newest(topic.home, topics.item_limit(topic, self.config))
            yield self._document(topic, topic.home, rows, None)

    def full_pages(self, topic: Topic) -> int:
        """Return how many list pages of a topic are full."""
        return self.index.size(topic.home) // PAGE_SIZE

    def full_archives(self, topic: Topic) -> int:
        """Return how many archives of a topic are full; 0 where it has none."""
        has_archives = topics.has_archives(topic, self.config)
        per = topics.item_limit(topic, self.config)
        return self.index.size(topic.home) // per if has_archives else 0

    # list pages

    def _pages(self, shard: Shard) -> Iterator[ListPage]:
        """Plan list pages one by one; a topic with few pages goes to one process."""
        numbers = {topic: self._numbers(topic, PAGE_SIZE) for topic in self.changed}
        few = [
            topic
            for topic, pages in numbers.items()
            if len(pages) < _MIN_PAGES_PER_SHARD * shard.count
        ]
        shares = {topic: (numbers[topic], True) for topic in shard.interleaved(few)}
        for topic in numbers.keys() - set(few):
            shares[topic] = _share(numbers[topic], shard)
        shard_topics = [topic for topic in numbers if topic in shares]
        numbered = (self._numbered_pages(topic, shares[topic][0]) for topic in shard_topics)
        yield from heapq.merge(*numbered, key=lambda page: max(page.articles, default=sys.maxsize))
        for topic in shard_topics:
            if shares[topic][1]:
                yield self._newest_page(topic)

    def _newest_page(self, topic: Topic) -> ListPage:
        full, open_page = divmod(self.index.size(topic.home), PAGE_SIZE)
        return ListPage(
            topic=topic,
            address=topic.page,
            articles=_shown(self.index.newest(topic.home, open_page + PAGE_SIZE)),
            older=topic.numbered(full - 1) if full > 1 else None,
        )

    def _numbered_pages(self, topic: Topic, numbers: Sequence[int]) -> Iterator[ListPage]:
        """Plan pages by number; there are none until one is full."""
        full = self.full_pages(topic)
        for number, rows in self._numbered_rows(topic, PAGE_SIZE, numbers):
            yield ListPage(
                topic=topic,
                address=topic.numbered(number),
                number=number,
                articles=_shown(rows),
                newer=topic.numbered(number + 1) if number <= full else topic.page,
                older=topic.numbered(number - 1) if number > 1 else None,
            )

    # feeds

    def _archives(self, topic: Topic, shard: Shard) -> Iterator[FeedDocumentTask]:
        """Plan archives of a topic; there are none until one is full."""
        per, full = topics.item_limit(topic, self.config), self.full_archives(topic)
        numbers = shard.contiguous(self._numbers(topic, per))
        for number, rows in self._numbered_rows(topic, per, numbers):
            history = FeedHistory(
                own=self._files(topic, number),
                current=self._files(topic),
                prev_archive=self._files(topic, number - 1) if number > 1 else {},
                next_archive=self._files(topic, number + 1) if number <= full else {},
                archived=number <= full,
            )
            yield self._document(topic, archive_address(topic, number), rows, history)

    def _document(
        self, topic: Topic, folder: str, rows: Sequence[ListRow], history: FeedHistory | None
    ) -> FeedDocumentTask:
        keys = tuple(row.article for row in rows)
        missing = self._missing_of(keys)
        return FeedDocumentTask(
            topic=topic, folder=folder, articles=keys, at=self.at, archive=history, missing=missing
        )

    def _files(self, topic: Topic, number: int | None = None) -> dict[str, str]:
        """Return the URLs of a feed document, or of an archive, by their file names."""
        folder = topic.home if number is None else archive_address(topic, number)
        return {
            writer.file: addresses.absolute(folder + writer.file, self.config)
            for writer in topic_formats(topic, self.config)
        }

    # the articles of pages

    def _numbers(self, topic: Topic, per: int) -> Sequence[int]:
        size = self.index.size(topic.home)
        if size < per:
            return ()
        if self.everything or topic.home not in self.index.changes:
            return range(1, size // per + 2)
        return self.index.changed_pages(topic.home, per)

    def _numbered_rows(
        self, topic: Topic, per: int, numbers: Sequence[int]
    ) -> Iterator[tuple[int, list[ListRow]]]:
        """Iterate over page numbers and their rows, newest first; the last page may be empty."""
        if isinstance(numbers, range):
            first = numbers[0] if numbers else 1
            chunks = self.index.chunks(topic.home, per, first=first)
            yield from ((number, next(chunks, [])) for number in numbers)
        else:
            for number in numbers:
                yield number, self.index.rows(topic.home, (number - 1) * per, number * per)

    def _missing_of(self, keys: Iterable[int]) -> Missing:
        return {key: self.missing[key] for key in keys if key in self.missing}


def archive_address(topic: Topic, number: int) -> str:
    """Return the address of the folder of an archive's formats."""
    return f"{topic.home}archive/{number}/"


def _share(numbers: Sequence[int], shard: Shard) -> tuple[Sequence[int], bool]:
    """Return a process's share of a topic's pages: numbers, and whether it has the newest page.

    The newest page comes after all numbered ones, and repeats the articles of the last two.
    """
    parts = shard.contiguous(range(len(numbers) + 1))
    return numbers[parts[0] : parts[-1] + 1] if parts else (), len(numbers) in parts


def _shown(rows: Sequence[ListRow]) -> tuple[int, ...]:
    return tuple(row.article for row in rows if not row.withdrawn)
