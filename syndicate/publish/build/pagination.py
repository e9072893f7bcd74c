"""Pagination: how the articles of a topic are divided into list pages and feed documents.

Pages are numbered from the oldest article. All but the last are full and don't change
when articles are added.
"""

import heapq
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from syndicate.config import Config
from syndicate.publish.build.tasks import FeedDocumentTask, ListPageTask, Missing, PageBatch
from syndicate.publish.records.topic_index import ListRow, TopicIndex
from syndicate.render import addresses, topics
from syndicate.render.feeds.formats import topic_formats
from syndicate.render.feeds.history import FeedHistory
from syndicate.render.topics import Topic
from syndicate.workers.pool import Shard

PAGE_SIZE = 30
"""Articles of a list page."""
_BATCH_SIZE = 8
"""Pages of one task."""
_MIN_PAGES_PER_SHARD = 2
"""A topic with fewer pages goes to one process, since sharing them would be uneven."""


@dataclass(frozen=True, slots=True, kw_only=True)
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
    everything: bool
    """Whether to plan all pages, and not only those that changed."""
    missing: Missing = field(default_factory=dict)

    def pages(self, shard: Shard) -> Iterator[PageBatch]:
        """Plan list pages in batches, those with the newest articles last."""
        pages = self._pages(shard)
        while batch := tuple(islice(pages, _BATCH_SIZE)):
            keys = (key for page in batch for key in page.articles)
            yield PageBatch(pages=batch, at=self.at, missing=self._missing_of(keys))

    def _pages(self, shard: Shard) -> Iterator[ListPageTask]:
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
        numbered = (pages(self.index, topic, shares[topic][0]) for topic in shard_topics)
        yield from heapq.merge(*numbered, key=lambda page: max(page.articles, default=sys.maxsize))
        for topic in shard_topics:
            if shares[topic][1]:
                yield newest_page(self.index, topic)

    def archives(self, shard: Shard) -> Iterator[FeedDocumentTask]:
        """Plan the archives of feeds (RFC 5005)."""
        archived = (
            archive_documents(
                self.index,
                topic,
                self.config,
                shard.contiguous(self._numbers(topic, topics.item_limit(topic, self.config))),
            )
            for topic in self.changed
            if topics.has_archives(topic, self.config)
        )
        merged = heapq.merge(*archived, key=lambda task: max(task.articles, default=sys.maxsize))
        return map(self._with_missing, merged)

    def subscription_documents(self, shard: Shard) -> Iterator[FeedDocumentTask]:
        """Plan the feed documents that readers subscribe to."""
        documents = (
            subscription_document(self.index, topic, self.config)
            for topic in shard.interleaved(self.changed)
        )
        return map(self._with_missing, documents)

    def _with_missing(self, document: FeedDocumentTask) -> FeedDocumentTask:
        missing = self._missing_of(document.articles)
        return replace(document, missing=missing) if missing else document

    def _missing_of(self, keys: Iterable[int]) -> Missing:
        if not self.missing:
            return {}
        return {key: self.missing[key] for key in keys if key in self.missing}

    def _numbers(self, topic: Topic, per: int) -> Sequence[int]:
        size = self.index.size(topic.home)
        if size < per:
            return ()
        if self.everything or topic.home not in self.index.changes:
            return range(1, size // per + 2)
        return self.index.changed_pages(topic.home, per)


def newest_page(index: TopicIndex, topic: Topic) -> ListPageTask:
    """Return the list page with the newest articles of a topic."""
    size = index.size(topic.home)
    full = size // PAGE_SIZE
    return ListPageTask(
        topic=topic,
        address=topic.page,
        number=None,
        articles=_shown(index.rows(topic.home, max(full - 1, 0) * PAGE_SIZE, size)),
        older=topic.numbered(full - 1) if full > 1 else None,
    )


def pages(index: TopicIndex, topic: Topic, numbers: Sequence[int]) -> Iterator[ListPageTask]:
    """Return list pages of a topic by number; there are none until one is full."""
    full = index.size(topic.home) // PAGE_SIZE
    for number, rows in _numbered_rows(index, topic, PAGE_SIZE, numbers):
        yield ListPageTask(
            topic=topic,
            address=topic.numbered(number),
            number=number,
            articles=_shown(rows),
            newer=topic.numbered(number + 1) if number <= full else topic.page,
            older=topic.numbered(number - 1) if number > 1 else None,
        )


def subscription_document(index: TopicIndex, topic: Topic, config: Config) -> FeedDocumentTask:
    """Return the feed document with the newest articles of a topic."""
    size, per = index.size(topic.home), topics.item_limit(topic, config)
    rows = index.rows(topic.home, max(size - per, 0), size)
    full = size // per if topics.has_archives(topic, config) else 0
    return FeedDocumentTask(
        topic=topic,
        folder=topic.home,
        articles=tuple(row.article for row in reversed(rows)),
        archive=FeedHistory(prev_archive=_documents(topic, config, full)) if full else None,
    )


def archive_documents(
    index: TopicIndex, topic: Topic, config: Config, numbers: Sequence[int]
) -> Iterator[FeedDocumentTask]:
    """Return archives of a topic by number; there are none until one is full."""
    per = topics.item_limit(topic, config)
    full = index.size(topic.home) // per
    for number, rows in _numbered_rows(index, topic, per, numbers):
        yield FeedDocumentTask(
            topic=topic,
            folder=archive_address(topic, number),
            articles=tuple(row.article for row in reversed(rows)),
            archive=FeedHistory(
                own=_documents(topic, config, number),
                current=_documents(topic, config),
                prev_archive=_documents(topic, config, number - 1) if number > 1 else {},
                next_archive=_documents(topic, config, number + 1) if number <= full else {},
                archived=number <= full,
            ),
        )


def archive_address(topic: Topic, number: int) -> str:
    """Return the address of the folder of an archive's formats."""
    return f"{topic.home}archive/{number}/"


def _numbered_rows(
    index: TopicIndex, topic: Topic, per: int, numbers: Sequence[int]
) -> Iterator[tuple[int, list[ListRow]]]:
    """Iterate over page numbers and their rows; the last page may be empty."""
    if not isinstance(numbers, range):
        for number in numbers:
            yield number, index.rows(topic.home, (number - 1) * per, number * per)
    elif numbers:
        chunks = index.chunks(topic.home, per, first=numbers[0])
        yield from ((number, next(chunks, [])) for number in numbers)


def _share(numbers: Sequence[int], shard: Shard) -> tuple[Sequence[int], bool]:
    """Return a process's share of a topic's pages: numbers, and whether it has the newest page.

    The newest page comes after all numbered ones, and repeats the articles of the last two.
    """
    parts = shard.contiguous(range(len(numbers) + 1))
    return numbers[parts[0] : parts[-1] + 1] if parts else (), len(numbers) in parts


def _shown(rows: list[ListRow]) -> tuple[int, ...]:
    return tuple(row.article for row in reversed(rows) if not row.withdrawn)


def _documents(topic: Topic, config: Config, number: int | None = None) -> dict[str, str]:
    folder = topic.home if number is None else archive_address(topic, number)
    return {
        writer.file: addresses.absolute(folder + writer.file, config)
        for writer in topic_formats(topic, config)
    }
