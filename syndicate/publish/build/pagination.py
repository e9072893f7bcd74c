"""The layout of a topic: how its places are divided into pages and documents.

Pages count from the oldest place and are full but for the last, which is open: it
grows until it is full, and the next begins. What is full stays as it is.
"""

import heapq
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from syndicate.config import Config
from syndicate.publish.build.tasks import FeedDocumentTask, ListPageTask, Missing, PageBatch
from syndicate.publish.build.topic_index import ListRow, TopicIndex
from syndicate.render import addresses, topics
from syndicate.render.feeds import FeedHistory, topic_formats
from syndicate.render.topics import Topic
from syndicate.workers.pool import Shard

STORIES = 30
"""How many places a page of a list has."""
_HANDFUL = 8
"""Pages of one task."""
_FEW = 2
"""Of so many pages a lane, a topic's are shared out; fewer would not come out even."""


class BuildPlan:
    """What is to be made of some topics, as lanes of processes that work side by side.

    A lane has a stretch of time: the pages or archives there of all topics, oldest
    first, so that an article is told once and remembered for all that carry it.
    """

    def __init__(
        self,
        lists: TopicIndex,
        config: Config,
        changed: Sequence[Topic],
        *,
        at: datetime,
        anew: bool,
        missing: Missing | None = None,
    ) -> None:
        """Plan for topics that changed; with `anew`, for all of their parts."""
        self._lists = lists
        self._config = config
        self._changed = changed
        self._at = at
        self._anew = anew
        self._missing = missing or {}

    def pages(self, lane: Shard) -> Iterator[PageBatch]:
        """Plan the pages of lists, some at a time, those with the newest last."""
        left = self._pages(lane)
        while some := tuple(islice(left, _HANDFUL)):
            keys = (key for page in some for key in page.articles)
            yield PageBatch(pages=some, at=self._at, missing=self._missing_of(keys))

    def _pages(self, lane: Shard) -> Iterator[ListPageTask]:
        """Plan the pages of lists one by one; topics of few pages take turns."""
        numbers = {topic: self._numbers(topic, STORIES) for topic in self._changed}
        few = [topic for topic, found in numbers.items() if len(found) < _FEW * lane.count]
        shares = {topic: (numbers[topic], True) for topic in lane.interleaved(few)}
        for topic in numbers.keys() - set(few):
            shares[topic] = _share(numbers[topic], lane)
        ours = [topic for topic in numbers if topic in shares]
        numbered = (pages(self._lists, topic, shares[topic][0]) for topic in ours)
        yield from heapq.merge(*numbered, key=lambda page: max(page.articles, default=sys.maxsize))
        for topic in ours:
            if shares[topic][1]:
                yield first_page(self._lists, topic)

    def archives(self, lane: Shard) -> Iterator[FeedDocumentTask]:
        """Plan the archives of feeds."""
        archived = (
            archives(
                self._lists,
                topic,
                self._config,
                lane.contiguous(self._numbers(topic, topics.item_limit(topic, self._config))),
            )
            for topic in self._changed
            if topics.has_archives(topic, self._config)
        )
        merged = heapq.merge(*archived, key=lambda one: max(one.rows, default=sys.maxsize))
        return map(self._with_missing, merged)

    def newest(self, lane: Shard) -> Iterator[FeedDocumentTask]:
        """Plan the documents that readers follow."""
        documents = (
            newest(self._lists, topic, self._config) for topic in lane.interleaved(self._changed)
        )
        return map(self._with_missing, documents)

    def _with_missing(self, document: FeedDocumentTask) -> FeedDocumentTask:
        missing = self._missing_of(document.rows)
        return replace(document, missing=missing) if missing else document

    def _missing_of(self, keys: Iterable[int]) -> Missing:
        if not self._missing:
            return {}
        return {key: self._missing[key] for key in keys if key in self._missing}

    def _numbers(self, topic: Topic, per: int) -> Sequence[int]:
        """Return which parts of a topic are to be made, where each has so many places."""
        size = self._lists.size(topic.home)
        if size < per:
            return ()
        if self._anew or topic.home not in self._lists.changes:
            return range(1, size // per + 2)
        return self._lists.dirty(topic.home, per)


def first_page(lists: TopicIndex, topic: Topic) -> ListPageTask:
    """Lay out the page of a topic's list with the newest."""
    size = lists.size(topic.home)
    full = size // STORIES
    return ListPageTask(
        topic=topic,
        address=topic.page,
        number=None,
        articles=_shown(lists.rows(topic.home, max(full - 1, 0) * STORIES, size)),
        older=topic.numbered(full - 1) if full > 1 else None,
    )


def pages(lists: TopicIndex, topic: Topic, numbers: Sequence[int]) -> Iterator[ListPageTask]:
    """Lay out pages of a topic's list by their numbers, which it has once one is full."""
    full = lists.size(topic.home) // STORIES
    for number, rows in _parts(lists, topic, STORIES, numbers):
        yield ListPageTask(
            topic=topic,
            address=topic.numbered(number),
            number=number,
            articles=_shown(rows),
            newer=topic.numbered(number + 1) if number <= full else topic.page,
            older=topic.numbered(number - 1) if number > 1 else None,
        )


def newest(lists: TopicIndex, topic: Topic, config: Config) -> FeedDocumentTask:
    """Lay out the document that readers follow: the newest articles of a topic."""
    size, per = lists.size(topic.home), topics.item_limit(topic, config)
    rows = lists.rows(topic.home, max(size - per, 0), size)
    full = size // per if topics.has_archives(topic, config) else 0
    return FeedDocumentTask(
        topic=topic,
        folder=topic.home,
        rows=tuple(row.article for row in reversed(rows)),
        archive=FeedHistory(prev_archive=_documents(topic, config, full)) if full else None,
    )


def archives(
    lists: TopicIndex, topic: Topic, config: Config, numbers: Sequence[int]
) -> Iterator[FeedDocumentTask]:
    """Lay out a topic's archives (RFC 5005) by their numbers, which it has once one is full."""
    per = topics.item_limit(topic, config)
    full = lists.size(topic.home) // per
    for number, rows in _parts(lists, topic, per, numbers):
        yield FeedDocumentTask(
            topic=topic,
            folder=archive(topic, number),
            rows=tuple(row.article for row in reversed(rows)),
            archive=FeedHistory(
                own=_documents(topic, config, number),
                current=_documents(topic, config),
                prev_archive=_documents(topic, config, number - 1) if number > 1 else {},
                next_archive=_documents(topic, config, number + 1) if number <= full else {},
                archived=number <= full,
            ),
        )


def archive(topic: Topic, number: int) -> str:
    """Return the address that one archive's formats lie at."""
    return f"{topic.home}archive/{number}/"


def _parts(
    lists: TopicIndex, topic: Topic, per: int, numbers: Sequence[int]
) -> Iterator[tuple[int, list[ListRow]]]:
    """Iterate over numbers and places of parts; the last one of a topic may be empty."""
    if not isinstance(numbers, range):
        for number in numbers:
            yield number, lists.rows(topic.home, (number - 1) * per, number * per)
    elif numbers:
        chunks = lists.chunks(topic.home, per, first=numbers[0])
        yield from ((number, next(chunks, [])) for number in numbers)


def _share(numbers: Sequence[int], lane: Shard) -> tuple[Sequence[int], bool]:
    """Return a lane's share of a topic's pages: numbers, and whether it has the newest's, too.

    That comes after all numbered ones, and repeats what the last of them hold.
    """
    parts = lane.contiguous(range(len(numbers) + 1))
    return numbers[parts[0] : parts[-1] + 1] if parts else (), len(numbers) in parts


def _shown(rows: list[ListRow]) -> tuple[int, ...]:
    return tuple(row.article for row in reversed(rows) if not row.withdrawn)


def _documents(topic: Topic, config: Config, number: int | None = None) -> dict[str, str]:
    folder = topic.home if number is None else archive(topic, number)
    return {
        each.file: addresses.absolute(folder + each.file, config)
        for each in topic_formats(topic, config)
    }
